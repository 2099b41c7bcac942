// What runs out: shows the minutes and seconds that are left, and says when there are none. A region that is drawn anew
// brings its own.
//   <strong data-countdown="1763683200" data-over="The reservation has run out."></strong>
setInterval(show, 1000);

function show() {
  for (const place of document.querySelectorAll("[data-countdown]:not([role=alert])")) {
    const left = Math.max(0, Math.round(Number(place.dataset.countdown) - Date.now() / 1000));
    const minutes = String(Math.floor(left / 60));
    place.textContent = left ? `${minutes}:${String(left % 60).padStart(2, "0")}` : place.dataset.over;
    if (!left) place.setAttribute("role", "alert");
  }
}
show();
