// Passkeys with the browser's own JSON methods (WebAuthn Level 3). A form asks for a challenge, the device signs it,
// and the form is sent with the answer in its hidden field. Where the browser cannot, the form stays hidden.
const can =
  window.PublicKeyCredential?.parseCreationOptionsFromJSON &&
  PublicKeyCredential.parseRequestOptionsFromJSON &&
  PublicKeyCredential.prototype.toJSON;

const RENEWED_MS = 4 * 60 * 1000; // a challenge lives for five minutes
let waiting = null; // the browser takes one question at a time
let isChosen = false;

async function ask(form, mediation) {
  waiting?.abort();
  waiting = new AbortController();
  const { signal } = waiting;
  const answer = await fetch(form.dataset.challenge, { method: "POST", body: new URLSearchParams(new FormData(form)), signal });
  if (!answer.ok || answer.redirected) throw new Error(`challenge: ${answer.status}`);
  const options = await answer.json();
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options), signal })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options), mediation, signal });
  form.elements.credential.value = JSON.stringify(credential.toJSON());
  form.submit();
}

if (can) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const failed = form.querySelector("[data-passkey-failed]");
    const there = form.querySelector("[data-passkey-there]");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      isChosen = true;
      failed.hidden = true;
      if (there) there.hidden = true;
      try {
        await ask(form);
      } catch (error) {
        const isThere = Boolean(there) && error.name === "InvalidStateError"; // one of those it was told to leave out
        if (isThere) there.hidden = false;
        failed.hidden = isThere || error.name === "AbortError";
      }
    });
  }
  document.querySelector("[data-without-passkeys]")?.remove();
  // The browser offers a passkey in the list of the field for the email address, if it has one.
  const offering = document.querySelector("form[data-passkey-offered]");
  if (offering && (await PublicKeyCredential.isConditionalMediationAvailable?.())) {
    const offer = () => isChosen || ask(offering, "conditional").catch(() => {});
    offer();
    setInterval(offer, RENEWED_MS);
  }
}
