// What all acts share: elements, numbers as text, the settings that live in the URL, charts, pictures, the voice.
"use strict";

// ---- elements

const byId = (id) => document.getElementById(id);

/** An HTML element. Attributes that are functions are listeners: {click: f}. */
function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** An SVG element. */
function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat());
  return element;
}

/** a_j, as in the book: a letter and an index. */
function sub(letter, index) {
  return el("span", { class: "symbol" }, el("i", {}, letter), el("sub", {}, String(index)));
}

/** Text in which a_j, δ_j, w_kj and their like are set as in the book. */
function rich(text) {
  return String(text).split(/([a-zA-ZδΣ]_[a-zA-Z0-9]+)/).map((part, i) => (i % 2 ? sub(part[0], part.slice(2)) : part)).filter((part) => part !== "");
}

/** A select with options [value, text]; `change(value)` is told of a choice. */
function choice(label, options, value, change, attributes = {}) {
  const select = el("select", { change: () => change(select.value), ...attributes },
    options.map(([v, text]) => el("option", { value: v }, text)));
  select.value = String(value);
  const wrapped = el("label", { class: "field" }, el("span", {}, label), select);
  wrapped.set = (v) => { select.value = String(v); };
  wrapped.select = select;
  return wrapped;
}

/** A table under "The numbers": for those who do not see a chart, or want every digit. */
function numbersTable(caption, headings, rows) {
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el("table", {}, el("caption", {}, rich(caption)),
      el("thead", {}, el("tr", {}, headings.map((text) => el("th", { scope: "col" }, rich(text))))),
      el("tbody", {}, rows.map(([first, ...others]) => el("tr", {},
        el("th", { scope: "row" }, rich(first)), others.map((text) => el("td", {}, text)))))));
}

// ---- numbers as text

/** To `digits` places, "0" for what is exactly 0, and powers of ten where the places would not do. */
function number(v, digits = 4) {
  if (v === 0) return "0";
  if (!Number.isFinite(v)) return String(v).replace("-", "−");
  const size = Math.abs(v);
  const text = size < 0.5 * 10 ** -digits || size >= 1e6 ? v.toExponential(1) : v.toFixed(digits);
  return text.replace(/-/g, "−");
}

const percent = (fraction, digits = 1) => `${(100 * fraction).toFixed(digits)} %`;
const counted = (n) => n.toLocaleString("en");

// ---- settings: what a reader has chosen; they stand in the URL, so that a link shows the same

const known = {}; // name -> { standard, read(text) -> value or undefined, write(value) }
const settings = {};
const acts = {}; // id of the section -> draw()
let actInUse = "slope";

function setting(name, standard, read, write = String) {
  known[name] = { standard, read, write };
  settings[name] = standard;
}

/** A reader of whole or other numbers between two bounds. */
const between = (low, high, whole = false) => (text) => {
  const v = Number(text);
  return text.trim() !== "" && v >= low && v <= high && (!whole || Number.isInteger(v)) ? v : undefined;
};

/** A reader of one of these words. */
const oneOf = (...words) => (text) => (words.includes(text) ? text : undefined);

/** Take new values, draw all acts again and put the settings into the URL. */
function change(act, values) {
  actInUse = act;
  Object.assign(settings, values);
  redraw();
  clearTimeout(change.timer);
  change.timer = setTimeout(() => history.replaceState(null, "", link(actInUse)), 250);
}

function link(act) {
  const pairs = Object.entries(known)
    .filter(([name, { standard, write }]) => settings[name] !== null && write(settings[name]) !== write(standard))
    .map(([name, { write }]) => `${name}=${encodeURIComponent(write(settings[name])).replace(/%2C/g, ",")}`);
  return `#${act}${pairs.length ? `?${pairs.join("&")}` : ""}`;
}

/** What the URL says: unknown names and values out of bounds are passed over. */
function readLink() {
  const [act, query] = location.hash.slice(1).split("?");
  if (query !== undefined) {
    for (const [name, { standard }] of Object.entries(known)) settings[name] = standard;
    for (const [name, text] of new URLSearchParams(query)) {
      const value = Object.hasOwn(known, name) ? known[name].read(text) : undefined;
      if (value !== undefined) settings[name] = value;
    }
  }
  if (acts[act]) actInUse = act;
  return acts[act] ? act : null;
}

/** Draw all acts before the next frame; many changes at once are drawn once. */
function redraw() {
  if (redraw.waits) return;
  redraw.waits = true;
  requestAnimationFrame(() => {
    redraw.waits = false;
    for (const draw of Object.values(acts)) draw();
  });
}

// ---- the voice: one polite region, half a second after the last move

function say(text) {
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { byId("voice").textContent = text; }, 500);
}

// ---- pictures

const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Pixels (width * height, 0 to 255) as dark ink on light paper, as MNIST is printed. */
function showInk(canvas, pixels, width = 28, height = 28) {
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    image.data.fill(255 - pixels[i], 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Numbers of both signs: blue above 0, orange below, paper at 0; `size` is full colour. */
function showSigned(canvas, values, width, height, size) {
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height), ends = [rgb(colour("paper")), rgb(colour("right")), rgb(colour("wrong"))];
  for (let i = 0; i < width * height; i++) {
    const share = Math.min(1, Math.abs(values[i]) / size || 0), end = ends[values[i] > 0 ? 1 : 2];
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = ends[0][c] + share * (end[c] - ends[0][c]);
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function rgb(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

// ---- a chart of lines

/**
 * `series`: [{ colour, dash, points: [[x, y], ...], thin, mark }]; `options`: { label, x, xMax, top, settled, format }.
 * With `settled` the height is that of the lines after their first tenth; what begins above it is cut off.
 * Gives an SVG as wide as its place; the numbers stand in a table elsewhere.
 */
function lineChart(place, series, options) {
  const width = Math.max(280, place.clientWidth || 480), height = 220;
  const left = 52, right = width - 22, top = 14, bottom = height - 34;
  const all = series.flatMap((each) => each.points).filter(([, y]) => Number.isFinite(y));
  const xMax = options.xMax ?? Math.max(1e-9, ...all.map(([x]) => x));
  const later = options.settled && all.length > 40 ? all.filter(([x]) => x >= 0.1 * xMax) : all;
  const low = 0, high = options.top ?? niceTop(Math.max(1e-9, ...later.map(([, y]) => y)));
  const X = (x) => left + (right - left) * x / xMax;
  const Y = (y) => bottom - (bottom - top) * (Math.min(high, Math.max(low, y)) - low) / (high - low);
  const parts = [];
  for (let i = 0; i <= 4; i++) {
    const y = low + (high - low) * i / 4;
    parts.push(svg("line", { x1: left, x2: right, y1: Y(y), y2: Y(y), class: "rule" }),
      svg("text", { x: left - 6, y: Y(y) + 4, class: "tick end" }, options.format ? options.format(y) : String(+y.toPrecision(3))));
  }
  for (const share of [0, 0.5, 1]) {
    parts.push(svg("text", { x: X(share * xMax), y: bottom + 16, class: `tick ${share === 0 ? "" : share === 1 ? "end" : "middle"}` },
      String(+(share * xMax).toPrecision(3))));
  }
  parts.push(svg("text", { x: (left + right) / 2, y: height - 3, class: "tick middle" }, options.x));
  const marks = []; // letters at the ends of the lines
  for (const each of series) {
    const points = each.points.filter(([, y]) => Number.isFinite(y)).map(([x, y]) => `${X(x).toFixed(1)},${Y(y).toFixed(1)}`);
    parts.push(svg("polyline", { points: points.join(" "), fill: "none", stroke: `var(--${each.colour})`,
      "stroke-width": each.thin ? 1.2 : 2.4, "stroke-dasharray": each.dash ?? "", "stroke-linejoin": "round" }));
    if (each.mark && points.length) {
      const [x, y] = points[points.length - 1].split(",").map(Number);
      marks.push({ x: x + 4, y: y + 5, text: each.mark, fill: `var(--${each.colour})` });
    }
  }
  marks.sort((p, q) => q.y - p.y); // from below, each at least a letter above the last
  marks.forEach((mark, i) => { if (i) mark.y = Math.min(mark.y, marks[i - 1].y - 13); });
  for (const { x, y, text, fill } of marks) parts.push(svg("text", { x, y, fill, class: "mark" }, text));
  place.replaceChildren(svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": options.label }, parts));
}

/** The next of 1, 1.5, 2, 3, 5, 8 times a power of ten. */
function niceTop(v) {
  const unit = 10 ** Math.floor(Math.log10(v));
  return unit * [1, 1.5, 2, 3, 5, 8, 10].find((step) => step * unit >= v * 0.999999);
}

// ---- what was put into the page: digits and networks

const stored = JSON.parse(byId("stored").textContent);

function fromBase64(text) {
  const binary = atob(text), bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Pixels of 4 bits, two a byte, as bytes of 0 to 255. */
async function unpackPixels(text) {
  const stream = new Blob([fromBase64(text)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer()), pixels = new Uint8Array(2 * packed.length);
  for (let i = 0; i < packed.length; i++) {
    pixels[2 * i] = (packed[i] >> 4) * 17;
    pixels[2 * i + 1] = (packed[i] & 15) * 17;
  }
  return pixels;
}

const digits = { train: null, test: null }; // each { n, pixels, labels, images }, once `ready`

async function unpackDigits() {
  for (const name of ["test", "train"]) {
    const { n, pixels: text, labels } = stored.digits[name];
    const pixels = await unpackPixels(text);
    digits[name] = { n, pixels, labels: Uint8Array.from(labels, Number), images: new Images(pixels, n) };
  }
}

/** The network of a run: its arrays are float32, layer by layer, w and then b. */
function networkOf({ sizes, hidden, output, cost, error, parameters }) {
  const net = new Network({ sizes, hidden, output, cost, error });
  const values = new Float32Array(fromBase64(parameters).buffer);
  let at = 0;
  for (const { w, b } of net.layers) for (const array of [w, b]) { array.set(values.subarray(at, at + array.length)); at += array.length; }
  return net;
}

// ---- the networks that the reader can look through

const networks = {}; // name -> { title, net, scale }; "start" and "trained" are the page's own

/** The network that acts 1, 2 and 6 take their z from; the fresh one while the chosen one is not there. */
function chosenNetwork() {
  return networks[settings.net] ?? networks.start;
}

/** Copy `text`; a button says that it is done. */
async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // some browsers give no clipboard to a file
    const field = el("textarea", {}, text);
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    button.focus();
  }
  const was = button.textContent;
  button.textContent = "copied";
  say("copied");
  setTimeout(() => { button.textContent = was; }, 1500);
}
