// One region says what happened. Good news leaves by itself; what went wrong stays until it is closed.
const LEAVES_AFTER = 6000;

export function toast(text, kind = "go") {
  const region = document.getElementById("toasts");
  if (!text || !region) return null;
  const notice = document.createElement("div");
  notice.className = `notice tone-${kind}`;
  const words = document.createElement("div");
  words.textContent = text;
  notice.append(words);
  region.append(notice);
  return notice;
}

function dress(notice) {
  if (!(notice instanceof HTMLElement) || !notice.matches(".notice")) return;
  const leaves = !notice.matches(".tone-stop, [data-stays]");
  const close = document.createElement("button");
  close.type = "button";
  close.className = "close";
  close.textContent = "×";
  close.ariaLabel = document.getElementById("toasts").dataset.closeLabel;
  close.addEventListener("click", () => notice.remove());
  notice.append(close);
  if (leaves) setTimeout(() => notice.remove(), LEAVES_AFTER);
}

const region = document.getElementById("toasts");
if (region) {
  new MutationObserver((changes) => {
    for (const change of changes) change.addedNodes.forEach(dress);
  }).observe(region, { childList: true });
}
