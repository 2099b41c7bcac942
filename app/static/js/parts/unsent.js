// What was tapped while the network was gone stays on the page, says so, and is sent when the network is back.
// A form that did not reach the server carries data-unsent until a later request of it is answered. One with
// data-resend (the same twice is the same once) sends itself again; the others wait for a tap.
import { toast } from "./toasts.js";

const unsent = new Map(); // form -> the button that sent it
const onWay = new Set();
const waiting = new Set(); // what the stream rang while a region was held back
let told = null;

const words = () => document.getElementById("toasts")?.dataset ?? {};
const formOf = (ctx) => ctx?.sourceElement?.closest?.("form");
const isSafe = (ctx) => (ctx?.request?.method ?? "GET").toUpperCase() === "GET";

export const hasUnsent = () => unsent.size > 0;

// Typed or chosen, and not what the page came with.
export function differs(field) {
  if (field.type === "hidden" || field.disabled) return false;
  if (field instanceof HTMLSelectElement) {
    const came = [...field.options].some((option) => option.defaultSelected);
    return came ? [...field.options].some((option) => option.selected !== option.defaultSelected) : field.selectedIndex > 0;
  }
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.type === "file") return field.files.length > 0;
  return "defaultValue" in field && field.value !== field.defaultValue;
}
export function hasUnsaved() {
  return hasUnsent() || [...document.querySelectorAll("form")].some((form) => form.getAttribute("method") === "post" && [...form.elements].some(differs));
}

function mark(form, button) {
  form.dataset.unsent = words().unsentMark ?? "";
  if (button?.isConnected) button.dataset.tapped = "";
}
function unmark(form) {
  delete form.dataset.unsent;
  form.querySelectorAll("[data-tapped]").forEach((button) => { delete button.dataset.tapped; });
}

function keep(form, button, text) {
  unmark(form);
  unsent.delete(form);
  unsent.set(form, button ?? null);
  mark(form, button);
  told?.remove();
  told = toast(text ?? (form.hasAttribute("data-resend") ? words().unsentGoes : words().unsentWaits), "stop");
}

function drop(form) {
  if (!unsent.delete(form)) return;
  unmark(form);
  if (unsent.size) return;
  told?.remove();
  told = null;
  toast(words().sent, "go");
  const live = document.getElementById("live");
  waiting.forEach((name) => live?.dispatchEvent(new CustomEvent(name)));
  waiting.clear();
}

export function resend() {
  for (const [form, button] of unsent) {
    if (!form.isConnected) unsent.delete(form);
    else if (form.hasAttribute("data-resend") && !onWay.has(form)) form.requestSubmit(button?.isConnected ? button : null);
  }
}

// What has been typed or tapped and not sent, as something that can be kept; photos cannot.
const isTyped = (field) => field.name && !["hidden", "file", "password"].includes(field.type) && field.tagName !== "BUTTON";
// With the version it was typed on: if that is no longer so, the server must be able to say it.
const isKept = (field) => isTyped(field) || (field.type === "hidden" && ["version", "revision"].includes(field.name));
const isChosen = (field) => field.type === "checkbox" || field.type === "radio";
const formsTo = (action) => [...document.querySelectorAll("form")].filter((form) => form.getAttribute("method") === "post" && form.getAttribute("action") === action);
export function take() {
  const changed = [...document.querySelectorAll("form")].filter((form) => form.getAttribute("method") === "post" && (unsent.has(form)
    || [...form.elements].some((field) => isTyped(field) && differs(field))));
  const taken = changed.map((form) => ({
    action: form.getAttribute("action"),
    nth: formsTo(form.getAttribute("action")).indexOf(form),
    page: location.pathname + location.search,
    fields: [...form.elements].filter(isKept).map((field) => [field.name, field.value, isChosen(field) ? field.checked : null]),
    tapped: unsent.has(form) ? [unsent.get(form)?.name ?? "", unsent.get(form)?.value ?? ""] : null,
  }));
  unsent.clear();
  return taken;
}
// Put it back into its form; false when that is not on this page.
export function give(one) {
  const form = formsTo(one.action)[one.nth];
  if (!form) return false;
  for (const [name, value, chosen] of one.fields) {
    const field = [...form.elements].find((each) => isKept(each) && each.name === name && (chosen === null || each.value === value));
    if (!field) continue;
    if (chosen === null) field.value = value;
    else field.checked = chosen;
    field.closest("details")?.setAttribute("open", "");
  }
  if (one.tapped) {
    const button = [...form.querySelectorAll("button")].find((each) => each.name === one.tapped[0] && each.value === one.tapped[1]);
    keep(form, button, words().unsentBack);
    resend();
  } else {
    toast(words().unsentBack, "wait");
  }
  return true;
}

// A region that holds something unsent is not fetched anew: the answer would wipe it.
document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = event.detail;
  const form = formOf(ctx);
  if (!isSafe(ctx)) {
    if (form) onWay.add(form);
    return;
  }
  const target = ctx.target instanceof Element ? ctx.target : ctx.sourceElement;
  if (![...unsent.keys()].some((held) => target?.contains(held))) return;
  event.preventDefault();
  if (ctx.sourceEvent?.type) waiting.add(ctx.sourceEvent.type);
});
document.addEventListener("htmx:finally:request", (event) => {
  const { ctx } = event.detail;
  const form = formOf(ctx);
  if (form && !isSafe(ctx)) onWay.delete(form);
});
document.addEventListener("htmx:error", (event) => {
  const { ctx } = event.detail;
  const form = formOf(ctx);
  if (form && !ctx.response && !isSafe(ctx)) keep(form, ctx.sourceEvent?.submitter ?? unsent.get(form));
});
document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  const form = formOf(ctx);
  const status = ctx.response?.status ?? 0;
  if (status >= 500 || status === 401) return;
  if (form && !isSafe(ctx)) drop(form);
  resend();
});
// An answer that redraws a form beside it takes the mark away, but not what is unsent.
document.addEventListener("htmx:after:swap", () => {
  for (const [form, button] of unsent) if (form.isConnected) mark(form, button);
});
document.addEventListener("htmx:sse:after:connection", resend);
window.addEventListener("online", resend);
// A form the browser sends by itself: not without a network, where its page would be gone with what was typed, and once.
const gone = new Set();
window.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
  if (!navigator.onLine) {
    event.preventDefault();
    keep(form, event.submitter, words().unsentWaits);
  } else if (gone.has(form)) {
    event.preventDefault();
  } else {
    gone.add(form);
    setTimeout(() => gone.delete(form), 8000);
    unsent.delete(form);
  }
});
window.addEventListener("pageshow", () => gone.clear());
// A form with data-unsaved-asks holds edits that sending another form, or a link, would lose: the browser asks first.
let sending = null;
document.addEventListener("submit", (event) => {
  sending = event.target;
  setTimeout(() => { sending = null; }, 0);
}, { capture: true });
window.addEventListener("beforeunload", (event) => {
  const edited = [...document.querySelectorAll("form[data-unsaved-asks]")].some((form) => form !== sending && [...form.elements].some(differs));
  if (edited || [...unsent.keys()].some((form) => form.isConnected)) event.preventDefault();
});
