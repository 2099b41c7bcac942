// The customer's estimate: one tap for everything, and a word to the server that it is really on a screen.
// (A mail scanner that only fetches the address runs none of this.)
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-choose-all]");
  if (!button) return;
  const form = button.closest("form");
  const wanted = form.querySelectorAll(`input[type="radio"][value="${button.dataset.chooseAll}"]`);
  wanted.forEach((input) => {
    input.checked = true;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  form.querySelector("[name=signed_name]")?.scrollIntoView({ block: "center" });
});

const seen = document.querySelector("form[data-seen]");
if (seen) {
  const tell = () => {
    if (document.visibilityState !== "visible") return;
    document.removeEventListener("visibilitychange", tell);
    fetch(seen.action, { method: "POST", body: new FormData(seen), redirect: "manual" }).catch(() => {});
  };
  document.addEventListener("visibilitychange", tell);
  tell();
}
