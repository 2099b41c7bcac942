// Cash at the counter: what goes back, while the cashier types. The server works it out again.
//   <form data-cash data-currency="USD" data-digits="2"> amount, tendered, [data-change] with [data-change-sum]
const minor = (text, digits) => {
  const plain = text.includes(",") && !text.includes(".") ? text.replace(",", ".") : text.replaceAll(",", "");
  const value = Number(plain);
  return plain.trim() && Number.isFinite(value) ? Math.round(value * 10 ** digits) : null;
};
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-cash]");
  if (!form) return;
  const digits = Number(form.dataset.digits);
  const amount = minor(form.elements.amount.value, digits);
  const tendered = minor(form.elements.tendered.value, digits);
  const change = amount === null || tendered === null ? -1 : tendered - amount;
  const place = form.querySelector("[data-change]");
  place.hidden = change < 0;
  const words = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: form.dataset.currency });
  form.querySelector("[data-change-sum]").textContent = change < 0 ? "" : words.format(change / 10 ** digits);
});
