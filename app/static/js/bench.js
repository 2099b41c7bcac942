// The bench: the running clock counts on, and the screen stays awake while it does.
let lock = null;

async function wake() {
  const running = document.querySelector("[data-clock-since]");
  if (running && document.visibilityState === "visible" && !lock) {
    lock = await navigator.wakeLock?.request("screen").catch(() => null);
    lock?.addEventListener("release", () => { lock = null; });
  } else if (!running && lock) {
    await lock.release();
  }
}

// data-clock-since: seconds since the epoch; data-clock-before: seconds counted earlier
function tick() {
  for (const face of document.querySelectorAll("[data-clock-since]")) {
    const seconds = Math.max(0, Math.floor(Date.now() / 1000 - Number(face.dataset.clockSince))) + Number(face.dataset.clockBefore || 0);
    const two = (number) => String(number).padStart(2, "0");
    face.textContent = `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  }
}

setInterval(tick, 1000);
tick();
document.addEventListener("visibilitychange", wake);
document.addEventListener("htmx:after:swap", () => { tick(); wake(); });
wake();
