// The service worker. A newer one waits until somebody says "Load it" here: no page reloads by itself, other
// tabs stay as they are, and what is typed is sent or given up first.
import { toast } from "./toasts.js";
import { hasUnsaved } from "./unsent.js";

const addresses = { createScriptURL: (url) => { if (url === "/sw.js") return url; throw new TypeError("only /sw.js"); } };

function offer(worker) {
  const made = document.getElementById("new-version")?.content.firstElementChild.cloneNode(true);
  const region = document.getElementById("toasts");
  if (!made || region.querySelector("[data-load-version]")) return;
  made.querySelector("[data-load-version]").addEventListener("click", () => {
    if (hasUnsaved()) {
      toast(region.dataset.unsaved, "wait");
      return;
    }
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    worker.postMessage("update");
  });
  region.append(made);
}

function watch(registration) {
  if (!registration) return; // a browser told to run none says yes and gives nothing
  // Without a controller this is the first worker ever, and nothing is old.
  const ready = (worker) => navigator.serviceWorker.controller && offer(worker);
  if (registration.waiting) ready(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const fresh = registration.installing;
    fresh?.addEventListener("statechange", () => { if (fresh.state === "installed") ready(fresh); });
  });
  // A board that hangs on the wall for days asks when somebody looks at it again.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") registration.update().catch(() => {});
  });
}

if ("serviceWorker" in navigator && window.isSecureContext) {
  const policy = window.trustedTypes?.createPolicy("torqueline", addresses) ?? addresses;
  window.addEventListener("load", () => {
    const isFirst = !navigator.serviceWorker.controller;
    navigator.serviceWorker.register(policy.createScriptURL("/sw.js")).then(watch, () => {});
    if (isFirst) navigator.serviceWorker.ready.then((registration) => registration.active.postMessage("keep"));
  });
}

// A page that the worker had kept says of when it is.
const keptAt = document.documentElement.dataset.keptAt;
const old = document.querySelector("[data-kept]");
if (keptAt && old) {
  const when = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }).format(new Date(keptAt));
  old.querySelector("[data-kept-when]").textContent = when;
  old.hidden = false;
  document.querySelector("[data-offline]")?.remove(); // it says the same with less
}
