// The service worker: the shell and hashed assets, a page for when there is no network, and what the site tells
// while it is closed. A page of a workshop is never kept: it belongs to a person, and the next one at this tablet may
// be another.
const CACHE = "torqueline-__VERSION__";
const SHELL = __SHELL__;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)));
});
self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith("torqueline-") && name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => caches.match("/offline").then((page) => page ?? Response.error())));
  } else if (url.pathname.startsWith("/static/")) {
    event.respondWith(
      caches.match(request).then((kept) => kept ?? fetch(request).then((fresh) => {
        if (fresh.ok && fresh.type === "basic") {
          const copy = fresh.clone();
          event.waitUntil(caches.open(CACHE).then((cache) => cache.put(request, copy)));
        }
        return fresh;
      })),
    );
  }
});
self.addEventListener("message", (event) => {
  if (event.data === "update") self.skipWaiting();
});

// What the site tells while its pages are closed.
self.addEventListener("push", (event) => event.waitUntil(tell(event.data)));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(here(event.notification.data?.url)));
});
// The browser was given another address by its push service: the site learns of it without a page.
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(move(event)));

function here(url) {
  const asked = new URL(url ?? "/notifications", location.origin);
  return asked.origin === location.origin ? asked : new URL("/notifications", location.origin);
}
function isAt(page, url) {
  const shown = new URL(page.url);
  return shown.pathname === url.pathname && shown.search === url.search;
}
function pages() {
  return self.clients.matchAll({ type: "window", includeUncontrolled: true });
}
async function tell(data) {
  let told = {};
  try {
    told = data?.json() ?? {};
  } catch {
    // Only this site can sign for this browser; whatever it is, there is something to read.
  }
  if (typeof told.unread === "number") await self.navigator.setAppBadge?.(told.unread).catch(() => {});
  const url = here(told.url);
  // Whoever looks at that very page sees it there. Safari takes the permission away from a site that shows nothing.
  const mustShow = /AppleWebKit/.test(self.navigator.userAgent) && !/Chrom/.test(self.navigator.userAgent);
  if (!mustShow && (await pages()).some((page) => page.focused && isAt(page, url))) return;
  await self.registration.showNotification(told.title ?? "Torqueline", {
    body: told.body ?? "",
    tag: told.tag ?? "torqueline",
    icon: "__ICON__",
    badge: "__BADGE__",
    data: { url: url.pathname + url.search + url.hash, type: told.type, related_id: told.related_id },
  });
}
async function open(url) {
  const shown = (await pages()).find((page) => isAt(page, url));
  if (shown) await shown.focus();
  else await self.clients.openWindow(url);
}
async function move(event) {
  const asked = await fetch("/settings/notifications/key", { credentials: "same-origin" });
  if (!asked.ok || asked.redirected) return;
  const { key, csrf_token } = await asked.json();
  const fresh = event.newSubscription ?? (await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
  const { endpoint, keys } = fresh.toJSON();
  const replaces = event.oldSubscription?.endpoint ?? "";
  await fetch("/settings/notifications/devices", { method: "POST", body: new URLSearchParams({ csrf_token, endpoint, ...keys, replaces }) });
}
