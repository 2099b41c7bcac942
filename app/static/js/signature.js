// A pad to sign on, beside the typed name that always works. What is sent is SVG text in a hidden field.
import SignaturePad from "signature_pad";

function wire(root) {
  const holder = root.querySelector("[data-pad]");
  if (!holder || holder.dataset.wired) return;
  holder.dataset.wired = "yes";
  holder.hidden = false;
  const canvas = holder.querySelector("canvas");
  const drawn = holder.querySelector("[data-drawn]");
  const pad = new SignaturePad(canvas, { penColor: "#14201f", minWidth: 0.8, maxWidth: 2.6 });
  const fit = () => {
    const ratio = Math.max(window.devicePixelRatio || 1, 1);
    const points = pad.toData();
    canvas.width = canvas.offsetWidth * ratio;
    canvas.height = canvas.offsetHeight * ratio;
    canvas.getContext("2d").scale(ratio, ratio);
    pad.clear();
    if (points.length) pad.fromData(points);
  };
  pad.addEventListener("endStroke", () => { drawn.value = pad.toSVG(); });
  holder.querySelector("[data-clear]").addEventListener("click", () => {
    holder.querySelector("[data-kept]")?.remove(); // drawn into the form before it came back
    pad.clear();
    drawn.value = "";
  });
  new ResizeObserver(fit).observe(canvas);
}

const wireAll = () => document.querySelectorAll("[data-signature]").forEach(wire);
document.addEventListener("htmx:after:swap", wireAll);
wireAll();
