// A map with one pin. Its ground are the tiles that the site is set to use, else the towns of our own list with a grid, so
// that a pin can be put within a town all the same. Text is written as text: Trusted Types stay enforced.
import * as L from "leaflet";

const LINES = [30, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002]; // degrees between two lines of the grid
const LENGTHS = [5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05]; // of the scale, in its unit
const STEPS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

const element = (tag, className, text = "") => Object.assign(document.createElement(tag), { className, textContent: text });
const drawn = (html, className, size) => L.divIcon({ html, className, iconSize: size, iconAnchor: [size[0] / 2, size[1]] });

export function open(holder, at, moved) {
  const ground = holder.querySelector("[data-map]");
  const { tiles } = holder.dataset;
  const map = L.map(ground, { zoomControl: false, attributionControl: false, worldCopyJump: true, minZoom: 1, maxZoom: 18, keyboard: false });
  map.setView(at ?? [25, 10], at ? 12 : ground.clientWidth < 700 ? 1 : 2);
  for (const button of holder.querySelectorAll("[data-map-zoom]")) {
    button.addEventListener("click", () => map.setZoom(map.getZoom() + Number(button.dataset.mapZoom)));
  }

  let pin = null;
  const tell = () => {
    const { lat, lng } = pin.getLatLng().wrap();
    moved(Math.max(-90, Math.min(90, lat)), lng);
  };
  const stepped = (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const far = event.shiftKey ? 50 : 5;
    const there = map.latLngToContainerPoint(pin.getLatLng()).add(L.point(step).multiplyBy(far));
    pin.setLatLng(map.containerPointToLatLng(there));
    map.panInside(pin.getLatLng(), { padding: [30, 30] });
    tell();
  };
  const show = (latitude, longitude, isOurs = false) => {
    if (pin) pin.setLatLng([latitude, longitude]);
    else {
      const icon = drawn(holder.querySelector("[data-map-pin]").content.firstElementChild.cloneNode(true), "map-pin", [44, 44]);
      pin = L.marker([latitude, longitude], { icon, draggable: true, autoPan: true, keyboard: true }).addTo(map);
      const handle = pin.getElement();
      handle.setAttribute("aria-label", holder.dataset.pinLabel);
      handle.addEventListener("keydown", stepped);
      pin.on("dragend", tell);
    }
    if (!isOurs && !map.getBounds().pad(-0.1).contains([latitude, longitude])) map.setView([latitude, longitude], Math.max(map.getZoom(), 12));
    else if (!isOurs && map.getZoom() < 8) map.setView([latitude, longitude], 12);
  };
  map.on("click", ({ latlng }) => {
    show(latlng.wrap().lat, latlng.wrap().lng, true);
    tell();
  });
  // Without a mouse: the pin goes to the middle, from where the arrow keys move it.
  holder.querySelector("[data-map-put]").addEventListener("click", () => {
    const { lat, lng } = map.getCenter().wrap();
    show(lat, lng, true);
    tell();
    pin.getElement().focus();
  });
  if (at) show(...at);

  if (tiles) L.tileLayer(tiles, { maxZoom: 19 }).addTo(map);
  else withTowns(map);
  withScale(map, holder.querySelector("[data-map-scale]"));
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(ground);
  return { show };
}

function withTowns(map) {
  const grid = L.layerGroup().addTo(map);
  const towns = L.layerGroup().addTo(map);
  let latest = 0;
  const draw = async () => {
    const box = map.getBounds();
    const [south, north] = [Math.max(-90, box.getSouth()), Math.min(90, box.getNorth())];
    lines(grid, box, south, north);
    latest += 1;
    const mine = latest;
    const wide = box.getEast() - box.getWest() >= 360;
    const [west, east] = wide ? [-180, 180] : [box.getWest(), box.getEast()].map((one) => L.latLng(0, one).wrap().lng);
    const answer = await fetch(`/places/towns?south=${south}&west=${west}&north=${north}&east=${east}`).catch(() => null);
    if (!answer?.ok || mine !== latest) return; // no network: the grid is left
    towns.clearLayers();
    const taken = [];
    for (const { name, latitude, longitude } of await answer.json()) {
      const { x, y } = map.latLngToContainerPoint(near(map, latitude, longitude));
      // The better known comes first; a name that would lie on another is left out.
      if (taken.some((one) => Math.abs(one.y - y) < 18 && x < one.end && one.x < x + name.length * 8 + 20)) continue;
      taken.push({ x, y, end: x + name.length * 8 + 20 });
      const mark = element("span", "map-town");
      mark.append(element("span", "map-dot"), Object.assign(element("span", "map-name", name), { dir: "auto" }));
      L.marker(near(map, latitude, longitude), { icon: drawn(mark, "", [0, 0]), interactive: false, keyboard: false }).addTo(towns);
    }
  };
  map.on("moveend", draw);
  draw();
}

// The same meridian, on the side of the date line that is looked at.
const near = (map, latitude, longitude) => [latitude, longitude + 360 * Math.round((map.getCenter().lng - longitude) / 360)];

function lines(layer, box, south, north) {
  layer.clearLayers();
  const step = LINES.findLast((one) => (box.getEast() - box.getWest()) / one <= 6) ?? LINES[0];
  const style = { className: "map-line", interactive: false, weight: 1 };
  for (let one = Math.ceil(box.getWest() / step); one * step <= box.getEast(); one += 1) {
    L.polyline([[-85, one * step], [85, one * step]], style).addTo(layer);
  }
  for (let one = Math.ceil(south / step); one * step <= north; one += 1) {
    L.polyline([[one * step, box.getWest() - 1], [one * step, box.getEast() + 1]], style).addTo(layer);
  }
}

function withScale(map, scale) {
  const bar = scale.querySelector("[data-bar]");
  const unit = scale.dataset.unit === "mi" ? "mi" : "km";
  const fit = () => {
    const y = map.getSize().y / 2;
    const across = map.distance(map.containerPointToLatLng([0, y]), map.containerPointToLatLng([100, y])) / (unit === "mi" ? 1609.344 : 1000);
    const length = LENGTHS.find((one) => one <= across) ?? LENGTHS.at(-1);
    bar.style.inlineSize = `${Math.round((100 * length) / across)}px`;
    scale.querySelector("[data-length]").textContent = unit === "km" && length < 1 ? `${length * 1000} m` : `${length} ${unit}`;
  };
  map.on("zoomend moveend", fit);
  fit();
}
