// The search for routes, and why a prefix is where it is.

import { ask } from "./ask.js";
import { at, compare, count, h, ladder, note, small, some, span, table, why } from "./draw.js";
import { fill } from "./forms.js";

// Routes of one page.
const PAGE = 200;

const path = (as) => (Array.isArray(as) ? `{${as.join(" ")}}` : as);
const communities = (route) => [...route.communities, ...route.large_communities, ...route.extended_communities].join(" ");
const standing = (route) => (route.best ? "best" : route.multipath ? "beside the best" : route.stale ? "stale" : "candidate");

const COLUMNS = [
  { title: "Prefix", kind: "code", of: (route) => why(route.prefix, route.peer) },
  { title: "Standing", kind: "state", of: (route) => h("span", { class: route.best ? "good" : "soft" }, standing(route)) },
  { title: "From", of: (route) => route.peer ?? route.source },
  { title: "Next hop", kind: "code", of: (route) => [route.next_hop ?? "", small(route.interface)] },
  { title: "AS path", kind: "code path", of: (route) => [route.as_path.map(path).join(" "), small(communities(route))] },
  { title: "Preference", kind: "number", of: (route) => route.local_preference ?? "" },
  { title: "Age", kind: "number", of: (route) => span(route.age) },
  { title: "Why not best", kind: "long", of: (route) => route.reason },
];

let [found, next] = [[]];
// The latest question: an answer to one before it comes too late.
let latest = 0;

// Asks, and shows the answer below the form of a view.
async function search(view, path, show) {
  const asked = ++latest;
  note(view + "-note", "asking");
  try {
    const answer = await ask(path);
    if (asked === latest) show(answer);
  } catch (error) {
    if (asked === latest) note(view + "-note", error.message, true);
  }
}

const page = (path, before) => search("routes", path, (answer) => {
  [found, next] = [before.concat(answer), answer.next];
  found.sort((a, b) => compare(a.prefix, b.prefix) || b.best - a.best);
  note("routes-note", some(found.length, "path") + (next ? ", and there are more" : ""));
  table(at("routes-table"), COLUMNS, found, "Nothing matches.");
  at("routes-more").hidden = !next;
});

export function routes(words) {
  const wanted = fill("routes", words);
  if (!wanted) return note("routes-note", "An empty search lists the table page by page.");
  return page(`routes?${wanted}&limit=${PAGE}`, []);
}

export function explain(words) {
  const wanted = fill("explain", words);
  at("explain-candidates").hidden = true;
  at("explain-steps").replaceChildren();
  if (!words.get("prefix")) return note("explain-note", "Why a prefix is where it is: from its origin to peers and the kernel.");
  return search("explain", "explain?" + wanted, explained);
}

function explained({ prefix, steps, candidates }) {
  const stops = steps.filter((step) => !step.passed).length;
  const outcome = stops ? count(stops) + " of them do not let it through" : "all of them let it through";
  note("explain-note", `${prefix}: ${steps.length ? some(steps.length, "step") + ", " + outcome : "nobody tells it, and nothing covers it"}`);
  ladder(at("explain-steps"), steps);
  at("explain-candidates").hidden = !candidates.length;
  table(at("explain-table"), COLUMNS, candidates);
}

at("routes-more").addEventListener("click", () => page(next, found));
