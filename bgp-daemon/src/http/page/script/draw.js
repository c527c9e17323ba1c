// What every view is drawn with. Names, descriptions and reasons may come from peers: all that is told reaches the
// page as text nodes, or as the value of an attribute that is named here.

const UNITS = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]];

export const at = (id) => document.getElementById(id);

// An element. A plain object among its parts has attributes, functions hear the event of their name; else it is content.
export function h(name, ...parts) {
  const element = document.createElement(name);
  for (const part of parts.flat(2)) {
    if (part?.constructor === Object) dress(element, part);
    else element.append(part ?? "");
  }
  return element;
}

function dress(element, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value ?? false) element.setAttribute(key, value);
  }
}

// What is said below something, if it is.
export const small = (text) => (text ? h("small", text) : "");

// Seconds in the two largest units that say something; weeks need no hours.
export function span(seconds) {
  const first = UNITS.findIndex(([size]) => seconds >= size);
  if (first < 0) return "0s";
  const [[size, unit], smaller] = [UNITS[first], UNITS[first + 1]];
  const rest = smaller && seconds < 30 * 86400 ? Math.floor((seconds % size) / smaller[0]) : 0;
  return Math.floor(seconds / size) + unit + (rest ? " " + rest + smaller[1] : "");
}

// A moment, in the hours of whoever looks.
export const clock = (at) => new Date(at).toLocaleTimeString("sv");
export const moment = (at) => new Date(at).toLocaleString("sv");

// A number, and with its noun.
export const count = (number) => number.toLocaleString("en").replaceAll(",", "\u202f");
export const some = (number, one, many = one + "s") => `${count(number)} ${number === 1 ? one : many}`;

// The order of names and addresses: 9 before 10.
export const { compare } = new Intl.Collator("en", { numeric: true });

// The address of a view, with words that are kept in it.
export const said = (words) => new URLSearchParams(Object.entries(words).filter(([, word]) => word)).toString();
export const address = (view, words) => "#" + view + (said(words) ? "?" + said(words) : "");

// A link to there, which keeps the keyboard's place when it is drawn anew.
export const link = (text, view, words, place = "") => h("a", { href: address(view, words), "data-place": text + place }, text);
export const why = (prefix, place) => link(prefix, "explain", { prefix }, place);

export const mark = (tone, ...text) => h("span", { class: "mark " + tone }, text);

export function note(id, text, failed = false) {
  at(id).textContent = text;
  at(id).classList.toggle("bad", failed);
}

// Draws anew, and whoever is in there by keyboard keeps the place.
export function redraw(element, ...parts) {
  const place = element.contains(document.activeElement) && document.activeElement.dataset.place;
  element.replaceChildren(...parts);
  if (place) element.querySelector(`[data-place="${CSS.escape(place)}"]`)?.focus({ preventScroll: true });
}

// Titles and what they say, in a grid.
export function facts(element, told) {
  element.replaceChildren(...told.filter(Boolean).map(([title, text, more, tone]) =>
    h("div", h("dt", title), h("dd", { class: tone }, text, small(more)))));
}

// Steps, each passed or not.
export function ladder(element, steps) {
  element.replaceChildren(...steps.map(({ passed, stage, subject = "", reason, tried = [] }) =>
    h("li", { class: passed ? "good" : "bad", "aria-label": (passed ? "passed: " : "not passed: ") + stage },
      h("b", stage), h("span", h("em", subject), reason, tried.map(small)))));
}

// A table of things. A column has a title, a kind, what a thing has there, and what it is sorted by, if it can be.
export function table(element, columns, things, empty, order) {
  const part = (name, role, ...parts) => h(name, { role }, ...parts);
  const row = (cells) => part("tr", "row", cells);
  const cell = (thing) => ({ title, kind, key, of = key }) => part("td", "cell", { class: kind, "data-title": title }, of(thing));
  const head = row(columns.map((column) => heading(column, order)));
  const lines = things.map((thing) => row(columns.map(cell(thing))));
  const nothing = row(part("td", "cell", { colspan: columns.length, class: "soft" }, empty));
  element.setAttribute("role", "table");
  redraw(element, part("thead", "rowgroup", things.length ? head : ""), part("tbody", "rowgroup", lines.length ? lines : nothing));
}

function heading({ title, kind, key }, order) {
  const attributes = { role: "columnheader", scope: "col", class: kind };
  if (!key) return h("th", attributes, title);
  attributes["aria-sort"] = order.title !== title ? "none" : order.down ? "descending" : "ascending";
  return h("th", attributes, h("button", { type: "button", "data-place": title, click: () => order.by(title) }, title));
}

// A line of values before bars of others, the latest at the right. A value is one wide, and the greatest of them one high.
export function spark(line, bars, words) {
  const picture = at("spark").content.firstElementChild.cloneNode(true);
  const top = (values) => (value) => 1 - value / Math.max(...values, 1);
  const [high, tall] = [line.map(top(line)), bars.map(top(bars))];
  picture.setAttribute("viewBox", `0 0 ${line.length} 1`);
  picture.querySelector(".line").setAttribute("points", high.map((y, n) => `${n + 0.5},${y}`).join(" "));
  picture.querySelector(".bars").setAttribute("d", tall.map((y, n) => `M${n} 1V${y}h.8V1z`).join(""));
  picture.querySelector("title").textContent = words;
  return picture;
}
