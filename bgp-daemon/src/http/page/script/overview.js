// The daemon as a whole: whether all is well, what is not, and how far it is from being ready.

import { at, count, facts, h, ladder, link, mark, moment, some, span } from "./draw.js";

// What somebody should look at: what is bad, and what will pass.
function trouble({ config_error: refused, draining, groups, headless, kernel, peers, topology, unconfirmed }, ready) {
  const expected = peers.total - peers.disabled;
  const missing = expected - peers.established;
  const detached = groups.flatMap((group) => group.detached).join(", ");
  const bad = [
    refused && "The last reload was refused: " + refused.split("\n")[0],
    headless !== null && `Headless for ${span(headless)}: routes are kept that nobody tells any more`,
    ...topology,
    missing && link(`${count(missing)} of ${count(expected)} peers are not Established`, "sessions", { down: "1" }),
    kernel?.diverged && link("The kernel refuses " + some(kernel.diverged, "route"), "kernel", {}),
  ];
  const fair = [
    ...ready.rungs.map(({ passed, reason }) => !passed && "Not ready: " + reason),
    draining && `Draining: it leaves within ${span(draining.remaining)}`,
    unconfirmed !== null && `The configuration is undone in ${span(unconfirmed)} unless somebody confirms it`,
    detached && "Far behind and told the state of the day: " + detached,
  ];
  return { bad: bad.filter(Boolean), fair: fair.filter(Boolean) };
}

function verdict(found, isReady) {
  const tone = Object.keys(found).find((tone) => found[tone].length) ?? "good";
  const words = { good: "All is well", fair: "Not settled yet", bad: isReady ? "Ready, with something to look at" : "Not ready" };
  const drawn = h("div", h("strong", words[tone]), h("ul", Object.keys(found).map((tone) => found[tone].map((text) => h("li", mark(tone, text))))));
  // A screen reader reads it anew where it changed, and only there.
  if (at("verdict").textContent !== drawn.textContent) at("verdict").replaceChildren(drawn);
  at("verdict").className = tone;
}

export function overview(status, ready) {
  verdict(trouble(status, ready), ready.ready);
  const { groups, kernel, peers, routes } = status;
  const backlog = Math.max(0, ...groups.map((group) => group.backlog));
  facts(at("facts"), [
    ["Peers Established", `${count(peers.established)} of ${count(peers.total)}`, peers.disabled && count(peers.disabled) + " disabled", peers.established < peers.total - peers.disabled && "bad"],
    ...Object.entries(routes).map(([family, table]) =>
      [family.replace("ipv", "IPv") + " prefixes", count(table.prefixes), some(table.paths, "path")]),
    kernel && ["Kernel routes", count(kernel.installed), kernel.differing ? count(kernel.differing) + " not as wished" : "all as wished", kernel.diverged && "bad"],
    ["Update groups", count(groups.length), backlog ? some(backlog, "octet") + " of backlog" : "nothing waits"],
    ["Configuration", "generation " + status.generation, status.digest.slice(0, 12)],
    ["Up for", span(status.uptime), "since " + moment(status.started)],
  ]);
  ladder(at("rungs"), ready.rungs.map(({ passed, name, reason }) => ({ passed, stage: name, reason })));
}
