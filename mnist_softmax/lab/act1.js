// Act 1: ten z_j to drag; both formulas and the measured slope of C = -ln a_y. Acts 2 and 6 use the same z and y.
"use strict";

const K = 10, Z_LIMIT = 60;
const readZ = (text) => {
  const z = text.split(",").map(Number);
  return z.length === K && z.every((v) => Math.abs(v) <= Z_LIMIT) ? z : undefined;
};
setting("digit", 0, between(0, stored.digits.test.n - 1, true));
// a fresh network is shown first: a trained one is sure of its digit, and all slopes are nearly 0
setting("net", "start", oneOf("start", "trained", "run1", "run2", "run3", "run4"));
setting("z", null, readZ, (z) => (z ? z.map((v) => +v.toFixed(3)).join(",") : ""));
setting("y", null, between(0, 9, true), (y) => (y === null ? "" : String(y)));
setting("out", "softmax", oneOf("softmax", "sigmoid"));
setting("c", 1, between(0.1, 20));
setting("h", 5, between(0, 16));

/** z, y, a, C and the slopes of acts 1 and 2, from the settings. */
function scene() {
  const net = chosenNetwork().net, i = settings.digit;
  net.forward(digits.test.images, i);
  const z = settings.z ? Float64Array.from(settings.z) : Float64Array.from(net.z);
  const y = settings.y ?? digits.test.labels[i], output = settings.out, c = output === "softmax" ? settings.c : 1;
  const scaled = z.map((v) => c * v), a = new Float64Array(K), h = 10 ** -settings.h;
  ACTIVATIONS[output].f(scaled, a);
  const C = COSTS.log_likelihood.value(output, scaled, a, y);
  const right = new Float64Array(K), wrong = new Float64Array(K);
  rightFormula(a, y, right);
  wrongFormula(a, y, wrong);
  const measured = Float64Array.from(z, (_, j) => slope(output, "log_likelihood", z, y, j, h, c));
  return { z, y, a, C, c, h, output, right: right.map((v) => c * v), wrong: wrong.map((v) => c * v), measured };
}

/** A copy of the z that are shown now, to change one of them. */
const zCopy = () => [...scene().z];

{
  const rows = [];
  let moved = 2; // the j of which the text speaks

  const head = ["j", "zⱼ: drag it", "zⱼ", "output aⱼ", "", "slope, from −1 to 1", "aⱼ − yⱼ", "yⱼ (aⱼ − 1)", "measured"];
  byId("rows").append(el("div", { class: "zrow head", "aria-hidden": "true" }, head.map((text, i) => el("span", { class: i > 5 || i === 2 ? "n" : "" }, text))));
  for (let j = 0; j < K; j++) {
    const slider = el("input", { type: "range", min: -10, max: 10, step: 0.01, "aria-label": `z ${j}`,
      input: () => moveTo(j, Number(slider.value)), keydown: (event) => page(event, j) });
    const [bar, blue, orange, diamond] = ["", "fill-right", "fill-wrong", "diamond"].map((name) => el("i", { class: name }));
    const cells = ["n", "n a", "n formula right", "n formula wrong", "n formula"].map((name) => el("span", { class: name }));
    const row = el("div", { class: "zrow" }, el("b", {}), slider, cells[0], el("div", { class: "track" }, bar), cells[1],
      el("div", { class: "plot" }, blue, orange, diamond), cells[2], cells[3], cells[4]);
    rows.push({ row, name: row.firstChild, slider, bar, blue, orange, diamond, cells });
    byId("rows").append(row);
  }

  function moveTo(j, v) {
    const z = zCopy();
    z[j] = Math.max(-Z_LIMIT, Math.min(Z_LIMIT, v));
    moved = j;
    change("slope", { z });
    speak();
  }

  /** PageUp and PageDown move z_j by 1; the arrow keys move it by 0.01, as the browser does. */
  function page(event, j) {
    const step = { PageUp: 1, PageDown: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    moveTo(j, scene().z[j] + step);
  }

  function speak() {
    const { z, a, measured, right, wrong } = scene(), j = moved;
    say(`z ${j} is ${number(z[j], 2)}, a ${j} is ${number(a[j])}. Measured slope ${number(measured[j])}; a minus y ${number(right[j])}; y times a minus 1 ${number(wrong[j])}.`);
  }

  // ---- controls
  const outputs = ["softmax", "sigmoid"].map((name) => el("button", { type: "button", click: () => { change("slope", { out: name }); speak(); } }, `${name} outputs`));
  const trueDigit = choice("true digit y", [...Array(K).keys()].map((v) => [v, v]), 0, (v) => change("slope", { y: Number(v) }));
  const index = el("input", { type: "number", min: 0, max: stored.digits.test.n - 1, step: 1, change: () => pick(index.valueAsNumber) });
  const netChoice = choice("z from the network", [], settings.net, (v) => change("slope", { net: v, z: null }));
  const hText = el("span", {}), h = el("input", { type: "range", min: 0, max: 16, step: 1, input: () => change("slope", { h: Number(h.value) }) });
  const cText = el("span", {}), c = el("input", { type: "range", min: -1, max: 1.3, step: 0.01, input: () => change("slope", { c: snap(10 ** c.value) }) });
  const snap = (v) => (Math.abs(v - 1) < 0.02 ? 1 : Number(v.toPrecision(3)));
  const button = (text, act) => el("button", { type: "button", click: act }, text);
  byId("slope-tools").append(
    el("div", { class: "buttons", role: "group", "aria-label": "Outputs" }, outputs),
    el("label", { class: "field" }, el("span", {}, "test digit number"), index),
    el("div", { class: "buttons" }, button("next digit", () => pick((settings.digit + 1) % digits.test.n))),
    netChoice, trueDigit,
    el("label", { class: "field range" }, hText, h), el("label", { class: "field range" }, cText, c),
    el("div", { class: "buttons" },
      button("add 1 to every z", () => change("slope", { z: zCopy().map((v) => Math.min(Z_LIMIT, v + 1)) })),
      button("all z = 0", () => change("slope", { z: Array(K).fill(0) })),
      button("z = 1, 2, 3 (others far below)", () => change("slope", { z: [1, 2, 3, ...Array(7).fill(-40)], y: 0 })),
      button("z of the digit again", () => change("slope", { z: null, y: null }))));

  function pick(digit) {
    const d = Number.isInteger(digit) ? Math.max(0, Math.min(digits.test.n - 1, digit)) : settings.digit;
    change("slope", { digit: d, z: null, y: null });
    say(`test digit ${d}, a ${digits.test.labels[d]}`);
  }

  // ---- drawing
  acts.slope = () => {
    const s = scene(), { z, y, a, C, right, wrong, measured } = s, reach = Math.max(1, s.c);
    const label = digits.test.labels[settings.digit];
    showInk(byId("digit"), digits.test.pixels.subarray(784 * settings.digit, 784 * (settings.digit + 1)));
    byId("digit").setAttribute("aria-label", `Test digit ${settings.digit}, a ${label}`);
    rows.forEach((r, j) => {
      r.row.classList.toggle("true", j === y);
      r.name.textContent = j === y ? `${j} = y` : String(j);
      r.slider.min = Math.min(-10, Math.floor(z[j]));
      r.slider.max = Math.max(10, Math.ceil(z[j]));
      r.slider.value = z[j];
      r.slider.setAttribute("aria-valuetext", `z ${number(z[j], 2)}, a ${number(a[j])}, measured slope ${number(measured[j])}`);
      r.bar.style.width = `${100 * a[j]}%`;
      place(r.blue, right[j] / reach);
      place(r.orange, wrong[j] / reach);
      r.diamond.style.left = `${50 + 50 * Math.max(-1, Math.min(1, measured[j] / reach || 0))}%`;
      [number(z[j], 2), number(a[j]), number(right[j]), number(wrong[j]), number(measured[j])].forEach((text, i) => { r.cells[i].textContent = text; });
    });
    const j = moved, f = s.c === 1 ? "" : `${s.c} · `;
    byId("slope-readout").replaceChildren("C = −ln a", el("sub", {}, "y"), ` = ${number(C)}.  For j = ${j}: measured ${number(measured[j])};  `,
      el("b", { class: "right" }, f, "(", sub("a", j), " − ", sub("y", j), `) = ${number(right[j])}`), ";  ",
      el("b", { class: "wrong" }, f, sub("y", j), " (", sub("a", j), ` − 1) = ${number(wrong[j])}`), ".");
    const off = (formula) => Math.max(...formula.map((v, i) => Math.abs(v - measured[i])));
    byId("slope-off").replaceChildren(...[["right", "aⱼ − yⱼ", off(right)], ["wrong", "yⱼ (aⱼ − 1)", off(wrong)]].flatMap(([name, formula, by]) => [
      el("b", { class: name }, formula), el("span", {}, `is off by at most ${by === 0 ? "0" : by.toExponential(1).replace("-", "−")}`),
      el("span", { class: "same" }, verdict(by, Math.min(off(right), off(wrong)), s.h))]));
    byId("slope-table").replaceChildren(numbersTable(`${s.output} outputs, true digit ${y}, C = ${C}`,
      ["j", "y_j", "z_j", "a_j", "a_j − y_j", "y_j (a_j − 1)", "measured"],
      rows.map((_, k) => [k, k === y ? 1 : 0, z[k], a[k], right[k], wrong[k], measured[k]].map(String))));
    outputs.forEach((each, i) => each.setAttribute("aria-pressed", s.output === ["softmax", "sigmoid"][i]));
    trueDigit.set(y);
    byId("true-now").textContent = y;
    index.value = settings.digit;
    h.value = settings.h;
    hText.replaceChildren("step h = ", ...(settings.h === 0 ? ["1"] : ["10", el("sup", {}, `−${settings.h}`)]));
    h.setAttribute("aria-valuetext", `h is ten to the minus ${settings.h}`);
    c.value = Math.log10(settings.c);
    c.disabled = s.output !== "softmax";
    cText.textContent = `c of eq. (83) = ${settings.c}`;
    c.setAttribute("aria-valuetext", `c is ${settings.c}`);
    netChoice.select.replaceChildren(...Object.entries(networks).map(([name, { title }]) => el("option", { value: name }, title)));
    netChoice.set(Object.keys(networks).find((name) => networks[name] === chosenNetwork()));
  };

  function place(bar, v) {
    bar.style.left = `${50 + 50 * Math.min(0, v)}%`;
    bar.style.width = `max(4px, ${50 * Math.abs(v)}%)`; // what is 0 is still to be seen, at 0
  }

  /** Of a formula that is off `by` so much, where the better one is off by `least`. */
  function verdict(by, least, step) {
    if (by < 1e-6) return "It is the slope.";
    if (by > 10 * least && by > 1e-3) return "It is not the slope.";
    if (step > 0.02) return "h is large: C bends between z − h and z + h, and the measurement shows it.";
    if (step < 1e-9) return "h is small: C(z + h) and C(z − h) differ in their last digits only, and rounding takes over.";
    return by < 1e-3 ? "Nearly the slope; choose another h." : "It is not the slope.";
  }

  // ---- the unseen hand: z_2 moves for two seconds, until the reader takes over
  window.addEventListener("ready", () => {
    if (still.matches || location.hash || document.hidden) return;
    const z0 = scene().z[2], began = performance.now();
    let taken = false;
    const stop = () => { taken = true; };
    for (const event of ["pointerdown", "keydown", "focusin", "wheel", "touchstart"]) addEventListener(event, stop, { once: true, passive: true });
    const frame = (now) => {
      const t = (now - began) / 2000;
      if (taken) return;
      const z = zCopy();
      z[2] = z0 + (t < 1 ? 3.2 * Math.sin(2 * Math.PI * t) : 0);
      settings.z = t < 1 ? z : null;
      acts.slope();
      if (t < 1) requestAnimationFrame(frame);
      else byId("quiet").prepend(el("span", {}, "Take over: drag a slider, or press Tab and the arrow keys. "));
    };
    requestAnimationFrame(frame);
  });
}
