// A conversation: Ctrl or Cmd with Enter sends, and after sending one goes on writing.
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form[data-chat]");
  if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});
document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = event.detail;
  if (!ctx.sourceElement?.matches?.("form[data-chat]") || ctx.response?.status >= 400) return;
  const field = document.querySelector("form[data-chat] textarea");
  field?.focus({ preventScroll: true });
  field?.closest("form").scrollIntoView({ block: "nearest" });
});
