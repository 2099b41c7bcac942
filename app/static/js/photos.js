// Photos are made smaller before they are sent (2048 px, upright, about 400 kB) and shown at once.
// The server checks and writes every picture anew all the same; without this script it takes the originals.
const LONGEST = 2048;

async function smaller(file) {
  if (!file.type.startsWith("image/") || file.type === "image/gif") return file;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return file;
  }
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  if (scale === 1 && file.size < 600_000) return file;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
  return blob && blob.size < file.size ? new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" }) : file;
}

const bar = document.createElement("progress");
bar.className = "progress";
bar.ariaHidden = "true"; // the words beside it say it

// What becomes of a form's photos, said in its [data-says]: under way, or not arrived and to be sent again.
function say(form, state) {
  const place = form?.querySelector("[data-says]");
  if (!place) return;
  form.ariaBusy = String(state === "sending");
  place.replaceChildren(...(state ? [form.dataset[state]] : []), ...(state === "sending" ? [bar] : []));
  const button = form.querySelector("button[type=submit]");
  if (state === "failed") button.lastChild.textContent = form.dataset.again;
}
document.addEventListener("submit", (event) => say(event.target, "sending"));
for (const name of ["htmx:after:request", "htmx:error"]) {
  document.addEventListener(name, (event) => {
    const { ctx } = event.detail;
    const form = ctx?.sourceElement;
    if (form?.matches?.("[data-send-photos]")) say(form, ctx.response?.status < 400 ? "" : "failed");
  });
}

async function prepare(input) {
  const holder = input.closest("[data-photos]");
  const previews = holder?.querySelector("[data-previews]");
  const form = input.form;
  if (form?.hasAttribute("data-send-photos")) say(form, "sending");
  const buttons = form ? [...form.querySelectorAll("button[type=submit], button:not([type])")].filter((button) => !button.disabled) : [];
  buttons.forEach((button) => { button.disabled = true; });
  try {
    const files = await Promise.all([...input.files].map(smaller));
    const carrier = new DataTransfer();
    files.forEach((file) => carrier.items.add(file));
    input.files = carrier.files;
    previews?.replaceChildren(...files.filter((file) => file.type.startsWith("image/")).map((file) => {
      const image = document.createElement("img");
      image.src = URL.createObjectURL(file);
      image.alt = file.name;
      image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
      return image;
    }));
  } finally {
    buttons.forEach((button) => { button.disabled = false; });
  }
  if (form?.hasAttribute("data-send-photos")) form.requestSubmit();
}

// Sent: what was chosen hangs in the list now.
document.addEventListener("reset", (event) => {
  event.target.querySelectorAll("[data-previews]").forEach((previews) => previews.replaceChildren());
});
document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-photos] input[type=file]") && event.target.files.length) prepare(event.target);
});
