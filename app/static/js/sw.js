// The service worker: the shell and hashed assets, a page for when there is no network, a driver's own garage to be
// read without one, and what the site tells while it is closed. A page of a workshop is never kept: the next one at
// this tablet may be another.
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
  if (url.origin !== location.origin) return;
  if (request.method === "POST" && url.pathname === "/sign-out") event.waitUntil(forget());
  if (request.method === "POST" && url.pathname === "/share" && request.mode === "navigate") event.respondWith(take(event));
  if (request.method !== "GET") return;
  if (request.mode === "navigate" || (request.headers.has("HX-Request") && MINE.test(url.pathname))) {
    event.respondWith(visit(event, url));
  } else if (url.pathname.startsWith("/files/")) {
    event.respondWith(fetch(request).catch(async () => (await caches.match(request)) ?? Response.error()));
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

// One's own cars, read without a network. Every page says whose it is; only one person's garage is kept at a time.
const MINE = /^\/garage(\/[0-9a-f-]{36}(\/(history|logbook|next|packages|telematics))?)?$/;
const CAR = /(?:href|hx-get)="(\/garage\/[0-9a-f-]{36})"/g;
const REGION = /hx-get="(\/garage\/[0-9a-f-]{36}\/[a-z]+)"/g;
const PICTURE = /src="(\/files\/[^"&]+)"/g;
const MOST_CARS = 20;
const MOST_PICTURES = 12;
const LARGEST_PICTURE = 600_000;
const FRESH = 10 * 60_000;
let reign = 0; // what was asked for before somebody signed out is not kept after it

async function forget(names = (name) => name.startsWith("garage-") || name === SHARED) {
  reign += 1;
  for (const name of (await caches.keys()).filter(names)) await caches.delete(name);
}
// Whose page it is: "" when a page says nothing of it, "-" for nobody.
async function heed(answer) {
  const [person, at] = (answer.headers.get("Torqueline-Person") ?? "").split(";");
  if (!person || !answer.ok) return "";
  const others = (await caches.keys()).filter((name) => name.startsWith("garage-") && name !== `garage-${person}`);
  // What was shared waits through a sign-in, for nobody else.
  if (others.length) await forget((name) => others.includes(name) || (person !== "-" && name === SHARED));
  return person === "-" || at ? "" : person;
}
async function visit(event, url) {
  const isPart = event.request.headers.has("HX-Request");
  if (!isPart) event.waitUntil(tidy(url));
  const then = reign;
  let answer;
  try {
    answer = await fetch(event.request);
  } catch {
    return read(url, isPart);
  }
  if (!isPart && answer.ok && url.pathname.startsWith("/passport/")) event.waitUntil(keepCheck());
  const person = await heed(answer);
  if (person && MINE.test(url.pathname) && !url.search && then === reign) event.waitUntil(keep(person, url.pathname, isPart, answer.clone()));
  return answer;
}
function keyOf(path, isPart) {
  return isPart ? `${path}?part` : path;
}
async function read(url, isPart) {
  const own = (await caches.keys()).find((name) => name.startsWith("garage-"));
  const cache = own && (await caches.open(own));
  if (cache && MINE.test(url.pathname)) {
    const kept = await cache.match(keyOf(url.pathname, isPart));
    if (kept && isPart) return kept;
    if (kept) {
      const html = (await kept.text()).replace("<html ", `<html data-kept-at="${kept.headers.get("Kept-At")}" `);
      return new Response(html, { headers: kept.headers });
    }
  }
  if (isPart) return Response.error();
  // A passport's code scanned without a network leads to its link: what stands behind the # can be checked all the same.
  const check = url.pathname.startsWith("/passport/") && (await caches.match(CHECK));
  if (check) return check;
  // The icon on the home screen opens the front page; what can be read is the garage.
  if (["/", "/home"].includes(url.pathname) && (await cache?.match("/garage"))) return Response.redirect("/garage");
  return (await caches.match("/offline")) ?? Response.error();
}
// The page that checks passports, as nobody in particular sees it, with the keys of today.
const CHECK = "/passport/check";
async function keepCheck() {
  const answer = await fetch(CHECK, { credentials: "omit" }).catch(() => null);
  if (!answer?.ok) return;
  const cache = await caches.open(CACHE);
  for (const script of allOf(await answer.clone().text(), /src="(\/static\/[^"]+)"/g, 10)) {
    if (!(await cache.match(script))) await cache.add(script).catch(() => {});
  }
  await cache.put(CHECK, answer);
}
function allOf(html, pattern, most) {
  return [...new Set([...html.matchAll(pattern)].map((found) => found[1]))].slice(0, most);
}
async function keep(person, path, isPart, answer) {
  const then = reign;
  const html = await answer.text();
  const pictures = allOf(html, PICTURE, MOST_PICTURES);
  const headers = new Headers({ "Kept-At": new Date().toISOString(), "Kept-Files": pictures.join(" ") });
  for (const name of ["Content-Type", "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"]) {
    if (answer.headers.has(name)) headers.set(name, answer.headers.get(name));
  }
  if (then !== reign) return;
  const cache = await caches.open(`garage-${person}`);
  const before = await cache.match(keyOf(path, isPart));
  await cache.put(keyOf(path, isPart), new Response(html, { headers }));
  for (const old of before?.headers.get("Kept-Files")?.split(" ") ?? []) if (old && !pictures.includes(old)) await cache.delete(old);
  for (const picture of pictures) await keepPicture(cache, picture, then);
  if (isPart) return;
  if (path === "/garage") await keepCars(cache, person, allOf(html, CAR, MOST_CARS), then);
  else for (const region of allOf(html, REGION, 10)) await fetchToKeep(person, region, true, then);
  if (then !== reign) await caches.delete(`garage-${person}`);
}
async function keepPicture(cache, picture, then) {
  if (await cache.match(picture)) return;
  const answer = await fetch(picture).catch(() => null);
  const isSmall = Number(answer?.headers.get("Content-Length") || Infinity) <= LARGEST_PICTURE;
  if (answer?.ok && isSmall && then === reign) await cache.put(picture, answer);
}
async function keepCars(cache, person, cars, then) {
  for (const kept of await cache.keys()) {
    const at = new URL(kept.url).pathname;
    if (at.startsWith("/garage/") && !cars.some((car) => at.startsWith(car))) await cache.delete(kept);
  }
  for (const car of cars) {
    const kept = await cache.match(car);
    if (!kept || Date.now() - Date.parse(kept.headers.get("Kept-At")) > FRESH) await fetchToKeep(person, car, false, then);
  }
}
function ask(path, isPart = false) {
  return fetch(path, { headers: { "Torqueline-Keep": "yes", ...(isPart && { "HX-Request": "true" }) } });
}
async function keepFirst(path) {
  const then = reign;
  const answer = await ask(path).catch(() => null);
  const person = answer && !answer.redirected && (await heed(answer));
  if (person && then === reign) await keep(person, path, false, answer);
}
async function fetchToKeep(person, path, isPart, then) {
  if (then !== reign || !MINE.test(path)) return;
  const answer = await ask(path, isPart).catch(() => null);
  if (answer && !answer.redirected && then === reign && (await heed(answer)) === person) await keep(person, path, isPart, answer);
}

// What another app shares is kept in this browser alone until its person says what to do with it, an hour at most.
const SHARED = "shared";
const MOST_SHARED = 8;
const LARGEST_SHARED = 20 * 1024 * 1024;
const LONGEST_WORDS = 2000;
const SHARED_KINDS = ["image/jpeg", "image/png", "image/webp", "application/pdf"];

const LIFE = 60 * 60_000;
const shareAt = (key) => Number(new URL(key.url).pathname.match(/^\/share\/files\/(\d+)-/)?.[1]);

// What is waiting already stays, as long as there is place and its hour is not over; the newest comes first.
async function take(event) {
  const now = Date.now();
  try {
    const form = await event.request.formData();
    const cache = await caches.open(SHARED);
    const files = form.getAll("files").filter((one) => one instanceof File && one.size);
    const good = files.filter((one) => SHARED_KINDS.includes(one.type) && one.size <= LARGEST_SHARED).slice(0, MOST_SHARED);
    const before = await cache.match("/share/about").then((one) => one?.json());
    let left = files.length - good.length + (await makePlace(cache, MOST_SHARED - good.length));
    const put = (file, number) => cache.put(`/share/files/${now}-${number}`, new Response(file, { headers: { "Content-Type": file.type, "File-Name": encodeURIComponent(file.name) } }));
    let full = false;
    for (const [number, file] of good.entries()) {
      try {
        await put(file, number).catch(async () => {
          left += await makePlace(cache, 0, now); // no room on the device: what is shared now goes before what waits
          await put(file, number);
        });
      } catch {
        full = true;
        left += 1;
      }
    }
    const all = ["title", "text", "url"].map((name) => form.get(name)).filter((one) => typeof one === "string" && one).join("\n");
    const waits = before && now - before.at < LIFE ? before.words : "";
    await cache.put("/share/about", Response.json({ at: now, words: (all || waits).slice(0, LONGEST_WORDS), left, cut: all.length > LONGEST_WORDS }));
    return Response.redirect(full ? "/share?full=true" : "/share", 303);
  } catch (error) {
    return Response.redirect(error.name === "QuotaExceededError" ? "/share?full=true" : "/share?missed=true", 303);
  }
}
// Take out what is older than its hour, and of what came before `but` the oldest beyond `most`; how many of those there were.
async function makePlace(cache, most, but = Infinity) {
  const keys = (await cache.keys()).filter((key) => shareAt(key) < but);
  const fresh = keys.filter((key) => Date.now() - shareAt(key) < LIFE).sort((one, other) => shareAt(other) - shareAt(one));
  const gone = keys.filter((key) => !fresh.slice(0, most).includes(key));
  for (const key of gone) await cache.delete(key);
  return Math.max(0, fresh.length - most);
}
// An hour is an hour, also for what nobody came back to.
async function tidy(url) {
  if (url.pathname === "/share" || !(await caches.has(SHARED))) return;
  const about = await caches.open(SHARED).then((cache) => cache.match("/share/about")).then((one) => one?.json());
  if (!about || Date.now() - about.at > LIFE) await caches.delete(SHARED);
}

self.addEventListener("message", (event) => {
  if (event.data === "update") self.skipWaiting();
  // The very first page came before this worker did.
  if (event.data === "keep" && event.source) {
    const { pathname, search } = new URL(event.source.url);
    if (MINE.test(pathname) && !search) event.waitUntil(keepFirst(pathname));
    if (pathname.startsWith("/passport/")) event.waitUntil(keepCheck());
  }
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
