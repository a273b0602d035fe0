// Act 5: draw or pick a digit; preprocessing, contributions of pixels and of hidden neurons, softmax.
"use strict";

setting("prepare", "yes", oneOf("yes", "no"));
setting("look", null, between(0, 9, true), (v) => (v === null ? "" : String(v)));
setting("eye", Object.keys(stored.networks)[0] ?? "trained", oneOf("start", "trained", "run1", "run2", "run3", "run4"));
setting("neuron", null, between(0, 10000, true), (v) => (v === null ? "" : String(v)));

{
  const PAD = 280;
  const strokes = []; // each a list of [x, y] on the pad: points, so that they can be drawn again at any width
  let drawing = null;

  // ---- the pad
  const pad = byId("pad");
  const at = (event) => {
    const { left, top, width } = pad.getBoundingClientRect();
    return [(event.clientX - left) * PAD / width, (event.clientY - top) * PAD / width];
  };
  pad.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    pad.setPointerCapture(event.pointerId);
    drawing = [at(event)];
    strokes.push(drawing);
    redraw();
    event.preventDefault();
  });
  pad.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) drawing.push(at(each));
    redraw();
  });
  const end = () => {
    if (!drawing) return;
    drawing = null;
    redraw();
    setTimeout(() => say(byId("answer").textContent), 100);
  };
  pad.addEventListener("pointerup", end);
  pad.addEventListener("pointercancel", end);
  byId("undo").addEventListener("click", () => { strokes.pop(); redraw(); });
  byId("clear").addEventListener("click", () => { strokes.length = 0; redraw(); });

  /** The strokes as ink: as wide as a pen would be for a digit of this size, an eighth of it. */
  function inkOfStrokes() {
    const points = strokes.flat(), xs = points.map(([x]) => x), ys = points.map(([, y]) => y);
    const size = Math.max(...xs) - Math.min(...xs), high = Math.max(...ys) - Math.min(...ys);
    const canvas = el("canvas", { width: PAD, height: PAD }), pen = canvas.getContext("2d", { willReadFrequently: true });
    Object.assign(pen, { lineWidth: Math.max(6, Math.max(size, high) / 8), lineCap: "round", lineJoin: "round", strokeStyle: "#fff" });
    for (const [first, ...others] of strokes) {
      pen.beginPath();
      pen.moveTo(...first);
      for (const point of others.length ? others : [first]) pen.lineTo(...point);
      pen.stroke();
    }
    const { data } = pen.getImageData(0, 0, PAD, PAD);
    return Uint8Array.from({ length: PAD * PAD }, (_, i) => data[4 * i + 3]);
  }

  /** The whole pad made 28 x 28, without boxing or centring: what a network that is not prepared gets to see. */
  function shrunk(ink) {
    const digit = new Uint8Array(784), step = PAD / 28;
    for (let y = 0; y < 28; y++) {
      for (let x = 0; x < 28; x++) {
        let sum = 0;
        for (let v = 0; v < step; v++) for (let u = 0; u < step; u++) sum += ink[(y * step + v) * PAD + x * step + u];
        digit[28 * y + x] = Math.round(sum / (step * step));
      }
    }
    return digit;
  }

  // ---- controls
  const netChoice = choice("network", [], settings.eye, (v) => change("inside", { eye: v }));
  const index = el("input", { type: "number", min: 0, max: stored.digits.test.n - 1, step: 1, input: () => pick(index.valueAsNumber) });
  const prepare = el("input", { type: "checkbox", checked: true, change: () => change("inside", { prepare: prepare.checked ? "yes" : "no" }) });
  byId("inside-tools").append(netChoice, el("label", { class: "field" }, el("span", {}, "test digit number"), index),
    el("div", { class: "buttons" }, el("button", { type: "button", click: () => pick((settings.digit + 1) % digits.test.n) }, "next digit")),
    el("label", { class: "check" }, prepare, "box and centre what I draw"));
  const look = choice("output j", [], 0, (v) => change("inside", { look: v === "answer" ? null : Number(v), neuron: null }));
  const neuron = choice("hidden neuron", [], 0, (v) => change("inside", { neuron: v === "largest" ? null : Number(v) }));
  byId("look-tools").append(look, neuron);

  function pick(digit) {
    if (!Number.isInteger(digit) || digit < 0 || digit >= digits.test.n) return;
    strokes.length = 0;
    change("inside", { digit, z: null, y: null, neuron: null });
    setTimeout(() => say(`test digit ${digit}, a ${digits.test.labels[digit]}. ${byId("answer").textContent}`), 100);
  }

  /** Pixels (784) that the network is shown, with the pictures of how they came about. */
  function seen() {
    if (!strokes.length) {
      const pixels = digits.test.pixels.subarray(784 * settings.digit, 784 * (settings.digit + 1));
      return { pixels, label: digits.test.labels[settings.digit], pictures: [["test digit", pixels, 28, 28]] };
    }
    const ink = inkOfStrokes();
    const made = toDigit(ink, PAD, PAD);
    if (settings.prepare === "no" || !made) {
      const pixels = shrunk(ink);
      return { pixels, label: null, ink, pictures: [["drawn", ink, PAD, PAD], ["shrunk to 28 × 28", pixels, 28, 28]] };
    }
    const { small, digit } = made;
    return { pixels: digit, label: null, ink, pictures: [["drawn", ink, PAD, PAD], ["boxed to 20 pixels", inMiddle(small), 28, 28], ["centred by mass", digit, 28, 28]] };
  }

  /** An empty pad says what it is for. */
  function invite() {
    const pen = pad.getContext("2d");
    Object.assign(pen, { font: "20px system-ui, sans-serif", textAlign: "center", fillStyle: "#6a7178" });
    pen.fillText("draw a digit here", PAD / 2, PAD / 2);
  }

  /** The boxed digit in the middle of 28 x 28, to be looked at. */
  function inMiddle({ pixels, width, height }) {
    const digit = new Uint8Array(784), left = (28 - width) >> 1, top = (28 - height) >> 1;
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) digit[28 * (top + y) + left + x] = pixels[y * width + x];
    return digit;
  }

  // ---- drawing
  acts.inside = () => {
    const name = networks[settings.eye] ? settings.eye : Object.keys(networks).at(-1);
    const { title, net, scale } = networks[name], { pixels, label, ink, pictures } = seen();
    netChoice.select.replaceChildren(...Object.entries(networks).map(([value, each]) => el("option", { value }, each.title)));
    netChoice.set(name);
    index.value = settings.digit;
    prepare.checked = settings.prepare === "yes";
    showInk(pad, ink ?? new Uint8Array(PAD * PAD), PAD, PAD);
    if (!ink) invite();

    net.fold();
    const image = new Images(pixels, 1, 784, scale === 256 ? 256 : 255); // the book's 256 leaves ink a little below 1
    net.forward(image, 0);
    const a = Float64Array.from(net.a), z = Float64Array.from(net.z), answer = argmax(a);
    byId("answer").replaceChildren(el("b", {}, String(answer)), `is the answer of ${title}, with output ${number(a[answer], 3)}.`,
      label === null ? "" : ` ${answer === label ? "Right" : "Wrong"}: the digit is a ${label}.`);
    byId("steps").replaceChildren(...pictures.map(([text, values, width, height]) => {
      const canvas = el("canvas", { class: "ink", role: "img", "aria-label": text });
      showInk(canvas, values, width, height);
      return el("figure", {}, canvas, el("figcaption", {}, text));
    }));
    byId("steps-text").textContent = strokes.length
      ? settings.prepare === "yes" ? "MNIST’s digits stand in a box of 20 pixels, with their centre of mass at pixel 14. A drawing must look the same." : "Without preparation the network sees a digit of a size and at a place that it has never seen."
      : "A test digit is boxed and centred already. Draw one of your own in the field.";

    const j = settings.look ?? answer;
    look.select.replaceChildren(el("option", { value: "answer" }, `the answer (${answer})`), ...[...a.keys()].map((k) => el("option", { value: k }, String(k))));
    look.set(settings.look ?? "answer");
    contributions(net, image, pixels, j);
    softmaxTable(net, z, a);
  };

  /** z_j as bias and contributions a_k w_kj of the last layer; a chosen neuron's map of pixels. */
  function contributions(net, image, pixels, j) {
    const last = net.layers.length - 1, { w, b, n, nIn } = net.layers[last];
    const flat = last === 0;
    const parts = flat ? [] : Array.from({ length: nIn }, (_, k) => ({ k, a: net.activations[last - 1][k], v: net.activations[last - 1][k] * w[k * n + j] }));
    parts.sort((p, q) => Math.abs(q.v) - Math.abs(p.v));
    neuron.hidden = flat;
    const deep = net.layers.length > 2, first = net.layers[0];
    const largest = deep ? 0 : parts[0]?.k ?? 0;
    const unit = flat ? j : Math.min(first.n - 1, settings.neuron ?? largest);
    neuron.select.replaceChildren(el("option", { value: "largest" }, deep ? "the first" : `the one with most weight (${largest})`),
      ...Array.from({ length: flat ? 0 : first.n }, (_, k) => el("option", { value: k }, String(k))));
    neuron.set(settings.neuron === null ? "largest" : unit);

    // weights, pixels and their products
    const weights = Float64Array.from({ length: 784 }, (_, p) => first.w[p * first.n + unit]);
    const scale = image.value.length ? pixels[image.pixel[0]] / image.value[0] : 255;
    const products = weights.map((v, p) => v * pixels[p] / scale), top = (values) => Math.max(...values.map(Math.abs)) || 1;
    const map = (text, draw) => {
      const canvas = el("canvas", { class: "signed", role: "img", "aria-label": text });
      draw(canvas);
      return el("figure", {}, canvas, el("figcaption", {}, text));
    };
    const sum = products.reduce((s, v) => s + v, 0);
    byId("maps").replaceChildren(map("weights w", (c) => showSigned(c, weights, 28, 28, top(weights))), map("pixels x", (c) => showInk(c, pixels)),
      map("products x w", (c) => showSigned(c, products, 28, 28, top(products))));
    const z = sum + first.b[unit];
    byId("map-text").replaceChildren(flat ? `Output ${unit}: ` : `Hidden neuron ${unit}: `, `the products add up to ${number(sum)}; with the bias ${number(first.b[unit])} that is z = ${number(z)}`,
      flat ? "." : `, so a = ${number(net.activations[0][unit])}.`, " Blue is above 0, orange below.");

    const shown = parts.slice(0, 8), rest = parts.slice(8);
    const bars = flat ? [["pixels", products.reduce((s, v) => s + v, 0)]]
      : [...shown.map(({ k, v }) => [`neuron ${k}`, v]), ...(rest.length ? [[`${rest.length} others`, rest.reduce((s, { v }) => s + v, 0)]] : [])];
    bars.unshift(["bias", b[j]]);
    waterfall(bars, j, net.z[j]);
  }

  function waterfall(bars, j, total) {
    const place = byId("waterfall"), width = Math.max(280, Math.min(560, place.clientWidth || 480)), step = 22, left = 92, right = width - 66;
    let sum = 0;
    const ends = bars.map(([, v]) => [sum, sum += v]), all = [0, total, ...ends.flat()], low = Math.min(...all), high = Math.max(...all);
    const X = (v) => left + (right - left) * (v - low) / (high - low || 1);
    const rows = [...bars.map(([name, v], i) => [name, v, ...ends[i], v >= 0 ? "right" : "wrong"]), [`z${"₀₁₂₃₄₅₆₇₈₉"[j]}`, total, 0, total, "bar"]];
    const parts = [svg("line", { x1: X(0), x2: X(0), y1: 0, y2: rows.length * step, class: "rule" })];
    rows.forEach(([name, v, from, to, kind], i) => {
      const y = i * step;
      parts.push(svg("text", { x: left - 8, y: y + 15, class: "end" }, name),
        svg("rect", { x: Math.min(X(from), X(to)), y: y + 4, width: Math.max(1.5, Math.abs(X(to) - X(from))), height: step - 8, fill: `var(--${kind})` }),
        svg("text", { x: Math.max(X(from), X(to)) + 5, y: y + 15 }, number(v, 3)));
    });
    place.replaceChildren(svg("svg", { viewBox: `0 0 ${width} ${rows.length * step}`, width, height: rows.length * step, class: "waterfall", role: "img",
      "aria-label": `z of output ${j} step by step: ${rows.map(([name, v]) => `${name} ${number(v, 2)}`).join(", ")}` }, parts));
    byId("waterfall-text").textContent = `How z${"₀₁₂₃₄₅₆₇₈₉"[j]} comes about: its bias, then what each hidden neuron adds, activation times weight.`;
  }

  // ---- a table that is walked with the arrow keys: one stop for Tab, all digits of the chosen cell below it
  let cell = [0, 0];

  function softmaxTable(net, z, a) {
    const top = largest(z), soft = net.output === "softmax";
    const headings = soft ? ["j", "z_j", "z_j − max z", "exp(z_j − max z)", "a_j: that, divided by the sum"] : ["j", "z_j", `a_j = ${net.output}(z_j)`];
    const exps = z.map((v) => Math.exp(v - top)), sum = exps.reduce((s, v) => s + v, 0);
    const rows = [...z.keys()].map((j) => (soft ? [z[j], z[j] - top, exps[j], a[j]] : [z[j], a[j]]));
    const focused = byId("inside-table").contains(document.activeElement);
    cell = [Math.min(cell[0], rows.length - 1), Math.min(cell[1], rows[0].length - 1)];
    const table = el("table", { class: "grid", role: "grid", "aria-label": "From z to a", keydown: walk },
      el("thead", {}, el("tr", {}, headings.map((text) => el("th", { scope: "col" }, rich(text))))),
      el("tbody", {}, rows.map((row, j) => el("tr", {}, el("th", { scope: "row" }, String(j)), row.map((v, i) => el("td", { tabindex: j === cell[0] && i === cell[1] ? 0 : -1, title: v,
        focus: () => { cell = [j, i]; byId("full-number").textContent = `${headings[i + 1]}, j = ${j}: ${v}`; }, click: (event) => event.currentTarget.focus() }, number(v)))))));
    byId("inside-table").replaceChildren(el("div", { class: "scroll" }, table), soft ? el("p", { class: "soft" }, rich(`The sum of the ten exp(z_j − max z) is ${number(sum)}.`)) : "");
    if (focused) table.querySelector('td[tabindex="0"]').focus();
  }

  function walk(event) {
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!move) return;
    event.preventDefault();
    const rows = [...event.currentTarget.querySelectorAll("tbody tr")], row = rows[cell[0] + move[0]];
    const next = row?.querySelectorAll("td")[cell[1] + move[1]];
    if (!next) return;
    event.currentTarget.querySelector('td[tabindex="0"]').tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
}
