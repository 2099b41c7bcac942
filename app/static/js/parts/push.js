// Being told on this device while no page is open. The browser is asked for leave only after a tap on what explains it.
const key = document.querySelector('meta[name="push"]');
const DEVICES = "/settings/notifications/devices";

const can = window.isSecureContext && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
const isApple = /iPhone|iPad|iPod/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);

// Neither need ever answer: some browsers run no worker in a private window, and a message service may be cut off.
function within(seconds, answer) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new DOMException("", "TimeoutError")), seconds * 1000));
  return Promise.race([answer, late]);
}
function manager() {
  return within(10, navigator.serviceWorker.ready).then((registration) => registration.pushManager);
}
function isOfThisKey(subscription) {
  const made = subscription.options?.applicationServerKey;
  if (!made) return true;
  const text = btoa(String.fromCharCode(...new Uint8Array(made)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "") === key.content;
}
async function tell(subscription, more = {}) {
  const { endpoint, keys } = subscription.toJSON();
  const csrf_token = document.querySelector('input[name="csrf_token"]').value;
  const answer = await fetch(DEVICES, { method: "POST", body: new URLSearchParams({ csrf_token, endpoint, ...keys, ...more }) });
  const said = answer.headers.get("content-type")?.startsWith("application/json") ? await answer.json() : {};
  if (!answer.ok || answer.redirected) throw new Error(said.why ?? "");
  return said.is_told;
}
async function begin() {
  const pushes = await manager();
  const old = await pushes.getSubscription();
  if (old && !isOfThisKey(old)) await old.unsubscribe();
  const fresh = await within(30, pushes.subscribe({ userVisibleOnly: true, applicationServerKey: key.content }));
  await tell(fresh, old && old.endpoint !== fresh.endpoint ? { replaces: old.endpoint } : {});
}

// After another sign-in the browser may still be subscribed: for the same person it goes on, for another it ends. Asked
// when somebody comes to the site or signs in, and where it is shown; nothing is kept in the browser for it.
function hasJustCome() {
  const from = document.referrer && new URL(document.referrer);
  return !from || from.origin !== location.origin || from.pathname.startsWith("/sign-in");
}
async function lookAgain() {
  if (!can || !key || Notification.permission !== "granted") return;
  if (!hasJustCome() && !document.querySelector("[data-push]")) return;
  const subscription = await (await manager()).getSubscription();
  if (!subscription) return;
  if (!(await tell(subscription, { renewal: "yes" }))) await subscription.unsubscribe();
  else if (!isOfThisKey(subscription)) await begin();
}

async function stateOf() {
  if (!can) return isApple && !navigator.standalone ? "home" : "unsupported";
  if (Notification.permission === "denied") return "denied";
  if (Notification.permission !== "granted") return "ask";
  const subscription = await manager().then((pushes) => pushes.getSubscription(), () => null);
  return subscription ? "on" : "ask";
}
async function show() {
  const offers = document.querySelectorAll("[data-push]");
  if (!offers.length) return;
  const state = await stateOf();
  for (const part of document.querySelectorAll("[data-push-state]")) part.hidden = part.dataset.pushState !== state;
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-push-ask]");
  if (!button) return;
  const offer = button.closest("[data-push]");
  const failed = offer.querySelector("[data-push-failed]");
  button.disabled = true;
  failed.hidden = true;
  try {
    if ((await Notification.requestPermission()) === "granted") {
      await begin();
      if (offer.matches("[data-push-reload]")) location.reload();
    }
  } catch (error) {
    failed.textContent = (error.name === "Error" && error.message) || failed.dataset.words;
    failed.hidden = false;
  }
  button.disabled = false;
  await show();
});
document.addEventListener("htmx:after:swap", (event) => {
  if (event.target.id === "unread" || document.getElementById("unread")) badge();
  show();
});
lookAgain().catch(() => {}).then(show);

// The number on the icon of the installed app.
function badge() {
  const unread = document.getElementById("unread");
  if (!unread) return;
  const count = Number(unread.querySelector("[data-unread]")?.dataset.unread ?? 0);
  navigator.setAppBadge?.(count).catch(() => {});
}
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-sign-out]")) return;
  navigator.clearAppBadge?.().catch(() => {});
  if (can) navigator.serviceWorker.getRegistration().then((one) => one?.pushManager.getSubscription()).then((one) => one?.unsubscribe()).catch(() => {});
});
