// Which view is shown, what is asked for it and how often, and the keyboard.

import { ask } from "./ask.js";
import { at, clock } from "./draw.js";
import { events, rest, wake } from "./events.js";
import { begin } from "./forms.js";
import { kernel } from "./kernel.js";
import { overview } from "./overview.js";
import { explain, routes } from "./routes.js";
import { sessions, tend, told } from "./sessions.js";

// Milliseconds between two looks; a daemon that answers slowly is asked less often.
const PACE = 4000;
const PATIENCE = 10;
// Milliseconds between what happens and the look at what it did: much happens at once.
const SOON = 500;

// Views in the order of their keys, and what a change of the address means to each.
const VIEWS = { overview: null, sessions, routes, explain, kernel: null, events };

let shown = "overview";
let timer, soon;

function show() {
  const [view, words] = location.hash.slice(1).split("?");
  if (view && !Object.hasOwn(VIEWS, view)) return;
  shown = view || "overview";
  for (const name of Object.keys(VIEWS)) at("view-" + name).hidden = name !== shown;
  for (const link of at("views").children) link.ariaCurrent = link.hash === "#" + shown ? "page" : null;
  VIEWS[shown]?.(new URLSearchParams(words));
  look();
}

function everywhere(status) {
  at("who").textContent = status.router_id;
  at("what").textContent = `${status.role}, AS ${status.asn}, version ${status.version}`;
  document.title = `${status.router_id} · Caracal`;
  at("sessions-badge").textContent = status.peers.total - status.peers.disabled - status.peers.established || "";
  at("kernel-badge").textContent = status.kernel?.differing || "";
}

async function refresh() {
  const [status, ready] = await Promise.all([ask("status"), ask("ready")]);
  everywhere(status);
  overview(status, ready);
  if (shown === "kernel") await kernel(status);
  if (shown === "kernel" || shown === "overview") return;
  const [peers, trends] = await Promise.all([ask("peers"), shown === "sessions" ? ask("trends") : null]);
  told(peers);
  if (trends) tend(trends);
  if (shown === "sessions") sessions();
}

async function look() {
  clearTimeout(timer);
  const began = performance.now();
  try {
    await refresh();
    fresh("good", "live, " + clock(Date.now()));
  } catch (error) {
    fresh("bad", "no answer: " + error.message);
  }
  clearTimeout(timer);
  timer = setTimeout(look, Math.max(PACE, (performance.now() - began) * PATIENCE));
}

function fresh(tone, text) {
  at("fresh").className = "mark " + tone;
  at("fresh").textContent = text;
}

function press(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.matches("input, select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const view = Object.keys(VIEWS)[event.key - 1];
  if (view) location.hash = view;
  if (event.key !== "/") return;
  event.preventDefault();
  const field = () => at("view-" + shown).querySelector("input");
  if (!field()) location.hash = "routes";
  // The view of a new address is shown in a moment.
  setTimeout(() => field().focus());
}

begin();
addEventListener("hashchange", show);
addEventListener("keydown", press);
addEventListener("happened", () => { soon ??= setTimeout(() => { soon = null; look(); }, SOON); });
at("skip").addEventListener("click", (event) => { event.preventDefault(); at("main").focus(); });
at("sessions-form").addEventListener("submit", (event) => event.preventDefault());
for (const id of ["sessions-filter", "sessions-down"]) at(id).addEventListener("input", () => sessions());
document.addEventListener("visibilitychange", () => {
  if (document.hidden) clearTimeout(timer);
  else look();
  (document.hidden ? rest : wake)();
});
show();
if (shown !== "events") wake();
