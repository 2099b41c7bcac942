// A region that is drawn anew (a live event, the answer to a form beside it) leaves alone what somebody is typing:
// the form keeps its text, its focus and the version it was shown with, so that the server can say when that is no
// longer so. Panels opened or closed by hand stay that way. Only morphing swaps can do this.
import { toast } from "./toasts.js";
import { differs } from "./unsent.js";

const SKIP = "hx-morph-skip"; // htmx's own mark
const turned = new WeakSet(); // panels opened or closed by hand
const refused = new WeakSet(); // forms told that something has changed: sent again they mean it

const senderOf = (ctx) => ((ctx.request?.method ?? "GET").toUpperCase() === "GET" ? null : ctx.sourceElement?.closest?.("form"));
const isTyped = (form) => form.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
const isHeld = (form) => form.getAttribute("method") === "post" && !form.hasAttribute("data-resend") && (isTyped(form) || [...form.elements].some(differs));
const versions = (form) => [...form.querySelectorAll("input[type=hidden][name=version], input[type=hidden][name=revision]")];
// What a form is about: the order, the job, the car its action names. Versions of two of them may be equal by chance.
const subject = (form) => form.getAttribute("action")?.match(/^\/[^/?]+\/[^/?]+/)?.[0];
const twin = (form, fragment) => [...fragment.querySelectorAll("form")].find((other) => other.getAttribute("action") === form.getAttribute("action"));

function renew(form, fresh) {
  for (const field of versions(form)) field.value = fresh.querySelector(`input[name=${field.name}]`)?.value ?? field.value;
}
// A choice nobody made follows the server; the browser would keep the one it last showed.
function follow(field) {
  if (field instanceof HTMLSelectElement) {
    const chosen = [...field.options].findIndex((option) => option.defaultSelected);
    field.selectedIndex = Math.max(chosen, 0);
  } else field.checked = field.defaultChecked;
}

document.addEventListener("click", (event) => {
  const panel = event.target.closest?.("summary")?.parentElement;
  if (panel instanceof HTMLDetailsElement) turned.add(panel);
});

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail;
  const sender = senderOf(ctx);
  const isDone = sender && (ctx.response?.status ?? 0) < 400;
  if (isDone) refused.delete(sender);
  const after = [];
  for (const { target, fragment, swapSpec } of tasks) {
    if (!(target instanceof Element) || !/morph/i.test(swapSpec?.style ?? "")) continue;
    for (const form of target.querySelectorAll("form")) {
      if (form !== sender && isHeld(form)) {
        const fresh = twin(form, fragment);
        if (!fresh && ctx.sourceElement === target) {
          // The form is no longer offered. Sent, it is refused with the reason; drawn anew, its text were lost.
          event.preventDefault();
          if (!refused.has(form)) toast(document.getElementById("toasts").dataset.held, "wait");
          refused.add(form);
          return;
        }
        const [own] = versions(form);
        const isOwnChange = isDone && own && subject(form) === subject(sender) && own.value === sender.querySelector(`[name=${own.name}]`)?.value;
        if (fresh && (isOwnChange || refused.delete(form))) renew(form, fresh);
        form.setAttribute(SKIP, "");
        after.push(() => form.removeAttribute(SKIP));
      } else if (form === sender) {
        if (isDone && !form.hasAttribute("data-resend")) after.push(() => form.reset());
      } else {
        const idle = [...form.elements].filter((field) => field.matches("select, [type=checkbox], [type=radio]"));
        after.push(() => idle.forEach(follow));
      }
    }
    for (const panel of target.querySelectorAll("details")) {
      if (!turned.has(panel)) continue;
      if (sender && panel.contains(sender)) turned.delete(panel);
      else {
        const { open } = panel;
        after.push(() => { panel.open = open; });
      }
    }
  }
  ctx.afterMorph = after;
});
document.addEventListener("htmx:after:swap", (event) => {
  event.detail.ctx.afterMorph?.forEach((mend) => mend());
});
// Refused because somebody was quicker: the region is looked at again, the text stays, and sending it again is meant.
document.addEventListener("htmx:response:error", (event) => {
  const { ctx } = event.detail;
  const form = senderOf(ctx);
  if (!form || ctx.response.status !== 409) return;
  refused.add(form);
  const region = form.closest("[hx-trigger*='from:#live']");
  const [, name] = region?.getAttribute("hx-trigger").match(/(\S+) from:#live/) ?? [];
  if (name) document.getElementById("live")?.dispatchEvent(new CustomEvent(name));
});
