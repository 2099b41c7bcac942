// A field that is being mended loses its error, and the list of what to mend its line; the server looks again.
function mended(event) {
  // A question with a choice to make is answered by choosing, not by what is written beside it.
  const group = event.target.closest?.(event.target.type === "radio" ? "fieldset[id]" : "fieldset.field");
  for (const field of [event.target, group]) {
    const wrong = field?.id && document.getElementById(`${field.id}-error`);
    if (!wrong) continue;
    wrong.remove();
    field.removeAttribute("aria-invalid");
    if (field === group) field.querySelectorAll("[type=radio]").forEach((choice) => choice.removeAttribute("aria-invalid"));
    const left = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== `${field.id}-error`);
    if (left.length) field.setAttribute("aria-describedby", left.join(" "));
    else field.removeAttribute("aria-describedby");
    strike(field.id);
  }
}

function strike(id) {
  const line = [...document.querySelectorAll("[data-error-summary] li a")].find((link) => link.hash === `#${id}`)?.closest("li");
  const summary = line?.closest("[data-error-summary]");
  if (!summary) return;
  line.remove();
  const left = summary.querySelectorAll("li").length;
  const heading = summary.querySelector("h2");
  if (!left) summary.remove();
  else heading.textContent = left === 1 ? summary.dataset.one : heading.textContent.replace(/\p{Nd}+/u, String(left));
}

// "It is right all the same" is said of one figure: corrected, the tick goes.
function unsaid(event) {
  document.querySelectorAll(`input[data-holds-for="${CSS.escape(event.target.id ?? "")}"]`).forEach((tick) => {
    if (tick.value === event.target.value) return;
    tick.checked = false;
    tick.closest(".field").hidden = true;
  });
}

document.addEventListener("input", mended);
document.addEventListener("input", unsaid);
document.addEventListener("change", mended);

// Only the browser knows the clock its reader lives by; without it times would be told in UTC.
for (const field of document.querySelectorAll("input[data-time-zone]")) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || field.value;
}
