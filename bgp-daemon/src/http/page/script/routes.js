// The search for routes, and why a prefix is where it is. What is asked is in the address, to be shared.

import { ask } from "./ask.js";
import { address, at, count, h, ladder, note, some, span, table } from "./draw.js";

// Routes of one page.
const PAGE = 200;

const COLUMNS = [
  { title: "Prefix", kind: "code" }, { title: "Standing" }, { title: "From" }, { title: "Next hop", kind: "code" },
  { title: "AS path", kind: "code path" }, { title: "Preference", kind: "number" }, { title: "Age", kind: "number" }, { title: "Why not best", kind: "long" },
];

let [found, next] = [[], null];
// The latest question: an answer to one before it comes too late.
let latest = 0;

function standing(route) {
  if (route.best) return { of: h("span", { class: "good" }, "best"), kind: "state" };
  return { of: h("span", { class: "soft" }, route.multipath ? "beside the best" : route.stale ? "stale" : "candidate"), kind: "state" };
}

function row(route) {
  const prefix = h("a", { href: address("explain", { prefix: route.prefix }), "data-place": route.prefix + " " + route.peer }, route.prefix);
  const said = [...route.communities, ...route.large_communities, ...route.extended_communities].join(" ");
  return [
    { of: prefix }, standing(route), { of: route.peer ?? route.source },
    { of: [route.next_hop ?? "", route.interface ? h("small", null, route.interface) : ""] },
    { of: [route.as_path.map((as) => (Array.isArray(as) ? `{${as.join(" ")}}` : as)).join(" "), said ? h("small", null, said) : ""] },
    { of: String(route.local_preference ?? "") }, { of: span(route.age) }, { of: route.reason },
  ];
}

function draw() {
  note("routes-note", some(found.length, "path") + (next ? ", and there are more" : ""));
  found.sort((a, b) => a.prefix.localeCompare(b.prefix, "en", { numeric: true }) || b.best - a.best);
  table(at("routes-table"), COLUMNS, found.map(row), "Nothing matches.");
  at("routes-more").hidden = !next;
}

async function search(path, before) {
  const asked = ++latest;
  note("routes-note", "asking");
  try {
    const page = await ask(path);
    if (asked !== latest) return;
    [found, next] = [before.concat(page.body), page.next];
    draw();
  } catch (error) {
    if (asked === latest) note("routes-note", error.message, true);
  }
}

// Fills the form in with what the address says, and asks that.
export function routes(words) {
  for (const field of ["prefix", "scope", "of", "peer"]) at("routes-" + field).value = words.get(field) ?? { scope: "exact", of: "all" }[field] ?? "";
  if (![...words.keys()].length) return note("routes-note", "An empty search lists the table page by page.");
  const wanted = new URLSearchParams([...words].filter(([, word]) => word));
  wanted.set("limit", PAGE);
  return search("routes?" + wanted, []);
}

export async function explain(words) {
  for (const field of ["prefix", "about", "peer"]) at("explain-" + field).value = words.get(field) ?? "";
  at("explain-candidates").hidden = true;
  at("explain-steps").replaceChildren();
  at("explain-table").replaceChildren();
  if (!words.get("prefix")) return note("explain-note", "Why a prefix is where it is: from its origin to peers and the kernel.");
  const asked = ++latest;
  note("explain-note", "asking");
  try {
    const { body } = await ask("explain?" + new URLSearchParams([...words].filter(([, word]) => word)));
    if (asked === latest) explained(body);
  } catch (error) {
    if (asked === latest) note("explain-note", error.message, true);
  }
}

function explained({ prefix, steps, candidates }) {
  const stops = steps.filter((step) => !step.passed).length;
  note("explain-note", steps.length ? `${prefix}: ${some(steps.length, "step")}, ${stops ? count(stops) + " of them do not let it through" : "all of them let it through"}` : `${prefix}: nobody tells it, and nothing covers it`);
  ladder(at("explain-steps"), steps);
  at("explain-candidates").hidden = !candidates.length;
  if (candidates.length) table(at("explain-table"), COLUMNS, candidates.map(row));
}

// Forms write the address; whoever follows the address asks.
export function begin() {
  const form = (view, fields) => at(view + "-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const said = address(view, Object.fromEntries(fields.map((field) => [field, at(`${view}-${field}`).value.trim()])));
    if (location.hash === said) dispatchEvent(new Event("hashchange"));
    else location.hash = said;
  });
  form("routes", ["prefix", "scope", "of", "peer"]);
  form("explain", ["prefix", "about", "peer"]);
  at("routes-more").addEventListener("click", () => search(next, found));
}
