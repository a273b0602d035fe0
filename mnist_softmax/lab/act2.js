// Act 2: z_j -> a_0 ... a_9 -> C as a graph, with a derivative on each arrow.
"use strict";

setting("j", 2, between(0, 9, true));
setting("follow", "bp1", oneOf("bp1", "all"));

/** da_k/dz_j for all k, and dC/da_k for all k, with C = -ln a_y. */
function derivatives({ z, a, y, c, output }, j) {
  const toA = Float64Array.from(a, (v, k) => {
    if (output === "sigmoid") return k === j ? v * (1 - v) : 0;
    return c * a[k] * (k === j ? complement(output, z, a, k) : -a[j]);
  });
  return { toA, toC: Float64Array.from(a, (v, k) => (k === y ? -1 / Math.max(v, TINY) : 0)) };
}

{
  const js = [...Array(10).keys()].map((j) => el("button", { type: "button", click: () => change("path", { j }) }, String(j)));
  const modes = { bp1: "Follow (BP1): one path", all: "Follow all ten paths" };
  const follow = Object.entries(modes).map(([mode, text]) => el("button", { type: "button", click: () => { change("path", { follow: mode }); speak(); } }, text));
  const outputs = ["softmax", "sigmoid"].map((name) => el("button", { type: "button", click: () => change("path", { out: name }) }, `${name} outputs`));
  byId("path-tools").append(
    el("div", { class: "field" }, el("span", { id: "path-j" }, "start at z of j ="), el("div", { class: "buttons", role: "group", "aria-labelledby": "path-j" }, js)),
    el("div", { class: "buttons", role: "group", "aria-label": "Paths" }, follow),
    el("div", { class: "buttons", role: "group", "aria-label": "Outputs" }, outputs));

  function speak() {
    setTimeout(() => say(byId("path-readout").textContent), 100);
  }

  acts.path = () => {
    const s = scene(), { j } = settings, { toA, toC } = derivatives(s, j), one = settings.follow === "bp1";
    js.forEach((each, k) => { each.setAttribute("aria-pressed", k === j); each.textContent = k === s.y ? `${k} = y` : k; });
    follow.forEach((each, i) => each.setAttribute("aria-pressed", Object.keys(modes)[i] === settings.follow));
    outputs.forEach((each, i) => each.setAttribute("aria-pressed", s.output === ["softmax", "sigmoid"][i]));
    draw(s, j, toA, toC, one);
    explain(s, j, toA, toC, one);
    byId("path-table").replaceChildren(numbersTable(`All paths from z_${j} to C; true digit ${s.y}`,
      ["through", `∂a_k/∂z_${j}`, "∂C/∂a_k", "product"],
      [...toA.keys()].map((k) => [`a_${k}`, number(toA[k], 6), number(toC[k], 6), number(toA[k] * toC[k], 6)])));
  };

  function draw(s, j, toA, toC, one) {
    const wide = byId("graph").clientWidth > 560, width = wide ? 760 : 330, step = wide ? 42 : 40, height = 10 * step + 8;
    const x = wide ? [40, 380, 716] : [26, 158, 304], mid = height / 2, y = (k) => step / 2 + 4 + k * step;
    const arrows = [], words = [];
    const arrow = (x1, y1, x2, y2, v, kind, share) => arrows.push(svg("line", { x1, y1, x2, y2, class: kind, "stroke-width": kind.includes("dead") ? 1 : 1.5 + 5 * share }));
    const kindOf = (k, v) => {
      const live = one ? k === j : toA[k] * toC[k] !== 0;
      const followed = one && s.output === "softmax" ? "mistaken" : "live";
      if (one && k === j) return v === 0 ? `${followed} zero` : followed;
      return live && v !== 0 ? followed : `dead ${one ? "faint" : ""}`;
    };
    const largest = Math.max(...toA.map(Math.abs), TINY);
    for (let k = 0; k < 10; k++) {
      const first = kindOf(k, toA[k]), second = kindOf(k, toC[k]);
      const vanishes = s.output === "sigmoid" && k !== j; // with sigmoid z_j does not move a_k: no arrow
      if (!vanishes) {
        arrow(x[0] + 20, mid, x[1] - 19, y(k), toA[k], first, Math.abs(toA[k]) / largest);
        words.push(svg("text", { x: x[1] - 24, y: y(k) - 5 + (k > 4.5 ? 18 : 0), class: `end ${first}` }, number(toA[k], wide ? 4 : 3)));
      }
      arrow(x[1] + 19, y(k), x[2] - 20, mid, toC[k], second, k === s.y ? 0.6 : 0);
      words.push(svg("text", { x: x[1] + 24, y: y(k) - 5 + (k > 4.5 ? 18 : 0), class: second }, number(toC[k], wide ? 4 : 2)));
    }
    const circle = (cx, cy, letter, index, r = 17) => [svg("circle", { cx, cy, r }), svg("text", { x: cx, y: cy + 4, class: "middle" }, letter, index === "" ? "" : svg("tspan", { "baseline-shift": "sub", "font-size": 10 }, String(index)))];
    const nodes = [...circle(x[0], mid, "z", j, 19), ...circle(x[2], mid, "C", "", 19)];
    for (let k = 0; k < 10; k++) nodes.push(...circle(x[1], y(k), "a", k));
    const label = `Graph from z ${j} through ten outputs to C. ` + (one ? `One path is followed, through a ${j}.` : `All paths are followed; the path through a ${s.y} is the one that is not zero.`);
    byId("graph").replaceChildren(svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "graph", role: "img", "aria-label": label, width, height }, arrows, nodes, words));
  }

  function explain(s, j, toA, toC, one) {
    const { y } = s, through = one ? j : y, product = toA[through] * toC[through], measured = s.measured[j];
    const parts = [el("b", {}, one ? "(BP1) follows one path: " : "All paths together: "),
      sub("z", j), " → ", sub("a", through), " → C.  ",
      "∂C/∂", sub("a", through), " · ∂", sub("a", through), "/∂", sub("z", j), ` = ${number(toC[through])} · ${number(toA[through])} = `, el("b", {}, number(product)), ". "];
    if (!one && s.output === "softmax") parts.push("The other nine products are 0, because C depends on ", sub("a", "y"), " alone. ");
    parts.push(`Measured: ${number(measured)}. `);
    const near = Math.abs(product - measured) < 1e-4 * Math.max(1, Math.abs(measured));
    if (one && s.output === "softmax" && j !== y) {
      parts.push("This is not the slope: the path through ", sub("a", "y"), " was forgotten. ",
        el("button", { type: "button", click: () => { change("path", { follow: "all" }); speak(); } }, "follow all"));
    } else if (!near) parts.push("The two differ because of the step h: choose another one in act 1.");
    else if (s.output === "sigmoid") parts.push("With sigmoid outputs z moves one output only: (BP1) is right, and one path is all there is.");
    else if (one) parts.push("Here j is the true digit, and the one path is the right one. Choose another j.");
    else parts.push(s.c === 1 ? "It is " : `It is ${s.c} · (`, sub("a", "j"), " − ", sub("y", "j"), s.c === 1 ? "." : ").");
    byId("path-readout").replaceChildren(...parts);
  }
}
