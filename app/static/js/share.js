// What the service worker has taken of another app's share is put into the forms of this page; it is sent by their button.
const SHARED = "shared";
const LIFE = 60 * 60_000;
const place = document.querySelector("[data-shared]");

async function taken() {
  if (!window.caches || !(await caches.has(SHARED))) return null;
  const cache = await caches.open(SHARED);
  const about = await cache.match("/share/about").then((one) => one?.json());
  if (!about || Date.now() - about.at > LIFE) {
    await caches.delete(SHARED);
    document.querySelector("[data-shared-over]").hidden = !about;
    return null;
  }
  const found = [];
  for (const key of await cache.keys()) {
    const [, at, number] = new URL(key.url).pathname.match(/^\/share\/files\/(\d+)-(\d+)$/) ?? [];
    if (!at || Date.now() - at > LIFE) continue;
    const one = await cache.match(key);
    const name = decodeURIComponent(one.headers.get("File-Name"));
    found.push({ key, at, number, file: new File([await one.blob()], name, { type: one.headers.get("Content-Type") }) });
  }
  // What was shared last is meant first.
  return { ...about, found: found.sort((one, other) => other.at - one.at || one.number - other.number) };
}
function fill(form, files, words) {
  const input = form.querySelector("input[type=file]");
  const carrier = new DataTransfer();
  const fitting = files.filter((file) => form.dataset.sharedInto.split(",").includes(file.type));
  fitting.slice(0, input.multiple ? undefined : 1).forEach((file) => carrier.items.add(file));
  if (carrier.files.length) {
    input.files = carrier.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  const said = form.dataset.sharedWordsInto && form.elements[form.dataset.sharedWordsInto];
  if (said && !said.value) said.value = words;
}
taken().then((shared) => {
  if (!shared) return;
  place.hidden = false;
  place.querySelector("[data-shared-files]").replaceChildren(...shared.found.map(({ key, file }) => {
    const line = document.createElement("li");
    const name = document.createElement("span");
    name.className = "main";
    name.textContent = file.name;
    name.dir = "auto";
    const without = place.querySelector("template").content.cloneNode(true);
    without.querySelector("[data-name]").textContent = file.name;
    without.querySelector("button").addEventListener("click", async () => {
      await caches.open(SHARED).then((cache) => cache.delete(key));
      location.reload();
    });
    line.append(name, without);
    return line;
  }));
  const words = place.querySelector("[data-shared-words]");
  words.textContent = shared.words;
  words.hidden = !shared.words;
  place.querySelector("[data-shared-left]").hidden = !shared.left;
  place.querySelector("[data-shared-cut]").hidden = !shared.cut;
  const files = shared.found.map((one) => one.file);
  document.querySelectorAll("[data-shared-into]").forEach((form) => fill(form, files, shared.words));
}, () => {});
place.querySelector("[data-shared-forget]").addEventListener("click", async () => {
  await caches.delete(SHARED);
  location.reload();
});
