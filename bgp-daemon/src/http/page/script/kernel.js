// The kernel's table beside what is wished of it.

import { ask } from "./ask.js";
import { at, clock, count, facts, mark, note, small, some, table, why } from "./draw.js";

// More differences than these are one cause; the command line lists all of them.
const ROWS = 500;

const TONES = { diverged: "bad", pending: "fair", adopted: "fair" };
const COLUMNS = [
  { title: "Prefix", kind: "code", of: (route) => why(route.prefix) },
  { title: "Standing", kind: "state", of: (route) => mark(TONES[route.standing] ?? "good", route.standing) },
  { title: "Wished", kind: "code path", of: (route) => route.wished ?? "nothing" },
  { title: "Held", kind: "code path", of: (route) => route.installed ?? "nothing of ours" },
  { title: "Why", kind: "long", of: (route) => [route.reason ?? "", small(route.next_attempt && `${some(route.refusals, "refusal")}, next attempt ${clock(route.next_attempt)}`)] },
];

export async function kernel({ kernel: totals }) {
  if (!totals) return note("kernel-note", "This daemon leaves the kernel alone.");
  facts(at("kernel-facts"), [
    ["Installed", count(totals.installed), "as wished"],
    ["Diverged", count(totals.diverged), "refused", totals.diverged && "bad"],
    ["Pending", count(totals.pending), "on the way", totals.pending && "fair"],
    ["Adopted", count(totals.adopted), "found at start", totals.adopted && "fair"],
    ["Foreign", count(totals.foreign), "of others, left alone"],
    ["Learned", count(totals.learned), "of others, told to peers"],
  ]);
  if (totals.differing > ROWS) return note("kernel-note", `${count(totals.differing)} differences: caracal kernel --drift lists them.`);
  const differing = totals.differing ? await ask("kernel?drift=true") : [];
  note("kernel-note", differing.length ? some(differing.length, "prefix is", "prefixes are") + " not as wished" : "The kernel holds what is wished.");
  return table(at("kernel-table"), COLUMNS, differing);
}
