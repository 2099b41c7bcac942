// What runs out: shows the time that is left, and says when there is none. What a live region brings later counts too.
//   <strong data-countdown="1763683200" data-over="The reservation has run out."></strong>
// `data-quiet` says so without calling out: one of many on a board.
const two = (number) => String(number).padStart(2, "0");

function show() {
  for (const place of document.querySelectorAll("[data-countdown]")) {
    const left = Math.max(0, Math.round(Number(place.dataset.countdown) - Date.now() / 1000));
    const hours = Math.floor(left / 3600);
    const minutes = Math.floor(left / 60) % 60;
    const rest = two(left % 60);
    place.textContent = !left ? place.dataset.over : hours ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
    if (!left) {
      if (!("quiet" in place.dataset)) place.setAttribute("role", "alert");
      place.removeAttribute("data-countdown");
    }
  }
}
setInterval(show, 1000);
show();
