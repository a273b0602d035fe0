// The engine: forward pass, costs, backpropagation, mini-batch gradient descent. It touches no page, so that a
// worker and the tests run the very same text. Numbers are float64; names and equations are those of the book.
//
// z = a w + b, and w[p * n + k] leads from input p to neuron k, as in mnist_softmax/network/dense.py.
// y is the number of the true digit; y_j is 1 for j = y and 0 for the others.
"use strict";

const TINY = 2.2250738585072014e-308; // the smallest normal number: what an output that underflowed is taken as

// ---- activations: f writes a = sigma(z); vjp writes dC/dz from g = dC/da, eq. (33)

const ACTIVATIONS = {
  sigmoid: {
    f(z, a) { for (let j = 0; j < z.length; j++) a[j] = 1 / (1 + Math.exp(-z[j])); },
    vjp(a, g, out) { for (let j = 0; j < a.length; j++) out[j] = g[j] * a[j] * (1 - a[j]); },
  },
  tanh: {
    f(z, a) { for (let j = 0; j < z.length; j++) a[j] = Math.tanh(z[j]); },
    vjp(a, g, out) { for (let j = 0; j < a.length; j++) out[j] = g[j] * (1 - a[j] * a[j]); },
  },
  relu: {
    f(z, a) { for (let j = 0; j < z.length; j++) a[j] = z[j] > 0 ? z[j] : 0; },
    vjp(a, g, out) { for (let j = 0; j < a.length; j++) out[j] = a[j] > 0 ? g[j] : 0; },
  },
  linear: {
    f(z, a) { for (let j = 0; j < z.length; j++) a[j] = z[j]; },
    vjp(a, g, out) { for (let j = 0; j < a.length; j++) out[j] = g[j]; },
  },
  softmax: {
    f(z, a) { // eq. (78); the largest z is subtracted from all, which changes nothing but overflow
      const top = largest(z);
      let sum = 0;
      for (let j = 0; j < z.length; j++) sum += a[j] = Math.exp(z[j] - top);
      for (let j = 0; j < z.length; j++) a[j] /= sum;
    },
    vjp(a, g, out) { // a_j (g_j sum_{k != j} a_k - sum_{k != j} g_k a_k): the whole Jacobian, nothing cancels
      for (let j = 0; j < a.length; j++) {
        let others = 0, pulled = 0;
        for (let k = 0; k < a.length; k++) if (k !== j) { others += a[k]; pulled += g[k] * a[k]; }
        out[j] = a[j] * (g[j] * others - pulled);
      }
    },
  },
};

function largest(z) {
  let top = -Infinity;
  for (let j = 0; j < z.length; j++) if (z[j] > top) top = z[j];
  return top;
}

function argmax(a) {
  let best = 0;
  for (let j = 1; j < a.length; j++) if (a[j] > a[best]) best = j;
  return best;
}

// ---- costs, from z and never from the logarithm of a rounded a

/** ln(1 + e^t) */
function softplus(t) {
  return t > 0 ? t + Math.log1p(Math.exp(-t)) : Math.log1p(Math.exp(t));
}

/** ln sum_k e^{z_k}, without the term of `except` if one is named. */
function logSumExp(z, except = -1) {
  let top = -Infinity;
  for (let k = 0; k < z.length; k++) if (k !== except && z[k] > top) top = z[k];
  let sum = 0;
  for (let k = 0; k < z.length; k++) if (k !== except) sum += Math.exp(z[k] - top);
  return top + Math.log(sum);
}

/** 1 - a_j, exact also where a_j is nearly 1. */
function complement(output, z, a, j) {
  if (output === "sigmoid") return 1 / (1 + Math.exp(z[j]));
  let others = 0;
  for (let k = 0; k < a.length; k++) if (k !== j) others += a[k];
  return others;
}

// value: C of one example; gradient: writes dC/da
const COSTS = {
  quadratic: { // eq. (6)
    value(output, z, a, y) {
      let C = 0;
      for (let j = 0; j < a.length; j++) C += (a[j] - (j === y)) ** 2;
      return C / 2;
    },
    gradient(output, z, a, y, out) { for (let j = 0; j < a.length; j++) out[j] = a[j] - (j === y); },
  },
  cross_entropy: { // eq. (63), one yes-or-no question for every output
    value(output, z, a, y) {
      let C = 0;
      if (output === "sigmoid") for (let j = 0; j < z.length; j++) C += softplus(j === y ? -z[j] : z[j]);
      else {
        const all = logSumExp(z);
        for (let j = 0; j < z.length; j++) C += all - (j === y ? z[j] : logSumExp(z, j));
      }
      return C;
    },
    gradient(output, z, a, y, out) {
      for (let j = 0; j < a.length; j++) {
        out[j] = j === y ? -1 / Math.max(a[j], TINY) : 1 / Math.max(complement(output, z, a, j), TINY);
      }
    },
  },
  log_likelihood: { // eq. (80)
    value(output, z, a, y) { return output === "sigmoid" ? softplus(-z[y]) : logSumExp(z) - z[y]; },
    gradient(output, z, a, y, out) {
      for (let j = 0; j < a.length; j++) out[j] = j === y ? -1 / Math.max(a[j], TINY) : 0;
    },
  },
};

// ---- delta^L = dC/dz^L

const SHORT_FORMS = { // where algebra cancels the activation's derivative against the cost's
  "softmax log_likelihood": rightFormula, // eqs. (81), (84)
  "sigmoid cross_entropy": rightFormula, // eq. (66)
  "linear quadratic": rightFormula, // eq. (68)
  "sigmoid log_likelihood": wrongFormula,
};

/** a_j - y_j */
function rightFormula(a, y, out) {
  for (let j = 0; j < a.length; j++) out[j] = a[j] - (j === y);
}

/** y_j (a_j - 1): right for sigmoid outputs with C = -ln a_y, wrong for softmax. */
function wrongFormula(a, y, out) {
  for (let j = 0; j < a.length; j++) out[j] = j === y ? a[j] - 1 : 0;
}

/** The function (z, a, y, out) that writes delta^L of one example. */
function outputError(output, cost, error = "exact") {
  const short = error === "true_output_only" ? wrongFormula : SHORT_FORMS[`${output} ${cost}`];
  if (short) return (z, a, y, out) => short(a, y, out);
  const g = new Float64Array(64);
  return (z, a, y, out) => {
    const gradA = g.subarray(0, a.length);
    COSTS[cost].gradient(output, z, a, y, gradA);
    ACTIVATIONS[output].vjp(a, gradA, out); // (BP1) with the whole Jacobian
  };
}

/** dC/dz_j by a centred difference of step h; outputs are activation(c z), c as in eq. (83). */
function slope(output, cost, z, y, j, h, c = 1) {
  const moved = Float64Array.from(z, (v) => c * v), a = new Float64Array(z.length);
  const at = (t) => {
    moved[j] = c * (z[j] + t);
    ACTIVATIONS[output].f(moved, a);
    return COSTS[cost].value(output, moved, a, y);
  };
  return (at(h) - at(-h)) / (2 * h);
}

// ---- random numbers, so that a seed means something

/** mulberry32: numbers in [0, 1) */
function generator(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** N(0, 1), by Box and Muller. */
function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Put `order` into a random order, in place. */
function shuffle(order, random) {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
}

// ---- images: four fifths of the pixels of MNIST are 0, so only the others are kept

class Images {
  /** `pixels` (n * width), divided by `scale`. */
  constructor(pixels, n, width = 784, scale = 255) {
    let lit = 0;
    for (let i = 0; i < n * width; i++) if (pixels[i]) lit++;
    this.n = n;
    this.from = new Int32Array(n + 1); // image i is entries from[i] to from[i + 1] - 1
    this.pixel = new Int32Array(lit);
    this.value = new Float64Array(lit);
    for (let i = 0, q = 0; i < n; i++) {
      for (let p = 0; p < width; p++) {
        const v = pixels[i * width + p];
        if (v) { this.pixel[q] = p; this.value[q++] = v / scale; }
      }
      this.from[i + 1] = q;
    }
  }
}

// ---- the first layer, ten neurons at a time: their sums stay in registers while the lit pixels pass

/** z_k += sum_p x_p w_pk for all neurons k of image i, written to z[at], z[at + 1], ... */
function sumPixels(images, i, w, n, z, at) {
  const { pixel, value } = images, begin = images.from[i], end = images.from[i + 1];
  let k = 0;
  for (; k + 10 <= n; k += 10) {
    let s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0, s8 = 0, s9 = 0;
    for (let q = begin; q < end; q++) {
      const x = value[q], p = pixel[q] * n + k;
      s0 += x * w[p]; s1 += x * w[p + 1]; s2 += x * w[p + 2]; s3 += x * w[p + 3]; s4 += x * w[p + 4];
      s5 += x * w[p + 5]; s6 += x * w[p + 6]; s7 += x * w[p + 7]; s8 += x * w[p + 8]; s9 += x * w[p + 9];
    }
    const o = at + k;
    z[o] = s0; z[o + 1] = s1; z[o + 2] = s2; z[o + 3] = s3; z[o + 4] = s4;
    z[o + 5] = s5; z[o + 6] = s6; z[o + 7] = s7; z[o + 8] = s8; z[o + 9] = s9;
  }
  for (; k < n; k++) {
    let sum = 0;
    for (let q = begin; q < end; q++) sum += value[q] * w[pixel[q] * n + k];
    z[at + k] = sum;
  }
}

/** w_pk -= e x_p delta_k for all lit pixels p of image i: (BP4) and a step, without forming the gradient. */
function updatePixels(images, i, w, n, delta, at, e) {
  const { pixel, value } = images, begin = images.from[i], end = images.from[i + 1];
  let k = 0;
  for (; k + 10 <= n; k += 10) {
    const o = at + k;
    const d0 = e * delta[o], d1 = e * delta[o + 1], d2 = e * delta[o + 2], d3 = e * delta[o + 3];
    const d4 = e * delta[o + 4], d5 = e * delta[o + 5], d6 = e * delta[o + 6], d7 = e * delta[o + 7];
    const d8 = e * delta[o + 8], d9 = e * delta[o + 9];
    for (let q = begin; q < end; q++) {
      const x = value[q], p = pixel[q] * n + k;
      w[p] -= x * d0; w[p + 1] -= x * d1; w[p + 2] -= x * d2; w[p + 3] -= x * d3; w[p + 4] -= x * d4;
      w[p + 5] -= x * d5; w[p + 6] -= x * d6; w[p + 7] -= x * d7; w[p + 8] -= x * d8; w[p + 9] -= x * d9;
    }
  }
  for (; k < n; k++) {
    const d = e * delta[at + k];
    for (let q = begin; q < end; q++) w[pixel[q] * n + k] -= value[q] * d;
  }
}

// ---- the network

class Network {
  /**
   * `sizes` is [784, 30, 10], say; `hidden` and `output` name activations, `cost` a cost; `error` is "exact" or
   * "true_output_only" (delta^L = y_j (a_j - 1), wrong on purpose). All parameters start at zero.
   */
  constructor({ sizes, hidden = "sigmoid", output = "softmax", cost = "log_likelihood", error = "exact" }) {
    Object.assign(this, { sizes, hidden, output, cost, error });
    this.layers = [];
    for (let l = 1; l < sizes.length; l++) {
      this.layers.push({ nIn: sizes[l - 1], n: sizes[l], w: new Float64Array(sizes[l - 1] * sizes[l]), b: new Float64Array(sizes[l]) });
    }
    this.scale = 1; // the first w is scale * layers[0].w: L2 costs one product a step, not 23,520
    this.z = new Float64Array(sizes[sizes.length - 1]); // z^L and a^L of the last image
    this.a = new Float64Array(sizes[sizes.length - 1]);
    this.delta = outputError(output, cost, error);
    this.makeRows(1);
  }

  /** Room for the activations and errors of m images. */
  makeRows(m) {
    this.rows = m;
    this.activations = this.layers.map(({ n }) => new Float64Array(m * n));
    this.deltas = this.layers.map(({ n }) => new Float64Array(m * n));
  }

  /** Starting weights: "scaled" N(0, 1/n_in), "large" N(0, 1), both with biases N(0, 1); or "zeros". */
  initialize(seed, start = "scaled") {
    const random = generator(seed);
    this.scale = 1;
    for (const { w, b, nIn } of this.layers) {
      const size = start === "scaled" ? 1 / Math.sqrt(nIn) : 1;
      for (let i = 0; i < w.length; i++) w[i] = start === "zeros" ? 0 : size * normal(random);
      for (let k = 0; k < b.length; k++) b[k] = start === "zeros" ? 0 : normal(random);
    }
    return this;
  }

  /** Take the parameters [{w, b}, ...] over. */
  load(parameters) {
    this.scale = 1;
    this.layers.forEach(({ w, b }, l) => { w.set(parameters[l].w); b.set(parameters[l].b); });
    return this;
  }

  /** The parameters [{w, b}, ...], with the penalty's factor multiplied in. */
  parameters() {
    this.fold();
    return this.layers.map(({ w, b }) => ({ w, b }));
  }

  fold() {
    const { w } = this.layers[0];
    if (this.scale !== 1) for (let i = 0; i < w.length; i++) w[i] *= this.scale;
    this.scale = 1;
  }

  /** Eqs. (25): image i through the network, kept as row r. Leaves z^L and a^L in this.z and this.a. */
  forward(images, i, r = 0) {
    const last = this.layers.length - 1;
    for (let l = 0; l <= last; l++) {
      const { w, b, n, nIn } = this.layers[l], out = this.activations[l], at = r * n;
      if (l === 0) {
        sumPixels(images, i, w, n, out, at);
        for (let k = 0; k < n; k++) out[at + k] = out[at + k] * this.scale + b[k];
      } else {
        const before = this.activations[l - 1], from = r * nIn;
        for (let k = 0; k < n; k++) out[at + k] = b[k];
        for (let p = 0; p < nIn; p++) {
          const x = before[from + p], row = p * n;
          for (let k = 0; k < n; k++) out[at + k] += x * w[row + k];
        }
      }
      if (l < last) this.squash(out, at, n);
    }
    const at = r * this.z.length;
    for (let j = 0; j < this.z.length; j++) this.z[j] = this.activations[last][at + j];
    ACTIVATIONS[this.output].f(this.z, this.a);
    return this.a;
  }

  /** The hidden activation, in place. */
  squash(out, at, n) {
    if (this.hidden === "sigmoid") for (let k = at; k < at + n; k++) out[k] = 1 / (1 + Math.exp(-out[k]));
    else { const view = out.subarray(at, at + n); ACTIVATIONS[this.hidden].f(view, view); }
  }

  /** After forward of row r: (BP1) and (BP2). Gives back |delta^L|. */
  backward(y, r = 0) {
    const last = this.layers.length - 1, K = this.z.length;
    const top = this.deltas[last].subarray(r * K, r * K + K);
    this.delta(this.z, this.a, y, top);
    let squares = 0;
    for (let j = 0; j < K; j++) squares += top[j] * top[j];
    for (let l = last - 1; l >= 0; l--) {
      const { n } = this.layers[l], above = this.layers[l + 1], after = this.deltas[l + 1];
      const delta = this.deltas[l], a = this.activations[l], at = r * n, from = r * above.n;
      for (let k = 0; k < n; k++) {
        let g = 0;
        for (let j = 0; j < above.n; j++) g += after[from + j] * above.w[k * above.n + j];
        const v = a[at + k];
        delta[at + k] = this.hidden === "sigmoid" ? g * v * (1 - v) : this.hidden === "tanh" ? g * (1 - v * v) : v > 0 ? g : 0;
      }
    }
    return Math.sqrt(squares);
  }

  /**
   * One mini-batch, images order[from] to order[from + m - 1]: eqs. (93) and (94), w -> (1 - eta lambda/n) w -
   * eta/m sum dC/dw. Gives back the sum of |delta^L| over the m images.
   */
  step(images, labels, order, from, m, eta, lambdaOverN = 0) {
    if (this.rows < m) this.makeRows(m);
    let norms = 0;
    for (let r = 0; r < m; r++) {
      const i = order[from + r];
      this.forward(images, i, r);
      norms += this.backward(labels[i], r);
    }
    const decay = 1 - eta * lambdaOverN, e = eta / m;
    if (decay !== 1) {
      this.scale *= decay;
      for (const { w } of this.layers.slice(1)) for (let q = 0; q < w.length; q++) w[q] *= decay;
      if (Math.abs(this.scale) < 1e-3) this.fold();
    }
    for (let l = 0; l < this.layers.length; l++) {
      const { w, b, n, nIn } = this.layers[l], delta = this.deltas[l], before = this.activations[l - 1];
      for (let r = 0; r < m; r++) {
        const at = r * n;
        if (l === 0) updatePixels(images, order[from + r], w, n, delta, at, e / this.scale);
        else {
          for (let p = 0; p < nIn; p++) {
            const x = e * before[r * nIn + p], row = p * n;
            for (let k = 0; k < n; k++) w[row + k] -= x * delta[at + k];
          }
        }
        for (let k = 0; k < n; k++) b[k] -= e * delta[at + k];
      }
    }
    return norms;
  }

  /** One pass over `order` in mini-batches of m. */
  epoch(images, labels, order, m, eta, lambdaOverN = 0) {
    let norms = 0;
    for (let from = 0; from < order.length; from += m) {
      norms += this.step(images, labels, order, from, Math.min(m, order.length - from), eta, lambdaOverN);
    }
    return norms;
  }

  /** Number of right answers, mean cost, and counts[true digit * K + answer] over all images. */
  evaluate(images, labels) {
    const K = this.z.length, counts = new Int32Array(K * K);
    let right = 0, cost = 0;
    for (let i = 0; i < images.n; i++) {
      const answer = argmax(this.forward(images, i)), y = labels[i];
      counts[y * K + answer]++;
      if (answer === y) right++;
      cost += COSTS[this.cost].value(this.output, this.z, this.a, y);
    }
    return { right, accuracy: right / images.n, cost: cost / images.n, counts };
  }
}
