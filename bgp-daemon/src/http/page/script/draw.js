// What every view is drawn with. Names, descriptions and reasons may come from peers: all that is told reaches the
// page as text nodes, or as the value of an attribute that is named here.

const MONTH = 30 * 86400;
const UNITS = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]];

export const at = (id) => document.getElementById(id);

// An element; an attribute that is a function hears the event of its name.
export function h(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== ""));
  return element;
}

// Seconds in the two largest units that say something.
export function span(seconds) {
  const first = UNITS.findIndex(([size]) => seconds >= size);
  if (first < 0) return "0s";
  if (seconds > MONTH) return Math.floor(seconds / 86400) + "d";
  const [[size, unit], smaller] = [UNITS[first], UNITS[first + 1]];
  const rest = smaller ? Math.floor((seconds % size) / smaller[0]) : 0;
  return Math.floor(seconds / size) + unit + (rest ? " " + rest + smaller[1] : "");
}

const two = (number) => String(number).padStart(2, "0");
export const clock = (at) => [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
export const moment = (at) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(at)}`;

// A number and its noun.
export const some = (number, one, many) => `${count(number)} ${number === 1 ? one : many ?? one + "s"}`;
export const count = (number) => number.toLocaleString("en").replaceAll(",", "\u202f");

// The address of a view, with words that are kept in it.
export function address(view, words) {
  const said = Object.entries(words).filter(([, word]) => word);
  return "#" + view + (said.length ? "?" + new URLSearchParams(said) : "");
}

export const mark = (tone, ...text) => h("span", { class: "mark " + tone }, ...text);

export function note(id, text, failed) {
  at(id).textContent = text;
  at(id).classList.toggle("bad", Boolean(failed));
}

// Titles and what they say, in a grid.
export function facts(element, told) {
  element.replaceChildren(...told.filter(Boolean).map(([title, text, more, tone]) =>
    h("div", null, h("dt", null, title), h("dd", { class: tone }, text, more ? h("small", null, more) : ""))));
}

// Steps, each passed or not.
export function ladder(element, steps) {
  element.replaceChildren(...steps.map(({ passed, stage, subject, reason, tried }) =>
    h("li", { class: passed ? "good" : "bad", "aria-label": (passed ? "passed: " : "not passed: ") + stage },
      h("b", null, stage), h("span", null, h("em", null, subject), reason, (tried ?? []).map((rule) => h("small", null, rule))))));
}

// A table of columns {title, kind, key} and rows of cells {kind, of}. Whoever is in it by keyboard keeps the place.
export function table(element, columns, rows, empty, order) {
  const place = element.contains(document.activeElement) ? document.activeElement.dataset.place : null;
  const head = h("tr", { role: "row" }, columns.map((column) => heading(column, order)));
  const lines = rows.map((cells) => h("tr", { role: "row" }, cells.map((cell, n) => h("td",
    { role: "cell", class: cell.kind ?? columns[n].kind, "data-title": columns[n].title }, cell.of ?? cell))));
  if (!rows.length && empty) {
    lines.push(h("tr", { role: "row" }, h("td", { role: "cell", colspan: columns.length, class: "soft" }, empty)));
  }
  element.setAttribute("role", "table");
  element.replaceChildren(h("thead", { role: "rowgroup" }, rows.length ? head : ""), h("tbody", { role: "rowgroup" }, lines));
  if (place) [...element.querySelectorAll("[data-place]")].find((one) => one.dataset.place === place)?.focus({ preventScroll: true });
}

function heading({ title, kind, key }, order) {
  const attributes = { role: "columnheader", scope: "col", class: kind };
  if (!key || !order) return h("th", attributes, title);
  attributes["aria-sort"] = order.key !== key ? "none" : order.down ? "descending" : "ascending";
  return h("th", attributes, h("button", { type: "button", "data-place": "sort " + key, click: () => order.by(key) }, title));
}

// A line of values before bars of others, the latest at the right of so many `slots`.
export function spark(line, bars, slots, words) {
  const picture = at("spark").content.firstElementChild.cloneNode(true);
  const [width, height] = [120, 24];
  const [step, first] = [width / slots, slots - line.length];
  const scale = (values) => {
    const most = Math.max(...values, 1);
    return (value) => height - 1 - (value / most) * (height - 3);
  };
  const [high, tall] = [scale(line), scale(bars)];
  const points = line.map((value, n) => `${((first + n + 0.5) * step).toFixed(1)},${high(value).toFixed(1)}`);
  const blocks = bars.map((value, n) => value ? `M${((first + n) * step).toFixed(1)} ${height}V${tall(value).toFixed(1)}h${(step * 0.8).toFixed(1)}V${height}z` : "");
  picture.querySelector(".line").setAttribute("points", points.join(" "));
  picture.querySelector(".bars").setAttribute("d", blocks.join(""));
  picture.setAttribute("aria-label", words);
  picture.append(Object.assign(document.createElementNS(picture.namespaceURI, "title"), { textContent: words }));
  return picture;
}
