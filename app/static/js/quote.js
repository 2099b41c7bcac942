// A parts shop's quote: Ctrl+Enter (Cmd+Enter) sends it from any of its fields, by the button that sends.
//   <form data-ctrl-enter> … <button type="submit" class="btn-accent">
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form[data-ctrl-enter]");
  if (!form || event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
  event.preventDefault();
  form.querySelector("button.btn-accent[type=submit]").click();
});
