// Drag and drop on the board. A drop fills in and sends the card's own "Move to…" form, so the mouse, the
// keyboard and the form are one way to move, with one set of rules; a refused move puts the card back.
import Sortable from "sortablejs";

const moves = new WeakMap(); // form -> where the card came from

function send(card, cell) {
  const form = card.querySelector("form[data-move]");
  if (!form) return false;
  for (const name of ["stage", "bay"]) {
    const field = form.elements.namedItem(name);
    if (field) field.value = cell.dataset[name] ?? "";
  }
  form.requestSubmit();
  return true;
}

function restore(form) {
  const from = moves.get(form);
  if (!from || !from.card.isConnected) return;
  from.cell.insertBefore(from.card, from.cell.children[from.index] ?? null);
  from.card.classList.add("drop-refused");
  moves.delete(form);
}

function wire() {
  for (const cell of document.querySelectorAll("[data-board-cell]")) {
    if (Sortable.get(cell)) continue;
    Sortable.create(cell, {
      group: "board",
      draggable: "[data-card]",
      filter: "form",
      preventOnFilter: false,
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
      delay: 180,
      delayOnTouchOnly: true,
      ghostClass: "card-ghost",
      dragClass: "card-lifted",
      scroll: true,
      onMove: ({ to }) => {
        document.querySelectorAll(".drop-here").forEach((other) => other.classList.toggle("drop-here", other === to));
        to.classList.add("drop-here");
      },
      onEnd: ({ item, from, to, oldDraggableIndex }) => {
        document.querySelectorAll(".drop-here").forEach((other) => other.classList.remove("drop-here"));
        if (from === to) return;
        const form = item.querySelector("form[data-move]");
        moves.set(form, { card: item, cell: from, index: oldDraggableIndex });
        if (!send(item, to)) restore(form);
      },
    });
  }
}

function say(text) {
  const region = document.querySelector("[data-board-says]");
  if (region) region.textContent = text;
}

// Shift with an arrow moves the focused card one stage or one bay; m opens its "Move to…" form.
document.addEventListener("keydown", (event) => {
  const card = event.target.closest?.("[data-card]");
  if (!card || event.target.closest("select, input, textarea")) return;
  if (event.key.toLowerCase() === "m" && !event.altKey && !event.ctrlKey && !event.metaKey) {
    const details = card.querySelector("details");
    if (details) {
      details.open = true;
      details.querySelector("select")?.focus();
      event.preventDefault();
    }
    return;
  }
  if (!event.shiftKey || event.altKey || event.ctrlKey || event.metaKey || !event.key.startsWith("Arrow")) return;
  const cell = card.closest("[data-board-cell]");
  const rows = [...document.querySelectorAll("[data-board] tbody tr")].map((row) => [...row.querySelectorAll("[data-board-cell]")]);
  const row = rows.findIndex((cells) => cells.includes(cell));
  const column = rows[row].indexOf(cell);
  const forward = document.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
  const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ? (event.key === forward ? 1 : -1) : 0;
  const down = { ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0;
  const next = rows[row + down]?.[column + across];
  if (!next) return;
  event.preventDefault();
  moves.set(card.querySelector("form[data-move]"), { card, cell, index: [...cell.children].indexOf(card) });
  if (send(card, next)) {
    next.append(card);
    (card.matches("[tabindex]") ? card : card.querySelector("a, summary"))?.focus();
    say(next.getAttribute("aria-label"));
  }
});

for (const name of ["htmx:response:error", "htmx:error"]) {
  document.addEventListener(name, (event) => {
    const form = event.detail.ctx?.sourceElement;
    if (form) restore(form);
  });
}

// What lies to the side: a fade at the edge and a button, for as long as there is something.
function edges() {
  for (const whole of document.querySelectorAll("[data-board-whole]")) {
    const frame = whole.querySelector("[data-board]");
    const gone = Math.abs(frame.scrollLeft);
    const more = { start: gone > 4, end: frame.scrollWidth - frame.clientWidth - gone > 4 };
    for (const side of ["start", "end"]) {
      whole.classList.toggle(`more-${side}`, more[side]);
      whole.querySelector(`.board-turn-${side}`).hidden = !more[side];
    }
  }
}
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-board-turn]");
  if (!button) return;
  const frame = button.closest("[data-board-whole]").querySelector("[data-board]");
  const forward = Number(button.dataset.boardTurn) * (document.dir === "rtl" ? -1 : 1);
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  frame.scrollBy({ left: forward * frame.clientWidth * 0.6, behavior });
});
document.addEventListener("scroll", edges, { capture: true, passive: true });
window.addEventListener("resize", edges);

document.addEventListener("htmx:after:swap", () => { wire(); edges(); });
wire();
edges();
