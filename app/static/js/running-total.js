// The customer's page: the sum follows the choices. The server adds up again; this only shows.
//   <form data-running-total data-currency="USD" data-digits="2" lang="en">
//     <input type="radio" data-amount="12345" value="approve"> … <output data-total></output> <span data-count></span>
function show(form) {
  let minor = 0;
  let count = 0;
  for (const input of form.querySelectorAll("input[data-amount]:checked")) {
    minor += Number(input.dataset.amount);
    count += Number(input.dataset.amount) > 0 || input.dataset.counts === "yes" ? 1 : 0;
  }
  const digits = Number(form.dataset.digits ?? 2);
  const money = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: form.dataset.currency });
  form.querySelectorAll("[data-total]").forEach((place) => { place.textContent = money.format(minor / 10 ** digits); });
  form.querySelectorAll("[data-count]").forEach((place) => { place.textContent = String(count); });
}
const all = () => document.querySelectorAll("form[data-running-total]").forEach(show);
document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-running-total]");
  if (form) show(form);
});
document.addEventListener("htmx:after:swap", all);
all();
