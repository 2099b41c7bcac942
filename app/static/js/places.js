// A place field: a choice fills its fields, "Use my position" does, and a pin on a map does. The fields are what is sent.
const SETTLE = 400; // ms after the last step of a pin until the town near it is asked for

function wire(root) {
  if (root.dataset.wired) return;
  root.dataset.wired = "yes";
  const name = root.dataset.place;
  const field = (part) => root.querySelector(`[name="${name}${part ? `_${part}` : ""}"]`);
  const words = field("");
  const said = root.querySelector("[data-place-said]");
  let given = ""; // words that we wrote, not the reader
  let map = null;
  let asking = 0;

  const say = (text) => { said.textContent = text; };
  const fill = (latitude, longitude) => {
    field("latitude").value = latitude.toFixed(6);
    field("longitude").value = longitude.toFixed(6);
  };
  // Put by hand: it counts whatever is written beside it. Without words of the reader's own, the nearest town names it.
  const put = (latitude, longitude) => {
    fill(latitude, longitude);
    field("found").value = "";
    field("country").value = "";
    map?.show(latitude, longitude);
    say(`${latitude.toFixed(5)}, ${longitude.toFixed(5)}`);
    clearTimeout(asking);
    if (words.value && words.value !== given) return;
    const url = `/places?field=${name}&latitude=${latitude}&longitude=${longitude}`;
    asking = setTimeout(() => htmx.ajax("GET", url, { source: words, target: `#${words.id}-choices`, swap: "innerHTML" }), SETTLE);
  };
  const choose = (choice) => {
    const [latitude, longitude, country, ...label] = choice.value.split(",");
    fill(Number(latitude), Number(longitude));
    words.value = given = label.join(",");
    field("found").value = words.value;
    field("country").value = country;
    map?.show(Number(latitude), Number(longitude));
    say(words.value);
  };
  root.addEventListener("change", ({ target }) => {
    if (target.name === `${name}_pick`) choose(target);
    if (target === field("latitude") || target === field("longitude")) {
      const [latitude, longitude] = [field("latitude"), field("longitude")].map((one) => Number(one.value.replace(",", ".") || NaN));
      if (Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180) put(latitude, longitude);
    }
  });
  // The one choice for a point comes chosen.
  root.addEventListener("htmx:after:swap", () => {
    const chosen = root.querySelector(`[name="${name}_pick"]:checked`);
    if (chosen) choose(chosen);
  });

  const locate = root.querySelector("[data-place-locate]");
  locate.hidden = !navigator.geolocation && window.isSecureContext;
  locate.addEventListener("click", () => {
    if (!window.isSecureContext) return say(said.dataset.insecure);
    say(said.dataset.asking);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        words.value = given = "";
        put(coords.latitude, coords.longitude);
      },
      ({ code }) => say(code === 1 ? said.dataset.refused : said.dataset.unknown),
      { enableHighAccuracy: true, timeout: 10000, maximumAge: 60000 },
    );
  });

  const holder = root.querySelector("[data-place-map]");
  if (!holder) return;
  holder.hidden = false;
  import("./parts/map.js").then(({ open }) => {
    const at = field("latitude").value && field("longitude").value ? [Number(field("latitude").value), Number(field("longitude").value)] : null;
    map = open(holder, at, put);
  });
}

const wireAll = () => document.querySelectorAll("[data-place]").forEach(wire);
document.addEventListener("htmx:after:swap", wireAll);
wireAll();
