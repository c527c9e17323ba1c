"use strict";
// Everything that is told reaches the page as text nodes: names, descriptions and reasons may come from peers.
const PACE = 5000, PAGE = 200, ROWS = 500;
const at = (id) => document.getElementById(id);

function make(name, text, tone) {
  const element = document.createElement(name);
  if (text !== undefined && text !== null) element.textContent = String(text);
  if (tone) element.className = tone;
  return element;
}

async function ask(path) {
  const answer = await fetch("/api/v1/" + path, { headers: { Accept: "application/json" } });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error ? body.error.message : "status " + answer.status);
  return { body, next: (/<([^>]+)>/.exec(answer.headers.get("Link") || "") || [])[1] };
}

function span(seconds) {
  const parts = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]];
  const first = parts.findIndex(([size]) => seconds >= size);
  if (first < 0) return "0s";
  return parts.slice(first, first + 2).map(([size, unit], n) => {
    const count = n ? Math.floor((seconds % parts[first][0]) / size) : Math.floor(seconds / size);
    return count + unit;
  }).join(" ");
}

function table(element, columns, rows) {
  const head = make("tr");
  for (const { title, number, sort, order } of columns) {
    const cell = make("th", sort ? undefined : title, number ? "number" : "");
    cell.scope = "col";
    if (sort) {
      const button = make("button", title);
      button.type = "button";
      button.addEventListener("click", sort);
      cell.append(button);
      cell.setAttribute("aria-sort", order || "none");
    }
    head.append(cell);
  }
  const body = make("tbody");
  for (const row of rows) {
    const line = make("tr");
    for (const [text, tone] of row) line.append(make("td", text, tone));
    body.append(line);
  }
  const top = make("thead");
  top.append(head);
  // Whoever sorts by keyboard keeps the place.
  const focused = [...element.querySelectorAll("th button")].indexOf(document.activeElement);
  element.replaceChildren(top, body);
  if (focused >= 0) element.querySelectorAll("th button")[focused].focus();
}

function overview(status, ready) {
  at("who").textContent = `${status.role} · AS ${status.asn} · ${status.router_id} · version ${status.version}`;
  document.title = `${status.router_id} · Caracal`;
  const facts = [
    ["Peers Established", `${status.peers.established} of ${status.peers.total}`, status.peers.established < status.peers.total ? "fair" : "good"],
    ...Object.entries(status.routes).map(([family, table]) => [`${family} prefixes (paths)`, `${table.prefixes} (${table.paths})`]),
    ["Up for", span(status.uptime)],
    ["Configuration", `generation ${status.generation}`],
  ];
  if (status.kernel) facts.push(["Kernel routes", status.kernel.installed], ["Kernel drift", status.kernel.differing, status.kernel.differing ? "bad" : "good"]);
  if (status.config_error) facts.push(["Reload refused", status.config_error.split("\n")[0], "bad"]);
  if (status.headless !== null) facts.push(["Headless for", span(status.headless), "bad"]);
  if (status.draining) facts.push(["Draining", `leaves within ${status.draining.remaining} s`, "fair"]);
  for (const flaw of status.topology) facts.push(["Topology", flaw, "bad"]);
  at("facts").replaceChildren(...facts.map(([title, text, tone]) => {
    const pair = make("div");
    pair.append(make("dt", title), make("dd", text, tone));
    return pair;
  }));
  at("rungs").replaceChildren(...ready.rungs.map((rung) => make("li", `${rung.passed ? "✓" : "✗"} ${rung.name}: ${rung.reason}`, rung.passed ? "good" : "bad")));
}

let peers = [], order = { key: "name", down: false };
const sum = (peer, view) => Object.values(peer.routes).reduce((all, counts) => all + counts[view], 0);
const COLUMNS = [
  ["Peer", "name", (peer) => peer.name], ["Address", "address", (peer) => peer.address],
  ["AS", "asn", (peer) => peer.asn ?? 0, true], ["State", "state", (peer) => peer.state],
  ["For", "age", (peer) => peer.age, true], ["Received", "received", (peer) => sum(peer, "received"), true],
  ["Accepted", "accepted", (peer) => sum(peer, "accepted"), true], ["Sent", "advertised", (peer) => sum(peer, "advertised"), true],
  ["Reason and description", "why", (peer) => peer.last_error || ""],
];

function sessions() {
  const wanted = at("peers-filter").value.trim().toLowerCase();
  const text = (peer) => [peer.name, peer.address, "as" + peer.asn, peer.state, peer.description].join(" ").toLowerCase();
  const shown = peers.filter((peer) => text(peer).includes(wanted));
  const key = COLUMNS.find(([, key]) => key === order.key)[2];
  shown.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0) * (order.down ? -1 : 1));
  at("peers-count").textContent = shown.length > ROWS ? `${ROWS} of ${shown.length}` : `${shown.length}`;
  const columns = COLUMNS.map(([title, key, , number]) => ({
    title, number, order: key === order.key ? (order.down ? "descending" : "ascending") : "none",
    sort: () => { order = { key, down: order.key === key && !order.down }; sessions(); },
  }));
  table(at("peers"), columns, shown.slice(0, ROWS).map((peer) => {
    const up = peer.state === "Established";
    const why = [up ? "" : peer.last_error, !up && peer.next_attempt ? `next attempt ${peer.next_attempt}` : "", peer.description];
    return [[peer.name, "name"], [peer.address], [peer.asn, "number"], [peer.state, up ? "good" : "bad"], [span(peer.age), "number"],
      [sum(peer, "received"), "number"], [sum(peer, "accepted"), "number"], [sum(peer, "advertised"), "number"],
      [why.filter(Boolean).join(" · "), "soft"]];
  }));
}

let found = [], next = null;
function routes() {
  const columns = ["Prefix", "", "Source", "Next hop", "AS path", "Why not best"].map((title) => ({ title }));
  table(at("found"), columns, found.map((route) => [
    [route.prefix, "name"], [route.best ? "best" : route.multipath ? "beside" : "", "good"], [route.peer || route.source],
    [route.next_hop || route.interface], [route.as_path.flat().join(" "), "path"], [route.reason, "soft"],
  ]));
  at("routes-note").textContent = `${found.length} routes${next ? ", and there are more" : ""}`;
  at("more").hidden = !next;
}

async function search(path, keep) {
  at("steps").replaceChildren();
  try {
    const page = await ask(path);
    found = keep ? found.concat(page.body) : page.body;
    next = page.next ? page.next.replace("/api/v1/", "") : null;
    routes();
  } catch (error) { note("routes-note", error); }
}

function note(id, error) {
  at(id).textContent = error.message;
}

function question() {
  const words = new URLSearchParams({ scope: at("scope").value, of: at("of").value });
  for (const id of ["prefix", "peer"]) if (at(id).value.trim()) words.set(id, at(id).value.trim());
  return words;
}

async function explain() {
  const words = new URLSearchParams({ prefix: at("prefix").value.trim() });
  if (at("peer").value.trim()) words.set("peer", at("peer").value.trim());
  try {
    const { body } = await ask("explain?" + words);
    found = body.candidates;
    next = null;
    routes();
    at("routes-note").textContent = `${body.prefix}: ${body.steps.length} steps`;
    at("steps").replaceChildren(...body.steps.map((step) => make("li", `${step.passed ? "✓" : "✗"} ${step.stage} ${step.subject}: ${step.reason}`, step.passed ? "good" : "bad")));
  } catch (error) { note("routes-note", error); }
}

async function drift(status) {
  if (!status.kernel) { at("drift-note").textContent = "This daemon leaves the kernel alone."; return; }
  // Thousands of differences are one cause; the command line lists all.
  if (!status.kernel.differing) { at("drift-note").textContent = "The kernel holds what is wished."; table(at("drift"), [], []); return; }
  if (status.kernel.differing > ROWS) { at("drift-note").textContent = `${status.kernel.differing} differences: caracal kernel --drift lists them.`; return; }
  const { body } = await ask("kernel?drift=true");
  at("drift-note").textContent = `${body.length} prefixes are not as wished`;
  table(at("drift"), ["Prefix", "Standing", "Wished", "Held", "Why"].map((title) => ({ title })), body.map((route) => [
    [route.prefix, "name"], [route.standing, "bad"], [route.wished], [route.installed], [route.reason, "soft"],
  ]));
}

async function refresh() {
  try {
    const [status, ready, all] = await Promise.all([ask("status"), ask("ready"), ask("peers")]);
    overview(status.body, ready.body);
    peers = all.body;
    sessions();
    at("names").replaceChildren(...peers.slice(0, ROWS).map((peer) => Object.assign(make("option"), { value: peer.name })));
    await drift(status.body);
    at("fresh").textContent = `as of ${new Date().toLocaleTimeString()}`;
    at("fresh").className = "";
  } catch (error) {
    at("fresh").textContent = `no answer: ${error.message}`;
    at("fresh").className = "bad";
  }
  setTimeout(refresh, PACE);
}

// A search is kept in the address, to be shared.
function begin(keep) {
  const words = question();
  if (!keep) history.replaceState(null, "", "?" + words + "#routes");
  words.set("limit", PAGE);
  search("routes?" + words, false);
}

addEventListener("DOMContentLoaded", () => {
  const shared = new URLSearchParams(location.search);
  for (const id of ["prefix", "scope", "of", "peer"]) if (shared.has(id)) at(id).value = shared.get(id);
  at("peers-filter").addEventListener("input", sessions);
  at("peers-form").addEventListener("submit", (event) => event.preventDefault());
  at("routes-form").addEventListener("submit", (event) => { event.preventDefault(); begin(false); });
  at("explain").addEventListener("click", explain);
  at("more").addEventListener("click", () => search(next, true));
  if (shared.size) begin(true);
  refresh();
});
