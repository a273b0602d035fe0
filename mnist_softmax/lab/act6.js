// Act 6: two outputs by two costs, live; the book's softmax exercises, which check themselves.
"use strict";

{
  const COLUMNS = { cross_entropy: "binary, eq. (63)", log_likelihood: "multiclass, eq. (80)" };
  const FORMULAS = {
    "sigmoid cross_entropy": "a_j − y_j, eq. (66)",
    "sigmoid log_likelihood": "y_j (a_j − 1)",
    "softmax cross_entropy": "(a_j − y_j)/(1 − a_j) − a_j Σ_k (a_k − y_k)/(1 − a_k)",
    "softmax log_likelihood": "a_j − y_j, eq. (84)",
  };
  const slider = el("input", { type: "range", min: -10, max: 10, step: 0.01, "aria-label": "z of the chosen j", input: () => {
    const z = zCopy();
    z[settings.j] = Number(slider.value);
    change("two", { z });
  } });
  const text = el("span", {});
  const which = choice("move z of j =", [...Array(10).keys()].map((j) => [j, j]), 0, (v) => change("two", { j: Number(v) }));
  const trueDigit = choice("true digit y", [...Array(10).keys()].map((j) => [j, j]), 0, (v) => change("two", { y: Number(v) }));
  byId("two-tools").append(which, el("label", { class: "field range" }, text, slider), trueDigit);

  acts.two = () => {
    const { z, y } = scene(), { j } = settings;
    which.set(j);
    trueDigit.set(y);
    slider.min = Math.min(-10, Math.floor(z[j]));
    slider.max = Math.max(10, Math.ceil(z[j]));
    slider.value = z[j];
    text.textContent = `z of ${j} = ${number(z[j], 2)}`;
    slider.setAttribute("aria-valuetext", `z ${j} is ${number(z[j], 2)}`);
    const cells = [el("div", { class: "corner" }), ...Object.values(COLUMNS).map((title) => el("div", { class: "corner" }, el("b", {}, title)))];
    for (const output of ["sigmoid", "softmax"]) {
      cells.push(el("div", { class: "corner" }, el("b", {}, output), el("br"), "outputs"));
      for (const cost of Object.keys(COLUMNS)) cells.push(pairCell(output, cost, z, y));
    }
    byId("four").replaceChildren(...cells);
  };

  /** One pair: C, delta_j as bars, the measured slope as a diamond, and how far they are apart. */
  function pairCell(output, cost, z, y) {
    const a = new Float64Array(10), delta = new Float64Array(10);
    ACTIVATIONS[output].f(z, a);
    outputError(output, cost)(z, a, y, delta);
    const measured = [...z.keys()].map((j) => slope(output, cost, z, y, j, 1e-5));
    const reach = Math.max(1, ...delta.map(Math.abs)), apart = Math.max(...delta.map((v, j) => Math.abs(v - measured[j])));
    const lines = [...z.keys()].map((j) => {
      const bar = el("i", { class: "fill-right" }), diamond = el("i", { class: "diamond" });
      bar.style.left = `${50 + 50 * Math.min(0, delta[j] / reach)}%`;
      bar.style.width = `max(3px, ${50 * Math.abs(delta[j]) / reach}%)`;
      diamond.style.left = `${50 + 50 * Math.max(-1, Math.min(1, measured[j] / reach))}%`;
      return el("div", { class: "line" }, el("span", {}, String(j)), el("div", { class: "plot" }, bar, diamond), el("span", { class: "n" }, number(delta[j])));
    });
    return el("div", { class: "cell", role: "group", "aria-label": `${output} outputs, ${COLUMNS[cost]}` },
      el("div", {}, el("b", {}, `${output}, ${COLUMNS[cost]}`)), el("div", { class: "soft" }, rich(`δ_j = ${FORMULAS[`${output} ${cost}`]}`)),
      el("div", { class: "number" }, `C = ${number(COSTS[cost].value(output, z, a, y))}; sum of the aⱼ = ${number(a.reduce((s, v) => s + v, 0), 3)}`),
      lines, el("div", { class: "soft" }, `Formula and measurement differ by at most ${number(apart, 6)}.`));
  }

  // ---- exercises: each answer is worked out by the engine, on numbers that can be done by hand
  const softmaxOf = (...z) => { const a = new Float64Array(z.length); ACTIVATIONS.softmax.f(Float64Array.from(z), a); return a; };
  const EXERCISES = [
    { title: "Monotonicity", ask: "Softmax outputs. z_3 grows, the other z_j stay. What happens to the outputs?",
      options: ["a_3 grows, all others fall", "a_3 grows, the others stay", "all ten grow"], right: 0,
      because: () => { const [p, q] = [softmaxOf(0, 1, 2), softmaxOf(0, 1, 2.1)]; return `With z = (0, 1, 2) and then (0, 1, 2.1): a = (${list(p)}), then (${list(q)}). ∂a_3/∂z_3 = a_3 (1 − a_3) > 0 and ∂a_k/∂z_3 = −a_k a_3 < 0.`; } },
    { title: "Non-locality", ask: "On which weighted inputs does the softmax output a_3 depend?",
      options: ["on z_3 alone", "on all ten z_j", "on z_3 and z_y"], right: 1,
      because: () => `All of them stand in the sum of eq. (78). Change another z: of z = (0, 1, 2) the last output is ${number(softmaxOf(0, 1, 2)[2])}, of z = (1, 1, 2) it is ${number(softmaxOf(1, 1, 2)[2])}. A sigmoid output depends on its own z alone.` },
    { title: "Sums of sigmoid outputs", ask: "Ten sigmoid outputs, all z_j = 0. What do the outputs add up to?",
      answer: () => 10 / (1 + Math.exp(0)), because: (v) => `Each is 1/(1 + e⁰) = 0.5, so the sum is ${number(v, 1)}. Softmax outputs always add up to 1; sigmoid outputs are not shares of anything.` },
    { title: "Inverting softmax", ask: "z = (1, 2, 3) gives a = (0.0900, 0.2447, 0.6652). From a alone: what is z_1 − z_0 (the second minus the first)?",
      answer: () => { const a = softmaxOf(1, 2, 3); return Math.log(a[1]) - Math.log(a[0]); },
      because: (v) => `ln a_j = z_j − ln Σₖ exp(z_k), and the sum is the same for all: z_1 − z_0 = ln a_1 − ln a_0 = ${number(v)}. So z_j = ln a_j + a constant, and no a tells which constant.` },
    { title: "The limit c → ∞ of eq. (83)", ask: "z = (1, 2, 3). c grows without limit. Towards what does the last output go?",
      answer: () => softmaxOf(100, 200, 300)[2], because: () => `c = 1: ${number(softmaxOf(1, 2, 3)[2])}; c = 3: ${number(softmaxOf(3, 6, 9)[2])}; c = 10: ${number(softmaxOf(10, 20, 30)[2])}. The largest takes all: a maximum, of which softmax is the soft form.` },
    { title: "Eq. (81) by hand", ask: "z = (1, 2, 3), true digit 0, a = (0.0900, 0.2447, 0.6652), C = −ln a_0. What is the slope ∂C/∂z_1 (the one in the middle)?",
      answer: () => slope("softmax", "log_likelihood", Float64Array.of(1, 2, 3), 0, 1, 1e-4),
      because: (v) => `Measured: ${number(v)}. That is a_1 − y₁ = 0.2447 − 0. Raise z_1 by 0.1: a_0 falls to ${number(softmaxOf(1, 2.1, 3)[0])}, C rises from ${number(-Math.log(softmaxOf(1, 2, 3)[0]))} to ${number(-Math.log(softmaxOf(1, 2.1, 3)[0]))}.` },
  ];
  const list = (values) => [...values].map((v) => number(v)).join(", ");

  EXERCISES.forEach(({ title, ask, options, right, answer, because }, number_) => {
    const verdict = el("p", { class: "verdict", role: "status" }), why = el("p", { class: "soft" });
    const tell = (good, reason) => { verdict.textContent = good ? "Right." : "Not so. Try again, or read on."; verdict.className = `verdict ${good ? "right" : "wrong"}`; why.replaceChildren(...rich(reason)); };
    let field, check;
    if (options) {
      const radios = options.map((option, i) => el("label", { class: "check" }, el("input", { type: "radio", name: `exercise-${number_}`, value: i }), el("span", {}, rich(option))));
      field = el("fieldset", {}, el("legend", {}, rich(ask)), radios.map((radio) => el("div", {}, radio)));
      check = () => {
        const chosen = radios.findIndex((radio) => radio.firstChild.checked);
        if (chosen < 0) verdict.textContent = "Choose one first.";
        else tell(chosen === right, because());
      };
    } else {
      const input = el("input", { type: "text", inputmode: "decimal", keydown: (event) => { if (event.key === "Enter") check(); } });
      field = el("label", {}, el("p", {}, rich(ask)), input);
      check = () => {
        const v = Number(input.value.replace(",", ".").replace("−", "-"));
        if (input.value.trim() === "" || !Number.isFinite(v)) verdict.textContent = "Write a number first.";
        else tell(Math.abs(v - answer()) <= 0.006, because(answer()));
      };
    }
    byId("exercises").append(el("div", { class: "card" }, el("h4", {}, title), field, el("p", {}, el("button", { type: "button", click: () => check() }, "check")), verdict, why));
  });
}
