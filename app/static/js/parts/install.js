// Offers to put the site among the apps: from somebody's second visit on, and not for 90 days after a no. A cookie
// remembers it, because signing out empties everything else that this browser keeps of the site.
const AGAIN = 30 * 60_000; // a later page than this is another visit
const QUIET_DAYS = 90;
const hint = document.querySelector("[data-install]");

function remember(value, days) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `install=${value}; path=/; max-age=${days * 86_400}; samesite=lax${secure}`;
}
function visits() {
  const [count, last] = (/(?:^|; )install=(\d+)\.(\d+)/.exec(document.cookie) ?? []).slice(1).map(Number);
  const now = count && Date.now() - last < AGAIN ? count : (count || 0) + 1;
  remember(`${now}.${Date.now()}`, 365);
  return now;
}
function begin() {
  if (matchMedia("(display-mode: standalone)").matches || navigator.standalone || /(?:^|; )install=no/.test(document.cookie)) return;
  if (visits() < 2) return;
  let asked = null;
  const button = hint.querySelector("[data-install-now]");
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    asked = event;
    button.hidden = hint.hidden = false;
  });
  addEventListener("appinstalled", () => { hint.hidden = true; });
  button.addEventListener("click", async () => {
    await asked.prompt();
    if ((await asked.userChoice).outcome === "dismissed") remember("no", QUIET_DAYS);
    hint.hidden = true;
  });
  hint.querySelector("[data-install-no]").addEventListener("click", () => {
    remember("no", QUIET_DAYS);
    hint.hidden = true;
  });
  const isApple = /iPhone|iPad|iPod/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
  if (isApple) hint.querySelector("[data-install-apple]").hidden = hint.hidden = false;
}
if (hint) begin();
