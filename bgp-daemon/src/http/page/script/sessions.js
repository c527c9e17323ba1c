// Peers: which are up, why others are not, and what each told lately.

import { at, clock, compare, count, facts, h, link, mark, redraw, small, some, span, spark, table } from "./draw.js";

// Rows drawn at most: a mesh has thousands, and nobody reads them all.
const ROWS = 200;

let peers = [];
let trends = { interval: 0, peers: new Map() };
const order = { title: "State", down: false, by(title) { order.down = order.title === title && !order.down; order.title = title; sessions(); } };

const isUp = (peer) => peer.state === "Established";
const reason = (peer) => (isUp(peer) ? "" : peer.enabled ? peer.last_error ?? "" : "disabled");
const sum = (view) => (peer) => Object.values(peer.routes).reduce((all, counts) => all + counts[view], 0);
const routes = (title, view) => ({ title, key: sum(view), kind: "number", of: (peer) => count(sum(view)(peer)) });
const tone = (peer) => (isUp(peer) ? "good" : !peer.enabled ? "wait" : peer.state === "Idle" ? "bad" : "fair");

const COLUMNS = [
  { title: "Peer", key: (peer) => peer.name, kind: "name", of: (peer) => [link(peer.name, "sessions", { peer: peer.name }), small(peer.description)] },
  { title: "Address", key: (peer) => peer.address, kind: "code" },
  { title: "AS", key: (peer) => peer.asn ?? 0, kind: "number", of: (peer) => peer.asn ?? "any" },
  { title: "State", key: (peer) => isUp(peer), kind: "state", of: (peer) => [mark(tone(peer), peer.state), small("for " + span(peer.age))] },
  routes("Received", "received"), routes("Accepted", "accepted"), routes("Sent", "advertised"),
  { title: "Lately", of: lately },
  { title: "Reason", key: reason, kind: "long", of: (peer) => [reason(peer), small(!isUp(peer) && peer.next_attempt && "next attempt " + clock(peer.next_attempt))] },
];

export function told(list) {
  peers = list;
  at("names").replaceChildren(...peers.slice(0, ROWS).map(({ name }) => h("option", { value: name })));
}

export const tend = ({ interval, peers }) => { trends = { interval, peers: new Map(peers.map((one) => [one.name, one])) }; };

function lately(peer) {
  const trend = trends.peers.get(peer.name);
  if (!(trend?.routes.length > 1)) return "";
  const [least, most] = [Math.min(...trend.routes), Math.max(...trend.routes)];
  const updates = trend.updates.reduce((all, one) => all + one, 0);
  const routes = (least === most ? "" : count(least) + " to ") + some(most, "route");
  return spark(trend.routes, trend.updates, `${routes} and ${some(updates, "UPDATE")} within ${span(trends.interval * trend.routes.length)}`);
}

// One of them, in full.
function card(name) {
  const peer = peers.find((peer) => peer.name === name);
  at("peer").hidden = !peer;
  if (!peer) return;
  const list = h("dl", { class: "facts" });
  facts(list, [
    ["AS", peer.asn ?? "any", "ours is " + peer.local_asn],
    ["BGP Identifier", peer.router_id ?? "unknown", peer.client ? "a client of ours" : peer.dynamic ? "from a range" : ""],
    ["Hold time", peer.hold_time === null ? "none yet" : peer.hold_time + " s"],
    ["UPDATEs", `${count(peer.messages_received.updates)} received`, count(peer.messages_sent.updates) + " sent"],
    ...Object.entries(peer.routes).map(([family, counts]) =>
      [family.replace("ipv", "IPv"), `${count(counts.received)} received`, `${count(counts.accepted)} accepted, ${count(counts.advertised)} sent`]),
    ["Capabilities", peer.capabilities.join(", ") || "none agreed"],
  ]);
  redraw(at("peer"),
    h("h2", mark(tone(peer), peer.name, ": ", peer.state, " for ", span(peer.age))),
    h("p", { class: "soft" }, peer.description),
    h("p", { class: "code" }, peer.address, peer.local_address ? " from " + peer.local_address : ""),
    h("p", { class: isUp(peer) ? "soft" : "bad" }, peer.last_error ? "Ended last: " + peer.last_error : ""), list,
    h("p", { class: "links" }, link("Routes received", "routes", { of: "in", peer: name }), link("Routes sent", "routes", { of: "out", peer: name }),
      link("Events", "events", { peer: name }), link("Close", "sessions", {})));
}

function matching() {
  const wanted = at("sessions-filter").value.trim().toLowerCase();
  const text = (peer) => [peer.name, peer.address, "as" + peer.asn, peer.state, peer.description, reason(peer)].join(" ").toLowerCase();
  return peers.filter((peer) => !(at("sessions-down").checked && isUp(peer)) && text(peer).includes(wanted));
}

// Draws what is known; `words` are those of the address, where it has changed.
export function sessions(words) {
  if (words) at("sessions-down").checked = words.get("down") === "1";
  card((words ?? new URLSearchParams(location.hash.split("?")[1])).get("peer"));
  const shown = matching();
  const { key } = COLUMNS.find((column) => column.title === order.title);
  shown.sort((a, b) => (compare(key(a), key(b)) || compare(a.name, b.name)) * (order.down ? -1 : 1));
  at("sessions-count").textContent = `${count(Math.min(ROWS, shown.length))} of ${count(peers.length)}`;
  table(at("sessions-table"), COLUMNS, shown.slice(0, ROWS), peers.length ? "No peer matches." : "No peer is configured.", order);
}
