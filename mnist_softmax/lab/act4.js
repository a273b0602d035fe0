// Act 4: up to four networks trained side by side in a worker; presets of the book; the one-neuron toy.
"use strict";

{
  const LETTERS = ["A", "B", "C", "D"], COLOURS = ["right", "wrong", "good", "violet"], DASHES = ["", "7 4", "2 3", "10 3 2 3"];
  const STARTS = { scaled: "N(0, 1/n_in)", large: "N(0, 1)", zeros: "all 0" };
  const ETA = between(1e-6, 1000), LAMBDA = between(0, 1000);
  const HIDDEN = [0, 10, 30, 100];

  setting("preset", "formulas", oneOf(...Object.keys(PRESETS)));
  setting("hidden", 30, between(0, 100, true));
  setting("m", 10, between(1, 1000, true));
  setting("n", N_MOST, between(10, N_MOST, true));
  setting("seed", 1, between(0, 1e6, true));
  setting("nets", PRESETS.formulas.nets, readNets, (nets) => nets.map(({ pair, eta, lambda, start }) => [pair, eta, lambda, start].join("~")).join(","));
  setting("toy", "hard", oneOf("easy", "hard"));

  function readNets(text) {
    const nets = text.split(",").slice(0, 4).map((part) => {
      const [pair, eta, lambda, start] = part.split("~");
      return { pair, eta: ETA(eta ?? ""), lambda: LAMBDA(lambda ?? ""), start };
    });
    return nets.every((each) => PAIRS[each.pair] && each.eta !== undefined && each.lambda !== undefined && STARTS[each.start]) ? nets : undefined;
  }

  // ---- the run: null, or what the trainer has reported
  let run = null, trainer = null, key = "", shown = "";

  const asText = () => JSON.stringify([settings.hidden, settings.m, settings.n, settings.seed, settings.nets]);

  /** A trainer for the settings as they are; what was trained with others is put away. */
  function prepare() {
    if (run && key === asText()) return;
    trainer?.close();
    key = asText();
    run = { reports: [], running: false };
    const mine = run;
    trainer = openTrainer((report) => {
      if (run !== mine) return;
      for (const result of run.reports.at(-1)?.results ?? []) result.first = null; // only the newest pictures are kept
      run.reports.push(report);
      if (report.done) run.running = false;
      if (report.done) sayResult(report);
      redraw();
    });
    const { hidden, m, n, seed, nets } = settings;
    trainer.post({ type: "begin", sizes: hidden ? [784, hidden, 10] : [784, 10], seed, m: Math.min(m, n), n, reportEvery: reportEvery(), ...trainerDigits(),
      networks: nets.map(({ pair, eta, lambda, start }) => ({ ...PAIRS[pair], eta, lambda, start })) });
  }

  /** Ten reports in an epoch of a short run, one in a long one. */
  function reportEvery() {
    const epochs = PRESETS[settings.preset].epochs, share = epochs > 40 ? 1 : epochs > 12 ? 4 : 10;
    return Math.max(1, Math.ceil(settings.n / share / settings.m)) * settings.m;
  }

  function train(images) {
    prepare();
    run.running = true;
    trainer.post({ type: "run", images });
    redraw();
  }

  function pause() {
    if (!run?.running) return;
    run.running = false;
    trainer.post({ type: "pause" });
    redraw();
  }

  function startAgain() {
    trainer?.close();
    run = trainer = null;
    key = "";
    redraw();
  }

  function sayResult({ results, epoch }) {
    say(`After ${number(epoch, 1)} epochs: ${results.map(({ accuracy }, k) => `network ${LETTERS[k]} ${percent(accuracy)} right`).join(", ")}.`);
  }

  // ---- controls
  const preset = choice("a setting of the book", Object.entries(PRESETS).map(([name, { title }]) => [name, title]), settings.preset, take);
  byId("preset-tools").append(preset);
  const set = (name) => (value) => change("train", { [name]: value });
  const whole = (label, name, low, high) => {
    const input = el("input", { type: "number", min: low, max: high, step: 1, change: () => {
      const v = known[name].read(input.value);
      if (v === undefined) input.value = settings[name];
      else set(name)(v);
    } });
    const field = el("label", { class: "field" }, el("span", {}, label), input);
    field.set = (v) => { input.value = v; };
    return field;
  };
  const hidden = choice("hidden neurons", HIDDEN.map((h) => [h, h || "none"]), settings.hidden, (v) => set("hidden")(Number(v)));
  const m = whole("mini-batch m", "m", 1, 1000), n = whole("training images n", "n", 10, N_MOST), seed = whole("seed", "seed", 0, 1e6);
  const count = choice("networks", [1, 2, 3, 4].map((k) => [k, k]), 4, (v) => {
    const nets = settings.nets.slice(0, Number(v));
    while (nets.length < Number(v)) nets.push({ ...nets.at(-1) });
    set("nets")(nets);
  });
  byId("train-tools").append(count, hidden, m, n, seed);

  const button = (text, act) => el("button", { type: "button", click: act }, text);
  const go = button("train", () => (run?.running ? pause() : train(PRESETS[settings.preset].epochs * settings.n)));
  byId("run-tools").append(el("div", { class: "buttons" }, go,
    button("one mini-batch", () => train(Math.min(settings.m, settings.n))), button("one epoch", () => train(settings.n)), button("start again", startAgain)));

  function take(name) {
    const { hidden: h, m: size, n: images, nets } = PRESETS[name];
    startAgain();
    change("train", { preset: name, hidden: h, m: size, n: Math.min(images, N_MOST), nets });
  }

  // ---- a card for each network
  let cards = [];

  function makeCards() {
    cards = settings.nets.map((_, k) => {
      const update = (values) => set("nets")(settings.nets.map((each, i) => (i === k ? { ...each, ...values } : each)));
      const typed = (label, name, read) => {
        const input = el("input", { type: "text", inputmode: "decimal", change: () => {
          const v = read(input.value.replace(",", "."));
          if (v === undefined) input.value = settings.nets[k][name];
          else update({ [name]: v });
        } });
        const field = el("label", { class: "field" }, el("span", {}, label), input);
        field.set = (v) => { input.value = +Number(v).toPrecision(6); };
        return field;
      };
      const pair = choice("outputs and cost", Object.entries(PAIRS).map(([name, { title }]) => [name, title]), "loglik", (v) => update({ pair: v }));
      const eta = typed("η", "eta", ETA), lambda = typed("λ", "lambda", LAMBDA);
      const start = choice("starting weights", Object.entries(STARTS), "scaled", (v) => update({ start: v }));
      const rule = el("div", { class: "soft" }), result = el("div", { class: "result" }), picture = el("canvas", { class: "signed", role: "img", width: 10, height: 4 });
      const line = svg("svg", { viewBox: "0 0 44 10", width: 44, height: 10, "aria-hidden": "true" },
        svg("line", { x1: 0, x2: 44, y1: 5, y2: 5, stroke: `var(--${COLOURS[k]})`, "stroke-width": 2.4, "stroke-dasharray": DASHES[k] }));
      const card = el("div", { class: "net", role: "group", "aria-label": `Network ${LETTERS[k]}` }, el("h3", {}, LETTERS[k], line), pair, rule, el("div", { class: "pair" }, eta, lambda), start, result, picture);
      card.style.setProperty("--series", `var(--${COLOURS[k]})`);
      return { card, rule, pair, eta, lambda, start, result, picture };
    });
    byId("nets").replaceChildren(...cards.map(({ card }) => card));
  }

  // ---- drawing
  function drawTraining() {
    const { nets } = settings, chosen = PRESETS[settings.preset];
    if (run && key !== asText()) { trainer.close(); run = trainer = null; }
    if (cards.length !== nets.length) makeCards();
    preset.set(settings.preset);
    byId("preset-text").replaceChildren(...rich(chosen.text));
    hidden.set(settings.hidden);
    for (const [field, name] of [[m, "m"], [n, "n"], [seed, "seed"]]) field.set(settings[name]);
    count.set(nets.length);
    go.textContent = run?.running ? "pause" : run ? "train on" : `train ${chosen.epochs} epochs`;
    cards.forEach((card, k) => { for (const name of ["pair", "eta", "lambda", "start"]) card[name].set(nets[k][name]); card.rule.replaceChildren(...rich(PAIRS[nets[k].pair].rule)); });
    const now = `${asText()} ${settings.preset} ${run?.reports.length} ${run?.running} ${colour("paper")} ${innerWidth}`;
    if (now === shown) return;
    shown = now;
    const reports = run?.reports ?? [], last = reports.at(-1);
    cards.forEach((card, k) => showNetwork(card, k, last?.results[k]));
    byId("train-readout").textContent = last
      ? `${counted(last.seen)} images seen by each network, ${number(last.epoch, 2)} epochs${last.speed ? `; ${counted(Math.round(last.speed / 1000) * 1000)} images a second, all networks together` : ""}.`
      : `${nets.length} networks, ${counted(settings.n)} training digits, ${counted(digits.test.n)} test digits. Nothing is trained yet.`;
    charts(reports);
    book(chosen, reports);
    tables(reports, last);
  }

  function showNetwork({ result, picture }, k, found) {
    const side = settings.hidden || 10, columns = side <= 10 ? 5 : 10, rows = Math.ceil(side / columns);
    picture.setAttribute("aria-label", found ? `Weights of the first layer of network ${LETTERS[k]}: a picture for each of ${side} neurons, blue positive, orange negative` : "No weights yet");
    if (!found) {
      result.textContent = "not trained yet";
      showSigned(picture, new Float32Array(28 * columns * 28 * rows), 28 * columns, 28 * rows, 1);
      return;
    }
    result.replaceChildren(el("b", {}, `${percent(found.accuracy)} of test right`), ` (${counted(found.right)})`, el("br"),
      `C = ${number(found.cost, 3)} on test, ${number(found.trainCost, 3)} on training`, el("br"), `|δ| = ${number(found.delta, 3)}`);
    const values = new Float32Array(28 * columns * 28 * rows);
    let squares = 0;
    for (const w of found.first) squares += w * w;
    for (let unit = 0; unit < side; unit++) {
      const left = 28 * (unit % columns), top = 28 * Math.floor(unit / columns);
      for (let p = 0; p < 784; p++) values[(top + Math.floor(p / 28)) * 28 * columns + left + p % 28] = found.first[p * side + unit];
    }
    showSigned(picture, values, 28 * columns, 28 * rows, 3 * Math.sqrt(squares / found.first.length));
  }

  function series(reports, name, thin = false) {
    return settings.nets.map((_, k) => ({ colour: COLOURS[k], dash: DASHES[k], thin, mark: thin ? "" : LETTERS[k],
      points: reports.map(({ epoch, results }) => [epoch, results[k][name]]) }));
  }

  function charts(reports) {
    const xMax = Math.max(reports.at(-1)?.epoch ?? 0, 1e-9) || 1, x = "epochs";
    lineChart(byId("chart-accuracy"), [...series(reports, "trainAccuracy", true), ...series(reports, "accuracy")],
      { label: "Right answers over the epochs", x, xMax, top: 1, format: (v) => percent(v, 0) });
    lineChart(byId("chart-cost"), [...series(reports, "trainCost", true), ...series(reports, "cost")], { label: "Cost over the epochs", x, xMax, settled: true });
    lineChart(byId("chart-delta"), series(reports, "delta"), { label: "Length of delta over the epochs", x, xMax });
  }

  function book(chosen, reports) {
    const own = chosen.nets.length === settings.nets.length && known.nets.write(chosen.nets) === known.nets.write(settings.nets);
    const best = (k) => Math.max(...reports.map(({ results }) => results[k].accuracy));
    const first = (k) => reports.find(({ epoch }) => epoch >= 1)?.results[k].accuracy;
    const rows = settings.nets.map((_, k) => [LETTERS[k], own ? chosen.book[k] || "–" : "your own setting",
      ...(reports.length ? [first(k) === undefined ? "–" : percent(first(k)), percent(best(k)), percent(reports.at(-1).results[k].accuracy), percent(reports.at(-1).results[k].trainAccuracy), number(reports.at(-1).results[k].trainCost, 3)] : ["–", "–", "–", "–", "–"])]);
    const command = el("button", { type: "button", click: () => copy(command, chosen.command) }, "copy the command");
    byId("book").replaceChildren(
      numbersTable(`The book beside this page (test: ${counted(digits.test.n)} digits)`, ["network", "the book", "here: epoch 1", "best", "now", "training, now", "training cost"], rows),
      el("div", { class: "foot" }, el("div", { class: "row" }, "In full: ", el("code", {}, chosen.command), command)));
  }

  function tables(reports, last) {
    const every = Math.max(1, Math.ceil(reports.length / 60));
    const some = reports.filter((_, i) => i % every === 0 || i === reports.length - 1);
    byId("train-table").replaceChildren(numbersTable("Test accuracy, test cost and |δ| over the epochs",
      ["epoch", ...settings.nets.flatMap((_, k) => [`${LETTERS[k]}: right`, `${LETTERS[k]}: C`, `${LETTERS[k]}: |δ|`])],
      some.map(({ epoch, results }) => [number(epoch, 2), ...results.flatMap((r) => [percent(r.accuracy), number(r.cost, 4), number(r.delta, 4)])])));
    byId("confusions").replaceChildren(...(last ? last.results.map(({ counts }, k) => confusion(counts, k)) : [el("p", {}, "Nothing is trained yet.")]));
  }

  function confusion(counts, k) {
    const table = numbersTable(`Network ${LETTERS[k]}: rows are true digits, columns answers`, ["true digit", ...Array(10).keys()].map(String),
      [...Array(10).keys()].map((y) => [String(y), ...counts.slice(10 * y, 10 * y + 10)].map(String)));
    table.classList.add("confusion");
    return table;
  }

  // ---- the one-neuron toy
  const toyButtons = Object.entries(TOYS).map(([name, { w, b }]) => el("button", { type: "button", click: () => change("train", { toy: name }) }, `start at w = ${w}, b = ${b}`));
  byId("toy-tools").append(el("div", { class: "buttons", role: "group", "aria-label": "Start of the neuron" }, toyButtons));
  let toyShown = "";

  function drawToy() {
    toyButtons.forEach((each, i) => each.setAttribute("aria-pressed", Object.keys(TOYS)[i] === settings.toy));
    if (toyShown === `${settings.toy} ${innerWidth}`) return;
    toyShown = `${settings.toy} ${innerWidth}`;
    const toy = TOYS[settings.toy], costs = ["quadratic", "cross_entropy"], runs = costs.map((cost) => toyRun(cost, toy));
    lineChart(byId("toy-chart"), runs.map((outputs, k) => ({ colour: COLOURS[k + 1], dash: DASHES[k], mark: "QC"[k], points: outputs.map((a, step) => [step, a]) })),
      { label: "Output of the neuron over 300 epochs, quadratic cost and cross-entropy", x: "epochs (Q quadratic, C cross-entropy)", top: 1, xMax: TOY_STEPS });
    byId("toy-table").replaceChildren(numbersTable(`Output a of the neuron; η = ${TOY_ETA} for both`, ["cost", "the book", "here: start", "after 150", "after 300"],
      costs.map((cost, k) => [cost.replace("_", "-"), toy[cost], number(runs[k][0], 2), number(runs[k][150], 2), number(runs[k][300], 2)])),
    el("p", { class: "soft" }, "The book takes η = 0.005 for the cross-entropy, in a program whose derivative is not that of eqs. (61) and (62). Here both costs have one η and the derivatives of these equations."));
  }

  acts.train = () => {
    drawTraining();
    drawToy();
  };
}
