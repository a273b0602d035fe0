// Act 3: one step lowers C with the wrong formula too; ten digits that share weights show what is wrong.
"use strict";

setting("step_eta", 0.1, between(0.01, 30));
setting("steps", 0, between(0, 5000, true));

{
  const SPEC = { sizes: [784, 30, 10] }, SEED = 1;
  const FORMULAS = { exact: ["right", "aⱼ − yⱼ"], true_output_only: ["wrong", "yⱼ (aⱼ − 1)"] };
  const fresh = (error) => new Network({ ...SPEC, error }).initialize(SEED);

  // ---- controls
  const eta = el("input", { type: "range", min: -2, max: 1.47, step: 0.01, input: () => change("cost", { step_eta: Number((10 ** eta.value).toPrecision(2)) }) });
  const etaText = el("span", {});
  byId("cost-tools").append(el("label", { class: "field range" }, etaText, eta));
  const go = (n) => el("button", { type: "button", click: () => { change("cost", { steps: Math.min(5000, settings.steps + n) }); setTimeout(() => say(byId("ten-readout").textContent), 200); } },
    n === 1 ? "one step" : `${counted(n)} steps`);
  byId("ten-tools").append(el("div", { class: "buttons" }, go(1), go(10), go(100), go(1000),
    el("button", { type: "button", click: () => change("cost", { steps: 0 }) }, "start again")));

  // ---- one digit, one step
  function oneStep() {
    const i = settings.digit, y = digits.test.labels[i], { images } = digits.test;
    const cost = (net) => { net.forward(images, i); return [COSTS.log_likelihood.value("softmax", net.z, net.a, y), net.a[y]]; };
    const [before, was] = cost(fresh("exact"));
    const rows = Object.entries(FORMULAS).map(([error, [name, formula]]) => {
      const net = fresh(error);
      net.step(images, digits.test.labels, [i], 0, 1, settings.step_eta);
      const [C, a] = cost(net);
      return el("tr", {}, el("th", { scope: "row", class: name }, formula), el("td", {}, `${number(before)} → ${number(C)}`, el("br"), C < before ? "down" : "up"), el("td", {}, `${number(was)} → ${number(a)}`));
    });
    byId("one-step").replaceChildren(el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "One step" }, el("table", {},
      el("caption", {}, `Test digit ${i}, a ${y}, in a fresh 784-30-10 network; η = ${settings.step_eta}`),
      el("thead", {}, el("tr", {}, ["δ_j", "C", "a_y"].map((text) => el("th", { scope: "col" }, rich(text))))),
      el("tbody", {}, rows))));
  }

  // ---- ten digits, one network
  let trained = { eta: 0, steps: -1 };
  let ten = null; // image numbers of a 0, a 1, ... a 9

  function train() {
    ten ??= [...Array(10).keys()].map((y) => digits.train.labels.indexOf(y));
    if (trained.eta !== settings.step_eta || trained.steps > settings.steps || trained.steps < 0) {
      trained = { eta: settings.step_eta, steps: 0, nets: Object.keys(FORMULAS).map(fresh) };
    }
    for (; trained.steps < settings.steps; trained.steps++) {
      for (const net of trained.nets) net.step(digits.train.images, digits.train.labels, ten, trained.steps % 10, 1, settings.step_eta);
    }
    trained.right = trained.nets.map((net) => net.evaluate(digits.test.images, digits.test.labels).right);
  }

  function table(net, error) {
    const [name, formula] = FORMULAS[error];
    const rows = ten.map((i, y) => {
      net.forward(digits.train.images, i);
      const answer = argmax(net.a), picture = el("canvas", { class: "ink", role: "img", "aria-label": `a ${y}` });
      showInk(picture, digits.train.pixels.subarray(784 * i, 784 * (i + 1)));
      const cells = [...net.a].map((v, k) => {
        const cell = el("td", { class: "cell", title: `a_${k} = ${number(v, 6)}` }, el("span", { class: "hidden" }, number(v, 2)));
        cell.style.background = `color-mix(in srgb, var(--${name}) ${Math.round(100 * v)}%, var(--paper))`;
        return cell;
      });
      return el("tr", {}, el("th", { scope: "row" }, picture), cells, el("td", { class: `answer ${answer === y ? "yes" : "no"}` }, `${answer} ${answer === y ? "✓" : "✗"}`));
    });
    return el("div", {}, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Outputs with ${formula}` }, el("table", { class: "ten" },
      el("caption", {}, "Trained with δⱼ = ", el("b", { class: name }, formula)),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, el("span", { class: "hidden" }, "digit")), [...net.a.keys()].map((k) => el("th", { scope: "col" }, String(k))), el("th", { scope: "col" }, el("span", { class: "hidden" }, "answer")))),
      el("tbody", {}, rows))));
  }

  acts.cost = () => {
    eta.value = Math.log10(settings.step_eta);
    etaText.textContent = `learning rate η = ${settings.step_eta}`;
    eta.setAttribute("aria-valuetext", `eta ${settings.step_eta}`);
    oneStep();
    if (!digits.train) return;
    if (trained.steps !== settings.steps || trained.eta !== settings.step_eta) {
      train();
      const answers = ten.map((i) => argmax(trained.nets[1].forward(digits.train.images, i)));
      trained.one = answers.every((answer) => answer === answers[0]) ? answers[0] : null;
      byId("ten").replaceChildren(...Object.keys(FORMULAS).map((error, i) => table(trained.nets[i], error)));
    }
    const n = digits.test.n, [right, wrong] = trained.right, last = settings.steps ? (settings.steps - 1) % 10 : null;
    byId("ten-readout").replaceChildren(`${counted(settings.steps)} steps${last === null ? "" : `, the last one on a ${last}`}. Right answers on ${counted(n)} test digits: `,
      el("b", { class: "right" }, `${counted(right)} with aⱼ − yⱼ`), ", ", el("b", { class: "wrong" }, `${counted(wrong)} with yⱼ (aⱼ − 1)`), ".", settings.steps && trained.one !== null ? ` With the wrong formula all ten digits get the answer ${trained.one}.` : "");
  };
}
