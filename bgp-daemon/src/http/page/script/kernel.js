// The kernel's table beside what is wished of it.

import { ask } from "./ask.js";
import { address, at, clock, count, facts, h, mark, note, some, table } from "./draw.js";

// More differences than these are one cause; the command line lists all of them.
const ROWS = 500;

const COLUMNS = [
  { title: "Prefix", kind: "code" }, { title: "Standing", kind: "state" }, { title: "Wished", kind: "code path" }, { title: "Held", kind: "code path" }, { title: "Why", kind: "long" },
];
const TONES = { diverged: "bad", pending: "fair", adopted: "fair" };

function row(route) {
  const again = route.next_attempt ? `${some(route.refusals, "refusal")}, next attempt ${clock(new Date(route.next_attempt))}` : "";
  return [
    { of: h("a", { href: address("explain", { prefix: route.prefix }), "data-place": route.prefix }, route.prefix) },
    { of: mark(TONES[route.standing] ?? "good", route.standing) },
    { of: route.wished ?? "nothing" }, { of: route.installed ?? "nothing of ours" },
    { of: [route.reason ?? "", again ? h("small", null, again) : ""] },
  ];
}

export async function kernel({ kernel: totals }) {
  if (!totals) return note("kernel-note", "This daemon leaves the kernel alone.");
  facts(at("kernel-facts"), [
    ["Installed", count(totals.installed), "as wished"], ["Diverged", count(totals.diverged), "refused", totals.diverged ? "bad" : ""],
    ["Pending", count(totals.pending), "on the way", totals.pending ? "fair" : ""], ["Adopted", count(totals.adopted), "found at start", totals.adopted ? "fair" : ""],
    ["Foreign", count(totals.foreign), "of others, left alone"], ["Learned", count(totals.learned), "of others, told to peers"],
  ]);
  if (totals.differing > ROWS) return note("kernel-note", `${count(totals.differing)} differences: caracal kernel --drift lists them.`);
  const { body } = totals.differing ? await ask("kernel?drift=true") : { body: [] };
  note("kernel-note", body.length ? some(body.length, "prefix is", "prefixes are") + " not as wished" : "The kernel holds what is wished.");
  return table(at("kernel-table"), COLUMNS, body.map(row));
}
