// What happens, as it happens. The browser takes up a stream again by itself, from the last event it has seen.

import { ask } from "./ask.js";
import { address, at, clock, h, mark, moment, note, some, table } from "./draw.js";

// Events shown at most, and kept while nobody wants to see more.
const KEPT = 300;
// Milliseconds until a stream that was refused is asked for again.
const AGAIN = 5000;
// Milliseconds in which all that happens is drawn once: thousands of sessions may end in one second.
const SOON = 100;

const COLUMNS = [{ title: "Time", kind: "code" }, { title: "What", kind: "state" }, { title: "Whom", kind: "code" }, { title: "Why", kind: "long" }];
const BAD = ["session.down", "session.failed", "update.fault", "route.limit", "route.headless", "topology.flaw", "connection.refused", "gap"];
const GOOD = ["session.up", "restart.over", "route.thawed", "topology.mended"];

let [stream, asked, timer] = [null, null, null];
let [seen, waiting, paused] = [[], [], false];
let heard = () => {};
let drawing = null;

const tone = (event) => (BAD.includes(event) ? "bad" : GOOD.includes(event) ? "good" : "wait");
const side = (one) => (typeof one === "string" ? one : [one.peer ?? one.source, one.route].filter(Boolean).join(" "));

function row(event) {
  const change = [event.from, event.to].filter(Boolean).map(side).join(" → ");
  const whom = event.prefix ? h("a", { href: address("explain", { prefix: event.prefix }) }, event.prefix)
    : event.peer ? h("a", { href: address("sessions", { peer: event.peer }) }, event.peer) : "";
  const words = event.event === "gap" ? "Some of what happened here is not remembered any more" : event.reason;
  const more = [change, event.prefix && event.peer, event.families?.join(", "), (event.prefixes ?? []).join(", ")].filter(Boolean).join(", ");
  return [
    { of: h("time", { datetime: event.time, title: event.time && moment(new Date(event.time)) }, event.time ? clock(new Date(event.time)) : "") },
    { of: mark(tone(event.event), event.event) }, { of: whom }, { of: [words ?? "", more ? h("small", null, more) : ""] },
  ];
}

function draw() {
  table(at("events-table"), COLUMNS, seen.map(row), "Nothing has happened yet.");
  at("events-pause").textContent = paused ? `Go on${waiting.length ? `, ${some(waiting.length, "event")} more` : ""}` : "Pause";
  at("events-pause").setAttribute("aria-pressed", paused);
}

const kept = (events) => events.slice(0, KEPT);

function hear(message) {
  const event = JSON.parse(message.data);
  if (paused) waiting = kept([event, ...waiting]);
  else seen = kept([event, ...seen]);
  drawing ??= setTimeout(() => { drawing = null; draw(); }, SOON);
  heard();
}

function listen(words, after) {
  stream?.close();
  stream = new EventSource("/api/v1/events?" + new URLSearchParams(after ? { ...words, after } : words));
  stream.addEventListener("message", hear);
  stream.addEventListener("open", () => note("events-note", "live"));
  stream.addEventListener("error", () => {
    note("events-note", "connection lost, trying again", true);
    // Refused, and not lost: the browser does not ask again by itself.
    if (stream.readyState === EventSource.CLOSED) timer = setTimeout(() => open(words), AGAIN);
  });
}

async function open(words) {
  rest();
  asked = JSON.stringify(words);
  try {
    const { body } = await ask("events?" + new URLSearchParams({ ...words, limit: KEPT }));
    if (asked !== JSON.stringify(words)) return;
    [seen, waiting] = [body.reverse(), []];
    draw();
    listen(words, seen[0]?.id);
  } catch (error) {
    note("events-note", "connection lost: " + error.message, true);
    timer = setTimeout(() => open(words), AGAIN);
  }
}

// What the address asks for; without a word all that is no change of a best path.
export function events(words) {
  for (const field of ["peer", "prefix"]) at("events-" + field).value = words.get(field) ?? "";
  at("events-routes").checked = words.get("only") === "all";
  const said = Object.fromEntries([...words].filter(([, word]) => word));
  const wanted = { only: "events", ...(said.prefix ? { only: "all" } : {}), ...said };
  if (asked !== JSON.stringify(wanted)) open(wanted);
}

// Somebody looks again: what happened meanwhile is asked for.
export const wake = () => open(asked ? JSON.parse(asked) : { only: "events" });
export const rest = () => { clearTimeout(timer); stream?.close(); };

// `then` hears that something has happened.
export function begin(then) {
  heard = then;
  const said = () => ({ only: at("events-routes").checked ? "all" : "", peer: at("events-peer").value.trim(), prefix: at("events-prefix").value.trim() });
  at("events-form").addEventListener("submit", (event) => { event.preventDefault(); location.hash = address("events", said()); });
  at("events-routes").addEventListener("input", () => { location.hash = address("events", said()); });
  at("events-pause").addEventListener("click", () => {
    paused = !paused;
    if (!paused) [seen, waiting] = [kept([...waiting, ...seen]), []];
    draw();
  });
}
