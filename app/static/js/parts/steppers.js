// Minus and plus beside a number: steppers for gloves. The field itself stays an ordinary number field.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-stepper] [data-step]");
  if (!button) return;
  const input = button.closest("[data-stepper]").querySelector("input");
  const size = Number(input.dataset.size || input.step) || 1;
  const digits = Math.max(...[size, input.value].map((shown) => (String(shown).split(".")[1] ?? "").length));
  const now = Number(input.value || input.min || 0);
  let next = now + size * Number(button.dataset.step);
  if (input.min !== "") next = Math.max(next, Number(input.min));
  if (input.max !== "") next = Math.min(next, Number(input.max));
  input.value = next.toFixed(digits);
  // A field in focus is left alone when an answer comes back, so quick taps do not lose one another. The screen's
  // keyboard stays away until the field itself is touched; a tap by key (detail 0) keeps its place on the button.
  if (event.detail) {
    input.inputMode = "none";
    input.focus({ preventScroll: true });
  }
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
});
document.addEventListener("pointerdown", (event) => {
  if (event.target.matches?.("[data-stepper] input")) event.target.inputMode = "decimal";
});
