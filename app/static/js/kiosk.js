// The workshop's tablet: its number pad, changing out when nobody touches it, and what a technician had typed and not
// sent. That is kept for them alone, by their id, until they change in again.
import { take, give } from "./parts/unsent.js";

const pad = document.querySelector("[data-pad]");
pad?.addEventListener("click", (event) => {
  const key = event.target.closest("[name=key]");
  if (!key) return;
  event.preventDefault();
  const field = pad.elements.pin;
  field.value = key.value === "back" ? field.value.slice(0, -1) : (field.value + key.value).slice(0, field.maxLength);
});

const leaving = document.getElementById("kiosk-away");
if (leaving) {
  const { person, idleSeconds } = leaving.dataset;
  const cover = document.getElementById("kiosk-cover");
  const name = `unsent:${person}`;
  const kept = () => JSON.parse(localStorage.getItem(name) ?? "[]");
  const keep = (all) => (all.length ? localStorage.setItem(name, JSON.stringify(all)) : localStorage.removeItem(name));

  // Whoever comes back finds what they had not sent: here when its form is on this page, else by a link to its page.
  const restore = () => {
    const before = kept();
    if (!before.length) return;
    const rest = before.filter((one) => !give(one));
    keep(rest);
    const link = document.getElementById("kiosk-unsent");
    if (!link) return;
    link.hidden = !rest.length;
    if (rest.length) link.href = rest[0].page;
  };
  restore();
  document.addEventListener("htmx:after:swap", restore);

  let touched = Date.now();
  let told = Date.now();
  let isLeaving = false;
  const touch = () => {
    if (isLeaving) return;
    touched = Date.now();
    if (touched - told < 20000) return;
    told = touched;
    const said = new FormData(leaving);
    fetch("/kiosk/awake", { method: "POST", body: said }).catch(() => {});
  };
  for (const kind of ["pointerdown", "keydown", "scroll"]) document.addEventListener(kind, touch, { capture: true, passive: true });

  // Nothing of theirs stays on the glass, whether the network is there or not.
  async function leave() {
    if (!isLeaving) {
      isLeaving = true;
      const taken = take();
      const again = new Set(taken.map((one) => one.action));
      keep([...kept().filter((one) => !again.has(one.action)), ...taken]);
      document.querySelector("main").replaceChildren();
      cover.addEventListener("cancel", (event) => event.preventDefault());
      cover.showModal();
    }
    try {
      const answer = await fetch(leaving.action, { method: "POST", body: new FormData(leaving), redirect: "manual" });
      // Refused: the next one has changed in already, in another window, and stays.
      if (answer.status >= 500) throw new Error("not carried out");
      location.replace("/kiosk");
    } catch {
      cover.querySelector("[data-no-network]").hidden = false;
      setTimeout(leave, 3000);
    }
  }
  leaving.addEventListener("submit", (event) => {
    event.preventDefault();
    leave();
  });
  setInterval(() => { if (!isLeaving && Date.now() - touched > idleSeconds * 1000) leave(); }, 1000);
  // A page brought back from memory may be the one before's.
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  // The session is over: by the owner, or by the next one in another window.
  const over = (status) => { if ((status === 401 || status === 403) && !isLeaving) leave(); };
  document.addEventListener("htmx:sse:error", (event) => over(event.detail.status));
  document.addEventListener("htmx:response:error", ({ detail }) => { if (detail.ctx.response.status === 401) over(401); });
}
