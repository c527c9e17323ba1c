// Peers: which are up, why others are not, and what each told lately.

import { address, at, clock, count, facts, h, mark, some, span, spark, table } from "./draw.js";

// Rows drawn at most: a mesh has thousands, and nobody reads them all.
const ROWS = 500;
// Samples that a picture of the past has room for at least.
const SLOTS = 12;

let peers = [];
let trends = { interval: 0, slots: SLOTS, peers: new Map() };
const order = { key: "state", down: false, by(key) { order.down = order.key === key && !order.down; order.key = key; sessions(); } };

const sum = (peer, view) => Object.values(peer.routes).reduce((all, counts) => all + counts[view], 0);
const isUp = (peer) => peer.state === "Established";
const why = (peer) => (isUp(peer) ? "" : peer.last_error ?? "");

const COLUMNS = [
  { title: "Peer", key: "name", kind: "name", of: (peer) => peer.name },
  { title: "Address", key: "address", kind: "code", of: (peer) => peer.address },
  { title: "AS", key: "asn", kind: "number", of: (peer) => peer.asn ?? 0 },
  { title: "State", key: "state", kind: "state", of: (peer) => (isUp(peer) ? 1 : 0) },
  { title: "Received", key: "received", kind: "number", of: (peer) => sum(peer, "received") },
  { title: "Accepted", key: "accepted", kind: "number", of: (peer) => sum(peer, "accepted") },
  { title: "Sent", key: "advertised", kind: "number", of: (peer) => sum(peer, "advertised") },
  { title: "Lately", of: () => 0 },
  { title: "Reason", key: "why", kind: "long", of: why },
];

export const told = (list) => { peers = list; };
export const tend = ({ interval, peers }) => {
  const slots = peers.reduce((most, one) => Math.max(most, one.routes.length), SLOTS);
  trends = { interval, slots, peers: new Map(peers.map((one) => [one.name, one])) };
};
export const tone = (peer) => (isUp(peer) ? "good" : peer.state === "Idle" ? "bad" : "fair");
export const known = () => peers.slice(0, ROWS).map((peer) => peer.name);

function lately(peer) {
  const trend = trends.peers.get(peer.name);
  if (!trend || trend.routes.length < 2) return "";
  const [least, most] = [Math.min(...trend.routes), Math.max(...trend.routes)];
  const updates = trend.updates.reduce((all, one) => all + one, 0);
  const routes = least === most ? some(most, "route") : `${count(least)} to ${some(most, "route")}`;
  const time = span(trends.interval * trend.routes.length);
  return spark(trend.routes, trend.updates, trends.slots, `${routes} and ${some(updates, "UPDATE")} within ${time}`);
}

function row(peer) {
  const next = !isUp(peer) && peer.next_attempt ? "next attempt " + clock(new Date(peer.next_attempt)) : "";
  const name = h("a", { href: address("sessions", { peer: peer.name }), "data-place": "peer " + peer.name }, peer.name);
  return [
    { of: [name, peer.description ? h("small", null, peer.description) : ""] },
    peer.address, peer.asn ?? "any",
    { of: [mark(tone(peer), peer.state), h("small", null, "for " + span(peer.age))] },
    ...["received", "accepted", "advertised"].map((view) => count(sum(peer, view))),
    { of: lately(peer) }, { of: [why(peer), next ? h("small", null, next) : ""] },
  ].map((cell) => (cell.of === undefined ? { of: String(cell) } : cell));
}

// One of them, in full.
function card(name) {
  const peer = peers.find((peer) => peer.name === name);
  at("peer").hidden = !peer;
  if (!peer) return;
  const list = h("dl", { class: "facts" });
  facts(list, [
    ["Session", `${peer.address}, AS ${peer.asn ?? "any"}`, peer.local_address ? `from ${peer.local_address}, AS ${peer.local_asn}` : `our AS ${peer.local_asn}`],
    ["BGP Identifier", peer.router_id ?? "unknown", peer.client ? "a client of ours" : peer.dynamic ? "from a range" : ""],
    ["Hold time", peer.hold_time === null ? "none yet" : peer.hold_time + " s"],
    ["UPDATEs", `${count(peer.messages_received.updates)} received`, count(peer.messages_sent.updates) + " sent"],
    ...Object.entries(peer.routes).map(([family, counts]) =>
      [family.replace("ipv", "IPv"), `${count(counts.received)} received`, `${count(counts.accepted)} accepted, ${count(counts.advertised)} sent`]),
    ["Capabilities", peer.capabilities.join(", ") || "none agreed"],
  ]);
  const link = (text, view, words) => h("a", { href: address(view, words), "data-place": text }, text);
  at("peer").replaceChildren(
    h("h3", null, mark(tone(peer), peer.name, ": ", peer.state, " for ", span(peer.age))),
    h("p", { class: "soft" }, peer.description), h("p", { class: isUp(peer) ? "soft" : "bad" }, peer.last_error ? "Ended last: " + peer.last_error : ""), list,
    h("p", { class: "links" }, link("Routes received", "routes", { of: "in", peer: name }), link("Routes sent", "routes", { of: "out", peer: name }), link("Close", "sessions", {})));
}

function matching() {
  const wanted = at("sessions-filter").value.trim().toLowerCase();
  const text = (peer) => [peer.name, peer.address, "as" + peer.asn, peer.state, peer.description, why(peer)].join(" ").toLowerCase();
  return peers.filter((peer) => !(at("sessions-down").checked && isUp(peer)) && text(peer).includes(wanted));
}

// Draws what is known; `words` are those of the address, where it has changed.
export function sessions(words) {
  if (words) at("sessions-down").checked = words.get("down") === "1";
  const chosen = (words ?? new URLSearchParams(location.hash.split("?")[1])).get("peer");
  const place = at("peer").contains(document.activeElement) ? document.activeElement.dataset.place : null;
  card(chosen);
  if (place) at("peer").querySelector(`[data-place="${place}"]`)?.focus({ preventScroll: true });
  const shown = matching();
  const key = COLUMNS.find((column) => column.key === order.key).of;
  shown.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a.name < b.name ? -1 : 1) * (order.down ? -1 : 1));
  at("sessions-count").textContent = shown.length > ROWS ? `the first ${ROWS} of ${count(shown.length)}` : `${count(shown.length)} of ${count(peers.length)}`;
  table(at("sessions-table"), COLUMNS, shown.slice(0, ROWS).map(row), peers.length ? "No peer matches." : "No peer is configured.", order);
}
