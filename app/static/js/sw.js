// The service worker: the shell and hashed assets, and a page for when there is no network. A page of a
// workshop is never kept: it belongs to a person, and the next one at this tablet may be another.
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
