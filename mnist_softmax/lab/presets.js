// Settings of the book, by chapter: what is trained, what the book prints, and the command that does it in full.
"use strict";

// the pairs of output and cost that can be trained, with their delta^L
const PAIRS = {
  loglik: { title: "softmax, −ln a_y", rule: "δ_j = a_j − y_j, eq. (84)", output: "softmax", cost: "log_likelihood", error: "exact" },
  wrong: { title: "softmax, −ln a_y, wrong δ", rule: "δ_j = y_j (a_j − 1): the mistake", output: "softmax", cost: "log_likelihood", error: "true_output_only" },
  cross_entropy: { title: "sigmoid, cross-entropy", rule: "δ_j = a_j − y_j, eq. (66)", output: "sigmoid", cost: "cross_entropy", error: "exact" },
  quadratic: { title: "sigmoid, quadratic", rule: "δ_j = (a_j − y_j) σ′(z_j), eq. (30)", output: "sigmoid", cost: "quadratic", error: "exact" },
  loglik_sigmoid: { title: "sigmoid, −ln a_y", rule: "δ_j = y_j (a_j − 1): right here", output: "sigmoid", cost: "log_likelihood", error: "exact" },
  quadratic_softmax: { title: "softmax, quadratic", rule: "(BP1) with the whole Jacobian", output: "softmax", cost: "quadratic", error: "exact" },
  cross_entropy_softmax: { title: "softmax, cross-entropy", rule: "(BP1) with the whole Jacobian", output: "softmax", cost: "cross_entropy", error: "exact" },
};

const net = (pair, eta, lambda = 0, start = "scaled") => ({ pair, eta, lambda, start });
const N_MOST = stored.digits.train.n;
const IN_FULL = "The book trains on 50,000 images and tests on 10,000; this page has fewer, so its numbers are lower.";

/** `book[k]` is what the book prints of network k. */
const PRESETS = {
  formulas: {
    title: "Right and wrong formula, and two other costs",
    text: "Four networks from the same weights. The wrong formula ends at about 10 %: one answer for all images. Sigmoid outputs with −ln a_y reach the lowest cost of all, because all ten outputs go to 1.",
    hidden: 30, m: 10, n: N_MOST, epochs: 5,
    nets: [net("loglik", 0.5), net("wrong", 0.5), net("cross_entropy", 0.5), net("loglik_sigmoid", 0.5)],
    book: ["eq. (81): the slope", "not in the book: the mistake", "chapter 3: 95.49 %", "right gradient, but no output is pushed down"],
    command: "mnist-softmax compare configs/loglik.yaml configs/loglik_wrong_gradient.yaml configs/loglik_sigmoid.yaml --seeds 3 --output comparison",
  },
  ch1_eta: {
    title: "Chapter 1: learning rates 0.001, 3 and 100",
    text: `Quadratic cost, sigmoid outputs, starting weights N(0, 1), 30 epochs. ${IN_FULL}`,
    hidden: 30, m: 10, n: N_MOST, epochs: 30,
    nets: [net("quadratic", 0.001, 0, "large"), net("quadratic", 3, 0, "large"), net("quadratic", 100, 0, "large")],
    book: ["21.42 % after 30 epochs (100 hidden)", "95.42 % at the best epoch", "10.09 %, in the end 9.82 %: one answer for all"],
    command: "mnist-softmax reproduce ch1_eta_0.001 ch1_quadratic_30 ch1_eta_100",
  },
  ch1_hidden: {
    title: "Chapter 1: no hidden layer",
    text: `The exercise: 784-10, quadratic cost, η = 3. The book prints no number. ${IN_FULL}`,
    hidden: 0, m: 10, n: N_MOST, epochs: 10,
    nets: [net("quadratic", 3, 0, "large"), net("quadratic", 0.3, 0, "scaled"), net("loglik", 0.3, 0, "scaled")],
    book: ["an exercise, no number", "", ""],
    command: "mnist-softmax reproduce ch1_no_hidden",
  },
  ch3_cost: {
    title: "Chapter 3: learning slowdown from saturated outputs",
    text: `Starting weights N(0, 1) saturate outputs: many begin near 0 or 1. With the quadratic cost δ has the factor σ′, which is small there: see how short δ is at first although most answers are wrong. ${IN_FULL}`,
    hidden: 30, m: 10, n: N_MOST, epochs: 10,
    nets: [net("quadratic", 0.5, 0, "large"), net("cross_entropy", 0.5, 0, "large"), net("loglik", 0.5, 0, "large")],
    book: ["95.42 % (η = 3, 30 epochs)", "95.49 % (30 epochs)", "no number"],
    command: "mnist-softmax compare configs/book/ch1_quadratic_30.yaml configs/book/ch3_ce_30.yaml 'training.monitor=[train_cost,validation_accuracy,test_accuracy]' --seeds 3 --output slowdown",
  },
  ch3_overfit: {
    title: "Chapter 3: overfitting on 1,000 images",
    text: "Cross-entropy, η = 0.5, 1,000 training images. The training cost (thin) falls on and on; the test cost (thick) turns and rises. 400 epochs in the book, 100 here; “train on” adds more.",
    hidden: 30, m: 10, n: 1000, epochs: 100,
    nets: [net("cross_entropy", 0.5, 0, "large")],
    book: ["test 82.27 % at the best epoch; training 100 %"],
    command: "mnist-softmax reproduce ch3_overfit_1000",
  },
  ch3_lambda: {
    title: "Chapter 3: with and without λ",
    text: "The same 1,000 images, without regularisation and with λ = 0.1. 400 epochs in the book, 100 here.",
    hidden: 30, m: 10, n: 1000, epochs: 100,
    nets: [net("cross_entropy", 0.5, 0, "large"), net("cross_entropy", 0.5, 0.1, "large")],
    book: ["82.27 % at the best epoch", "87.1 % at the best epoch"],
    command: "mnist-softmax reproduce ch3_overfit_1000 ch3_l2_1000",
  },
  ch3_start: {
    title: "Chapter 3: starting weights",
    text: `N(0, 1/n_in) against N(0, 1), with η = 0.1. λ/n is that of the book (5 for 50,000 images). ${IN_FULL}`,
    hidden: 30, m: 10, n: N_MOST, epochs: 10,
    nets: [net("cross_entropy", 0.1, 5 * N_MOST / 50000, "scaled"), net("cross_entropy", 0.1, 5 * N_MOST / 50000, "large")],
    book: ["almost 93 % after the first epoch", "under 87 % after the first epoch"],
    command: "mnist-softmax reproduce ch3_winit_30",
  },
  ch3_eta: {
    title: "Chapter 3: three learning rates",
    text: `η = 0.025, 0.25 and 2.5; look at the training cost (thin). λ/n is that of the book. ${IN_FULL}`,
    hidden: 30, m: 10, n: N_MOST, epochs: 30,
    nets: [0.025, 0.25, 2.5].map((eta) => net("cross_entropy", eta, 5 * N_MOST / 50000, "scaled")),
    book: ["training cost falls smoothly", "training cost 0.34 after 30 epochs", "training cost 0.86, up and down from the start"],
    command: "mnist-softmax reproduce ch3_multiple_eta",
  },
};

// the one-neuron toy of chapter 3: its starts, and what the book says of each cost
const TOY_ETA = 0.15, TOY_STEPS = 300;
const TOYS = {
  easy: { w: 0.6, b: 0.9, quadratic: "from 0.82 to about 0.09", cross_entropy: "learns well" },
  hard: { w: 2, b: 2, quadratic: "from 0.98; hardly learns for the first 150 epochs or so", cross_entropy: "learns fast from the start" },
};

/** Outputs a of one sigmoid neuron with x = 1 and y = 0, before each step and after the last. */
function toyRun(cost, { w, b }) {
  const outputs = [];
  for (let step = 0; step <= TOY_STEPS; step++) {
    const a = 1 / (1 + Math.exp(-(w + b)));
    outputs.push(a);
    const delta = cost === "quadratic" ? a * a * (1 - a) : a; // (55) and (61) with y = 0: with sigma' and without
    w -= TOY_ETA * delta;
    b -= TOY_ETA * delta;
  }
  return outputs;
}
