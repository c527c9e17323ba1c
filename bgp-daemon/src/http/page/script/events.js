// What happens, as it happens. The browser takes up a stream again by itself, from the last event it has seen.

import { ask } from "./ask.js";
import { at, clock, h, link, mark, moment, note, small, some, table, why } from "./draw.js";
import { fill } from "./forms.js";

// Events shown at most, and kept while nobody wants to see more.
const KEPT = 300;
// Milliseconds until a stream that was refused is asked for again.
const AGAIN = 5000;
// Milliseconds in which all that happens is drawn once: thousands of sessions may end in one second.
const SOON = 100;

const TONES = { bad: /down|failed|fault|limit|headless|flaw|refused|rejected|conflict|gap/, good: /up$|over$|thawed|mended|healed/ };
const tone = (event) => Object.keys(TONES).find((tone) => TONES[tone].test(event)) ?? "wait";
const side = (one) => (typeof one === "string" ? one : [one.peer ?? one.source, one.route].filter(Boolean).join(" "));

const COLUMNS = [
  { title: "Time", kind: "code", of: ({ time }) => h("time", { datetime: time, title: moment(time) }, clock(time)) },
  { title: "What", kind: "state", of: ({ event }) => mark(tone(event), event) },
  { title: "Whom", kind: "code", of: ({ prefix, peer }) => (prefix ? why(prefix) : peer ? link(peer, "sessions", { peer }) : "") },
  { title: "Why", kind: "long", of: (event) => [event.reason ?? "", small(more(event))] },
];

function more({ from, to, prefix, peer, families = [], prefixes = [] }) {
  const change = [from, to].filter(Boolean).map(side).join(" → ");
  return [change, prefix && peer, ...families, ...prefixes].filter(Boolean).join(", ");
}

let stream, asked, timer, drawing;
let [seen, waiting, paused] = [[], [], false];

function draw() {
  table(at("events-table"), COLUMNS, seen, "Nothing has happened yet.");
  at("events-pause").textContent = paused ? `Go on${waiting.length ? `, ${some(waiting.length, "event")} more` : ""}` : "Pause";
  at("events-pause").setAttribute("aria-pressed", paused);
}

const happened = () => dispatchEvent(new Event("happened"));
const kept = (events) => events.slice(0, KEPT);

function hear(message) {
  const event = JSON.parse(message.data);
  if (paused) waiting = kept([event, ...waiting]);
  else seen = kept([event, ...seen]);
  drawing ??= setTimeout(() => { drawing = null; draw(); }, SOON);
  happened();
}

const lost = (why) => note("events-note", "connection lost, trying again" + why, true);

function listen(words) {
  stream?.close();
  stream = new EventSource("/api/v1/events?" + words);
  stream.addEventListener("message", hear);
  stream.addEventListener("open", () => {
    note("events-note", "live");
    happened();
  });
  stream.addEventListener("error", () => {
    lost("");
    // Refused, and not lost: the browser does not ask again by itself.
    if (stream.readyState === EventSource.CLOSED) timer = setTimeout(wake, AGAIN);
  });
}

// Somebody looks again: what happened meanwhile is asked for.
export async function wake() {
  rest();
  const words = asked ??= "&only=events";
  try {
    const latest = await ask(`events?${words}&limit=${KEPT}`);
    if (asked !== words) return;
    [seen, waiting] = [latest.reverse(), []];
    draw();
    listen(`${words}&after=${seen[0]?.id ?? 0}`);
  } catch (error) {
    lost(": " + error.message);
    timer = setTimeout(wake, AGAIN);
  }
}

export function rest() {
  clearTimeout(timer);
  stream?.close();
}

// What the address asks for; without a word all that is no change of a best path.
export function events(words) {
  const wanted = fill("events", words) + (words.get("only") ? "" : "&only=" + (words.get("prefix") ? "all" : "events"));
  if (asked === wanted) return;
  asked = wanted;
  wake();
}

at("events-pause").addEventListener("click", () => {
  paused = !paused;
  if (!paused) [seen, waiting] = [kept([...waiting, ...seen]), []];
  draw();
});
