// Which view is shown, what is asked for it and how often, and the keyboard.

import { ask } from "./ask.js";
import { at, clock, count, h } from "./draw.js";
import * as happening from "./events.js";
import { kernel } from "./kernel.js";
import { overview } from "./overview.js";
import { begin, explain, routes } from "./routes.js";
import { known, sessions, tend, told } from "./sessions.js";

// Milliseconds between two looks; a daemon that answers slowly is asked less often.
const PACE = 4000;
const PATIENCE = 10;
// Milliseconds between what happens and the look at what it did: much happens at once.
const SOON = 500;

// Views in the order of their keys, and what a change of the address means to each.
const VIEWS = { overview: null, sessions, routes, explain, kernel: null, events: happening.events };
const SEARCH = { sessions: "sessions-filter", explain: "explain-prefix", events: "events-prefix" };

let shown = "overview";
let [timer, soon] = [null, null];

function show() {
  const [view, words] = location.hash.slice(1).split("?");
  if (view && !(view in VIEWS)) return;
  shown = view || "overview";
  for (const name of Object.keys(VIEWS)) at("view-" + name).hidden = name !== shown;
  for (const link of at("views").children) {
    if (link.hash === "#" + shown) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  VIEWS[shown]?.(new URLSearchParams(words));
  look();
}

function badge(id, number) {
  at(id).textContent = number ? count(number) : "";
  at(id).className = number ? "count bad" : "count";
}

function everywhere(status) {
  at("who").textContent = status.router_id;
  at("what").textContent = `${status.role}, AS ${status.asn}, version ${status.version}`;
  document.title = `${status.router_id} · Caracal`;
  badge("sessions-badge", status.peers.total - status.peers.established);
  badge("kernel-badge", status.kernel?.differing);
}

async function refresh() {
  const [status, ready] = (await Promise.all([ask("status"), ask("ready")])).map(({ body }) => body);
  everywhere(status);
  overview(status, ready);
  if (shown === "kernel") await kernel(status);
  if (shown === "kernel" || shown === "overview") return;
  const [peers, trends] = await Promise.all([ask("peers"), shown === "sessions" ? ask("trends") : null]);
  told(peers.body);
  if (trends) tend(trends.body);
  if (shown === "sessions") sessions();
  else at("names").replaceChildren(...known().map((name) => h("option", { value: name })));
}

async function look() {
  clearTimeout(timer);
  const began = performance.now();
  try {
    await refresh();
    fresh("good", "live, " + clock(new Date()));
  } catch (error) {
    fresh("bad", "no answer: " + error.message);
  }
  clearTimeout(timer);
  timer = setTimeout(look, Math.max(PACE, (performance.now() - began) * PATIENCE));
}

function hint() {
  soon ??= setTimeout(() => { soon = null; look(); }, SOON);
}

function fresh(tone, text) {
  at("fresh").className = "mark " + tone;
  at("fresh").textContent = text;
}

function press(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const typing = event.target.matches("input, select");
  if (event.key === "Escape" && typing) event.target.blur();
  if (typing) return;
  const view = Object.keys(VIEWS)[event.key - 1];
  if (view) location.hash = view;
  if (event.key !== "/") return;
  event.preventDefault();
  if (!SEARCH[shown] && shown !== "routes") location.hash = "routes";
  // The view of a new address is shown in a moment.
  setTimeout(() => at(SEARCH[shown] ?? "routes-prefix").focus());
}

begin();
addEventListener("hashchange", show);
addEventListener("keydown", press);
at("skip").addEventListener("click", (event) => { event.preventDefault(); at("main").focus(); });
at("sessions-form").addEventListener("submit", (event) => event.preventDefault());
for (const id of ["sessions-filter", "sessions-down"]) at(id).addEventListener("input", () => sessions());
document.addEventListener("visibilitychange", () => {
  if (document.hidden) clearTimeout(timer);
  else look();
  (document.hidden ? happening.rest : happening.wake)();
});
happening.begin(hint);
show();
if (shown !== "events") happening.wake();
