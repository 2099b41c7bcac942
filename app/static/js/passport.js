// Checks a vehicle passport without a network: the same checks as app/domains/passports/checking.py.
const FORMAT = "torqueline-passport/1";
const LONGEST = 4 * 1024 * 1024;
const FIELDS = "about car entries hashes readings root signature";
const form = document.querySelector("[data-passport-check]");
const verdict = document.querySelector("#verdict");
const bytes = new TextEncoder();

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const pairs = Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
  return `{${pairs.join(",")}}`;
}
async function digest(value) {
  const hash = await crypto.subtle.digest("SHA-256", bytes.encode(canonical(value)));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
function unb64(text) {
  if (!/^[\w-]+$/.test(text)) throw new SyntaxError("not base64url");
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
}
function summaryOf(said) {
  let last = { day: "", km: null };
  for (const one of [...said.readings, ...said.entries]) {
    if (one.km === null) continue;
    if (last.km === null || one.day > last.day || (one.day === last.day && one.km > last.km)) last = one;
  }
  return {
    format: said.about.format, key: said.about.key, vin8: [...said.car.vin].slice(-8).join(""), count: said.entries.length,
    last_day: last.day, last_km: last.km, root: said.root,
  };
}
async function keyCalled(name) {
  const found = JSON.parse(form.dataset.keys).keys.find((one) => one.kid === name);
  return found && crypto.subtle.importKey("jwk", { kty: "OKP", crv: "Ed25519", x: found.x }, "Ed25519", false, ["verify"]);
}
async function signedWrong(summary, signature) {
  const key = await keyCalled(summary.key);
  if (!key) return ["key"];
  try {
    const fits = await crypto.subtle.verify("Ed25519", key, unb64(signature), bytes.encode(`${FORMAT}\n${canonical(summary)}`));
    return fits ? [] : ["signature"];
  } catch {
    return ["signature"];
  }
}
async function checkFile(file) {
  let text, said;
  try {
    if (file.size > LONGEST) throw new RangeError("too long");
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
    said = JSON.parse(text);
    if (Object.keys(said).sort().join(" ") !== FIELDS) throw new SyntaxError("other fields");
    summaryOf(said);
  } catch {
    return { faults: ["unreadable"] };
  }
  try {
    const faults = canonical(said) === text && said.about.format === FORMAT ? [] : ["shape"];
    for (const part of ["about", "car", "readings"]) {
      if ((await digest(said[part])) !== said.hashes[part]) faults.push(part);
    }
    const now = await Promise.all(said.entries.map(digest));
    if (now.length !== said.hashes.entries.length) faults.push("entries");
    else now.forEach((hash, index) => hash === said.hashes.entries[index] || faults.push(`entry:${index + 1}`));
    if ((await digest(said.hashes)) !== said.root) faults.push("root");
    faults.push(...(await signedWrong(summaryOf(said), said.signature)));
    return { said, faults };
  } catch {
    return { faults: ["unreadable"] };
  }
}
async function checkCode(text) {
  const parts = text.trim().split("#").at(-1).split("~");
  try {
    if (parts.length !== 8 || parts[0] !== "1") throw new SyntaxError("another version");
    const root = [...unb64(parts[6])].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (!/^\d+$/.test(parts[3]) || !/^\d*$/.test(parts[5])) throw new SyntaxError("no numbers");
    const summary = {
      format: FORMAT, key: parts[1], vin8: parts[2], count: Number(parts[3]), last_day: parts[4],
      last_km: parts[5] ? Number(parts[5]) : null, root,
    };
    return { summary, faults: (await signedWrong(summary, parts[7])).map((one) => `code_${one}`) };
  } catch {
    return { faults: ["code_unreadable"] };
  }
}
function show(faults, said, summary) {
  const shown = document.querySelector(faults.length ? "[data-broken]" : "[data-valid]").content.cloneNode(true);
  if (faults.length) {
    const words = JSON.parse(form.dataset.words);
    shown.querySelector("ul").append(...faults.map((fault) => {
      const [name, number] = fault.split(":");
      const line = document.createElement("li");
      line.textContent = words[name].replace("NUMBER", number);
      return line;
    }));
  } else {
    const values = {
      issuer: said?.about.issuer, made: said?.about.made_at,
      car: said && [said.car.year, said.car.make, said.car.model].filter(Boolean).join(" "),
      vin: said ? said.car.vin : summary.vin8 && `…${summary.vin8}`, count: summary.count,
      last: summary.last_km === null ? "" : `${summary.last_day}: ${summary.last_km} km`,
    };
    for (const [name, value] of Object.entries(values)) {
      const place = shown.querySelector(`[data-of=${name}]`);
      if (value || value === 0) place.textContent = value;
      else place.closest("div").remove();
    }
  }
  verdict.replaceChildren(shown);
}
// Where the browser reads codes itself, the camera fills the field in.
async function offerScan() {
  const button = form.querySelector("[data-scan]");
  const formats = (await globalThis.BarcodeDetector?.getSupportedFormats().catch(() => [])) ?? [];
  button.hidden = !(formats.includes("qr_code") && navigator.mediaDevices);
  button.addEventListener("click", () => scan(new BarcodeDetector({ formats: ["qr_code"] })));
}
async function scan(detector) {
  const button = form.querySelector("[data-scan]");
  button.disabled = true; // a second stream would have nobody to stop it
  try {
    await look(detector);
  } finally {
    button.disabled = false;
  }
}
async function look(detector) {
  const video = form.querySelector("[data-camera]");
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    verdict.textContent = form.dataset.noCamera;
    return;
  }
  const stop = () => {
    video.hidden = true;
    for (const track of stream.getTracks()) track.stop();
  };
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  video.addEventListener("click", stop, { once: true });
  while (!video.hidden) {
    const [found] = await detector.detect(video).catch(() => []);
    if (found) {
      form.elements.code.value = found.rawValue;
      stop();
      check();
      return;
    }
    await new Promise((then) => setTimeout(then, 200));
  }
}
async function canCheck() {
  try {
    await crypto.subtle.importKey("jwk", { kty: "OKP", crv: "Ed25519", x: JSON.parse(form.dataset.keys).keys[0].x }, "Ed25519", false, ["verify"]);
    return true;
  } catch {
    return false;
  }
}
async function check() {
  const file = form.elements.file.files[0];
  const code = form.elements.code.value.trim();
  const faults = file || code ? [] : ["nothing"];
  const ofFile = file && (await checkFile(file));
  const ofCode = code && (await checkCode(code));
  faults.push(...(ofFile?.faults ?? []), ...(ofCode?.faults ?? []));
  if (ofFile?.said && ofCode?.summary && ofFile.said.root !== ofCode.summary.root) faults.push("other");
  show(faults, ofFile?.said, ofFile?.said ? summaryOf(ofFile.said) : ofCode?.summary);
}
canCheck().then((can) => {
  if (!can) {
    verdict.textContent = form.dataset.cannot;
    return;
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    check();
  }, true);
  // Whoever scans a code without a network lands here with it.
  if (location.hash.length > 1) {
    form.elements.code.value = location.href;
    check();
  }
  offerScan();
  form.addEventListener("dragover", (event) => event.preventDefault());
  form.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    form.elements.file.files = event.dataTransfer.files;
    check();
  });
});
