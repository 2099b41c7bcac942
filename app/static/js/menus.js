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
// A choice that decides what the page shows sends its form at once; without JavaScript there is the button.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-sends-itself]");
  if (form) form.requestSubmit();
});
