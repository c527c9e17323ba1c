// Forms and addresses: a form writes what it asks into the address, to be shared, and whoever follows the address asks.

import { address, at, said } from "./draw.js";

// The fields of a view's form by the words they stand for in its address.
const fields = (view) => [...at(view + "-form").querySelectorAll("input, select")].map((field) => [field.id.split("-")[1], field]);

// Fills a form in with the words of an address, or the first of its options; what they ask of the daemon.
export function fill(view, words) {
  for (const [word, field] of fields(view)) field.value = words.get(word) ?? field.options?.[0].value ?? "";
  return said(Object.fromEntries(words));
}

export function begin() {
  for (const view of ["routes", "explain", "events"]) {
    const form = at(view + "-form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const wanted = address(view, Object.fromEntries(fields(view).map(([word, field]) => [word, field.value.trim()])));
      if (location.hash === wanted) dispatchEvent(new Event("hashchange"));
      else location.hash = wanted;
    });
    form.addEventListener("change", ({ target }) => target.matches("select") && form.checkValidity() && form.requestSubmit());
  }
}
