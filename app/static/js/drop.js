// Files can be dropped anywhere on a page whose form holds data-drop, and how far they have come is shown while they are sent.
// Without this script, and where the server has something to say of the form, it is sent as any other.
const form = document.querySelector("form[data-drop]");
const input = form.querySelector("input[type=file][multiple]");
const says = form.querySelector("[data-drop-says]");
const bar = document.createElement("progress");
bar.className = "progress";

function takes(file) {
  return input.accept.split(",").some((kind) => (kind.startsWith(".") ? file.name.toLowerCase().endsWith(kind) : kind.endsWith("/*") ? file.type.startsWith(kind.slice(0, -1)) : file.type === kind));
}
function over(event) {
  if (!event.dataTransfer?.types.includes("Files")) return false;
  event.preventDefault(); // a file dropped beside the form would open in place of it
  form.toggleAttribute("data-over", event.type === "dragover");
  return true;
}
document.addEventListener("dragover", over);
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.removeAttribute("data-over"); });
document.addEventListener("drop", (event) => {
  if (!over(event) || form.ariaBusy === "true") return;
  const given = [...event.dataTransfer.files];
  const good = given.filter(takes);
  const carrier = new DataTransfer();
  [...input.files, ...good].forEach((file) => carrier.items.add(file));
  says.textContent = good.length < given.length ? form.dataset.leftOut : "";
  if (!good.length) return;
  input.files = carrier.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
});
if (matchMedia("(any-pointer: fine)").matches) {
  const hint = document.createElement("p");
  hint.className = "muted small";
  hint.textContent = form.dataset.drop;
  input.closest(".field").append(hint);
}

function send(button) {
  const request = new XMLHttpRequest(); // fetch does not say how much has left
  const again = (words) => {
    form.ariaBusy = "false";
    says.textContent = words;
    bar.remove();
    if (button) button.disabled = false;
  };
  request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = event.loaded / event.total; });
  request.addEventListener("error", () => again(form.dataset.failed));
  request.addEventListener("load", () => {
    if (request.status < 400) location.assign(request.responseURL);
    else form.submit(); // refused: the page that says why is the answer to a form
  });
  const body = new FormData(form);
  request.open("POST", form.action);
  request.setRequestHeader("Torqueline-Keep", "yes"); // what the answer says is for the page that comes after
  form.ariaBusy = "true";
  says.textContent = form.dataset.sending;
  bar.value = 0;
  bar.ariaLabel = form.dataset.sending;
  says.after(bar);
  if (button) button.disabled = true;
  request.send(body);
}
form.addEventListener("submit", (event) => {
  if (form.ariaBusy === "true") event.preventDefault();
  else if (!event.defaultPrevented && [...form.elements].some((field) => field.type === "file" && field.files.length)) {
    event.preventDefault();
    send(event.submitter);
  }
});
