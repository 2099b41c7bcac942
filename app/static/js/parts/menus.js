// <details> menus close on Escape and on a click elsewhere; links with data-opens show their dialog.
document.addEventListener("click", (event) => {
  for (const drop of document.querySelectorAll("details[data-drop][open]")) {
    if (!drop.contains(event.target)) drop.open = false;
  }
  const opener = event.target.closest?.("[data-opens]");
  const dialog = opener && document.getElementById(opener.dataset.opens);
  if (dialog?.showModal && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    dialog.showModal();
  }
  const copier = event.target.closest?.("[data-copy]");
  if (copier) {
    event.preventDefault();
    navigator.clipboard?.writeText(copier.dataset.copy).then(() => { copier.textContent = copier.dataset.copied ?? "✓"; });
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const drop = document.activeElement?.closest("details[data-drop][open]");
  if (drop) {
    drop.open = false;
    drop.querySelector("summary").focus();
  }
});
// A panel that lies over the board and would end below its edge lies over its card instead; nothing else moves.
document.addEventListener("toggle", (event) => {
  const panel = event.target.open && event.target.querySelector(".move-panel");
  if (!panel) return;
  const edge = panel.closest(".board-frame").getBoundingClientRect().bottom;
  panel.classList.toggle("above", panel.getBoundingClientRect().bottom > Math.min(edge, innerHeight));
  panel.scrollIntoView({ block: "nearest", inline: "nearest" });
}, true);
// A question that came as an answer (<dialog data-asks>) is shown at once, and is over when it is answered.
document.addEventListener("htmx:after:swap", () => {
  const asked = [...document.querySelectorAll("dialog[data-asks]")];
  const last = asked.pop();
  asked.forEach((dialog) => dialog.remove());
  if (last && !last.dataset.shown) {
    last.dataset.shown = "yes";
    last.showModal();
  }
});
document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.response) ctx.sourceElement.closest?.("dialog[data-asks]")?.close();
});
// A choice that decides what the page shows sends its form at once; without JavaScript there is the button.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-sends-itself]");
  if (form) form.requestSubmit();
});
