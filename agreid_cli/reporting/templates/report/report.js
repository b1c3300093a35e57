"use strict";
// The page is complete without this script; it only filters and sorts its content.
for (const form of document.querySelectorAll("form.filters")) {
  const list = document.getElementById(form.dataset.for);
  const queries = Array.from(list.querySelectorAll(".query"));
  const show = form.querySelector("[data-filter]");
  const order = form.querySelector("[data-order]");
  const person = form.querySelector("[data-person]");
  const count = form.querySelector("[data-count]");
  const orders = {
    given: (a, b) => a.dataset.given - b.dataset.given,
    worst: (a, b) => a.dataset.ap - b.dataset.ap || a.dataset.given - b.dataset.given,
    best: (a, b) => b.dataset.ap - a.dataset.ap || a.dataset.given - b.dataset.given,
  };
  const update = () => {
    const wanted = person.value.trim();
    let shown = 0;
    for (const query of queries) {
      const fits = (show.value === "all" || query.dataset.right === show.value)
        && (!wanted || query.dataset.person === wanted);
      query.hidden = !fits;
      shown += fits;
    }
    list.append(...queries.slice().sort(orders[order.value]));
    count.textContent = shown === queries.length ? `${shown} queries` : `${shown} of ${queries.length} queries`;
  };
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  update();
}
// Expand everything that is collapsed before printing.
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details:not([open])")) {
    fold.open = true;
    fold.dataset.printed = "";
  }
});
addEventListener("afterprint", () => {
  for (const fold of document.querySelectorAll("details[data-printed]")) {
    fold.open = false;
    delete fold.dataset.printed;
  }
});
