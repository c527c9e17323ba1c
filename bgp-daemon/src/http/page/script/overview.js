// The daemon as a whole: whether all is well, what is not, and how far it is from being ready.

import { address, at, count, facts, h, ladder, mark, moment, some, span } from "./draw.js";

// What somebody should look at, worst first.
function trouble(status, ready) {
  const { peers, kernel, draining, unconfirmed } = status;
  const missing = peers.total - peers.established;
  const detached = status.groups.flatMap((group) => group.detached);
  return [
    status.config_error && ["bad", "The last reload was refused: " + status.config_error.split("\n")[0]],
    status.headless !== null && ["bad", `Headless for ${span(status.headless)}: routes are kept that nobody tells any more`],
    ...status.topology.map((flaw) => ["bad", flaw]),
    missing && ["bad", h("a", { href: address("sessions", { down: "1" }) }, `${count(missing)} of ${count(peers.total)} peers are not Established`)],
    kernel?.diverged && ["bad", h("a", { href: "#kernel" }, "The kernel refuses " + some(kernel.diverged, "route"))],
    ...ready.rungs.filter((rung) => !rung.passed).map((rung) => ["fair", `Not ready: ${rung.reason}`]),
    draining && ["fair", `Draining: it leaves within ${span(draining.remaining)}`],
    unconfirmed !== null && ["fair", `The configuration is undone in ${span(unconfirmed)} unless somebody confirms it`],
    detached.length && ["fair", `Far behind and told the state of the day: ${detached.join(", ")}`],
  ].filter(Boolean);
}

function verdict(status, ready) {
  const found = trouble(status, ready);
  const tone = found.some(([tone]) => tone === "bad") ? "bad" : found.length ? "fair" : "good";
  const words = { good: "All is well", fair: "Not settled yet", bad: ready.ready ? "Ready, with something to look at" : "Not ready" };
  const box = at("verdict");
  box.className = "verdict " + tone;
  const list = h("ul", null, found.map(([tone, text]) => h("li", null, mark(tone), text)));
  // A screen reader reads it anew where it changed, and only there.
  const drawn = [h("strong", { class: tone }, words[tone]), found.length ? list : ""].filter(Boolean);
  if (box.textContent !== drawn.map((part) => part.textContent).join("")) box.replaceChildren(...drawn);
}

export function overview(status, ready) {
  verdict(status, ready);
  const { peers, kernel } = status;
  const backlog = Math.max(0, ...status.groups.map((group) => group.backlog));
  facts(at("facts"), [
    ["Peers Established", `${count(peers.established)} of ${count(peers.total)}`, null, peers.established < peers.total ? "bad" : ""],
    ...Object.entries(status.routes).map(([family, table]) =>
      [family.replace("ipv", "IPv") + " prefixes", count(table.prefixes), some(table.paths, "path")]),
    kernel && ["Kernel routes", count(kernel.installed), kernel.differing ? count(kernel.differing) + " not as wished" : "all as wished", kernel.diverged ? "bad" : ""],
    ["Update groups", count(status.groups.length), backlog ? some(backlog, "octet") + " of backlog" : "nothing waits"],
    ["Configuration", "generation " + status.generation, status.digest.slice(0, 12)],
    ["Up for", span(status.uptime), "since " + moment(new Date(status.started))],
  ]);
  ladder(at("rungs"), ready.rungs.map(({ passed, name, reason }) => ({ passed, stage: name, subject: "", reason })));
}
