// Every page: toasts, errors of htmx, menus, dialogs, being offline or signed out, the service worker.
import { toast } from "./parts/toasts.js";
import { hasUnsent, resend } from "./parts/unsent.js";
import "./parts/fields.js";
import "./parts/install.js";
import "./parts/menus.js";
import "./parts/push.js";
import "./parts/steppers.js";
import "./parts/typing.js";
import "./parts/updates.js";

document.documentElement.classList.add("js");

// htmx swaps error answers into the target by default: a refused move would replace the board by its
// refusal. A form's own 422 stays where it is; everything else becomes a message beside the page.
document.addEventListener("htmx:response:error", (event) => {
  const { ctx } = event.detail;
  const status = ctx.response.status;
  if (ctx.sourceElement.id === "live" || ctx.sourceElement.id === "unread") {
    ctx.hx.reswap = "none";
    if (status === 401 || status === 403) signedOut();
    if (status === 409) elsewhere();
  } else if (status !== 422 && ctx.sourceElement.matches("form[data-move]")) {
    // Not moved: the form names again where the card is.
    ctx.sourceElement.reset();
    beside(ctx);
  } else if (status !== 422 && !ctx.sourceElement.closest("[data-errors-here]")) {
    beside(ctx);
  }
});
function beside(ctx) {
  ctx.hx.retarget = "#toasts";
  ctx.hx.reswap = "beforeend";
  ctx.hx.reselect = "[data-fault]";
}
document.addEventListener("htmx:error", (event) => {
  const { ctx } = event.detail;
  if (ctx && !ctx.response && ctx.sourceElement?.id !== "live" && ctx.sourceElement?.id !== "unread") stale(true);
});
// A form within data-leaves is answered in place while something is to be mended, so that chosen files and a
// drawn signature stay; where it is sent on to another page, that page is opened whole.
document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.response?.raw.redirected && ctx.sourceElement.closest("[data-leaves]")) ctx.hx.redirect = ctx.response.raw.url;
});
document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = event.detail;
  if (ctx.response?.status === 422) ctx.sourceElement.closest("[data-leaves]")?.querySelector("[data-error-summary]")?.focus();
});
// A toast that came as a header: HX-Trigger: {"toast": {"text": …, "kind": …}}
document.addEventListener("toast", (event) => toast(event.detail?.text ?? event.detail?.value, event.detail?.kind));
document.addEventListener("close-dialog", () => document.querySelector("dialog[open]")?.close());

let isCut = false; // the stream is down
// The stream: a refused reconnect stops and says why; anything else keeps trying and marks the page stale.
document.addEventListener("htmx:sse:error", (event) => {
  const { status } = event.detail;
  if (status === 401 || status === 403) {
    signedOut();
    document.getElementById("live")?.remove();
  } else if (status === 409) {
    elsewhere();
  } else {
    isCut = true;
    stale(true);
  }
});
document.addEventListener("htmx:sse:after:connection", () => {
  isCut = false;
  stale(false);
});
document.addEventListener("htmx:after:request", (event) => {
  if (event.detail.ctx.response && !isCut) stale(false);
});
document.addEventListener("reset", (event) => {
  if (event.target.id !== "live") return;
  if (hasUnsent()) resend();
  else location.reload();
});
// The first connection is an ordinary request and is not tried again by hx-sse when it fails. 204 says not to come again.
document.addEventListener("htmx:finally:request", (event) => {
  const element = event.detail.ctx.sourceElement;
  const status = event.detail.ctx.response?.status;
  if (element.id === "live" && ![200, 204, 401, 403, 409].includes(status)) {
    const again = () => element.isConnected && htmx.ajax("GET", element.getAttribute("hx-sse:connect"), { source: element });
    setTimeout(again, 2000 + Math.random() * 3000);
  }
});

// Whoever ended the session may have done so because of who is looking: nothing is read or pressed any more.
function signedOut() {
  isCut = true;
  stale(true);
  document.getElementById("main").inert = true;
  document.querySelector("[data-signed-out]")?.removeAttribute("hidden");
}
// Somebody with two workplaces has changed to the other one in another tab: what stands here is no longer theirs to
// change from here, and its numbers mean other things there.
function elsewhere() {
  document.querySelector("[data-elsewhere]")?.removeAttribute("hidden");
  isCut = true;
  stale(true);
  document.getElementById("live")?.remove();
}
// The browser says "offline" of a machine without a network, where a site on the machine itself still answers:
// what answers counts for more.
function stale(is) {
  document.body.classList.toggle("is-stale", is);
  const banner = document.querySelector("[data-offline]");
  if (banner) banner.hidden = !is || navigator.onLine;
}
window.addEventListener("online", () => stale(isCut));
window.addEventListener("offline", () => stale(true));
if (!navigator.onLine) stale(true);

// A row of tabs wider than a phone shows the one that is open.
for (const tab of document.querySelectorAll(".tabs-row a[aria-current]")) tab.parentElement.scrollLeft = tab.offsetLeft - (tab.parentElement.clientWidth - tab.offsetWidth) / 2;

// After a refused form the reader starts at the list of what to mend.
document.querySelector("[data-error-summary]")?.focus();

// Signing out leaves nothing behind in this browser's caches.
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-sign-out]")) window.caches?.keys().then((names) => names.forEach((name) => caches.delete(name)));
});
