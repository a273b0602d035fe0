// Training: a function of messages, so that it runs in a worker and, where there is none, in the page itself.
"use strict";

/**
 * `send(report)` gets a report whenever `reportEvery` images were seen. Messages:
 *   { type: "begin", sizes, networks: [{ output, cost, error, eta, lambda, start }], seed, m, n, reportEvery,
 *     train: { images, labels }, test: { images, labels }, withParameters }
 *   { type: "run", images }   train so many images more; { type: "pause" }
 * All networks start from weights of one seed and see the same images in the same order.
 */
function makeTrainer(send) {
  const ROWS = 1000; // training images that are evaluated
  let given, nets, order, random, seen, until, running = false, busy, norms, sinceReport;

  function begin(message) {
    given = message;
    for (const part of [given.train, given.test]) Object.setPrototypeOf(part.images, Images.prototype);
    nets = given.networks.map(({ output, cost, error, start }) => new Network({ sizes: given.sizes, output, cost, error }).initialize(given.seed, start));
    order = Int32Array.from({ length: given.n }, (_, i) => i);
    random = generator(given.seed + 1000);
    seen = until = busy = sinceReport = 0;
    norms = nets.map(() => 0);
    report();
  }

  function firstImages(images, n) {
    return Object.assign(Object.create(Images.prototype), { n: Math.min(n, images.n), from: images.from, pixel: images.pixel, value: images.value });
  }

  function report() {
    const few = firstImages(given.train.images, Math.min(ROWS, given.n));
    const results = nets.map((net, k) => {
      const test = net.evaluate(given.test.images, given.test.labels), train = net.evaluate(few, given.train.labels);
      return { right: test.right, accuracy: test.accuracy, cost: test.cost, counts: test.counts, trainAccuracy: train.accuracy,
        trainCost: train.cost, delta: sinceReport ? norms[k] / sinceReport : NaN, first: pictureOf(net) };
    });
    const done = seen >= until && seen > 0;
    const parameters = given.withParameters ? nets.map((net) => net.parameters()) : undefined;
    norms.fill(0);
    sinceReport = 0;
    send({ seen, epoch: seen / given.n, results, done, speed: busy ? nets.length * seen / busy * 1000 : 0, parameters });
  }

  /** The first layer's weights, for pictures. */
  function pictureOf(net) {
    net.fold();
    return Float32Array.from(net.layers[0].w);
  }

  /** One mini-batch of every network. */
  function miniBatch() {
    const at = seen % given.n, m = Math.min(given.m, given.n - at, until - seen);
    if (at === 0) shuffle(order, random);
    nets.forEach((net, k) => {
      norms[k] += net.step(given.train.images, given.train.labels, order, at, m, given.networks[k].eta, given.networks[k].lambda / given.n);
    });
    seen += m;
    sinceReport += m;
  }

  /** Work for 25 ms, then look for messages. */
  function work() {
    if (!running) return;
    const began = performance.now();
    while (seen < until && performance.now() - began < 25) {
      const next = Math.min(until, (Math.floor(seen / given.reportEvery) + 1) * given.reportEvery);
      while (seen < next && performance.now() - began < 25) miniBatch();
      if (seen === next || seen >= until) {
        busy += performance.now() - began;
        report();
        return continueLater();
      }
    }
    busy += performance.now() - began;
    continueLater();
  }

  function continueLater() {
    running = running && seen < until;
    if (running) setTimeout(work, 0);
  }

  return (message) => {
    if (message.type === "begin") begin(message);
    if (message.type === "pause" && running) {
      running = false;
      if (sinceReport) report(); // so that the page knows where to go on
    }
    if (message.type === "run") {
      until = (running ? until : seen) + message.images;
      if (!running) { running = true; work(); }
    }
  };
}

/** A trainer in a worker made from the text of this page; `heard(report)` gets its reports. */
function openTrainer(heard) {
  const text = `${byId("engine-text").textContent}\n${byId("trainer-text").textContent}\nonmessage = ((trainer) => (event) => trainer(event.data))(makeTrainer(postMessage));`;
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  let worker;
  try {
    worker = new Worker(address);
  } catch { // no workers for files here: train in the page
    URL.revokeObjectURL(address);
    const trainer = makeTrainer((report) => setTimeout(() => heard(report), 0));
    return { post: trainer, close: () => trainer({ type: "pause" }) };
  }
  worker.onmessage = (event) => heard(event.data);
  return { post: (message) => worker.postMessage(message), close: () => { worker.terminate(); URL.revokeObjectURL(address); } };
}

function trainerDigits() {
  const part = (name) => ({ images: digits[name].images, labels: digits[name].labels });
  return { train: part("train"), test: part("test") };
}
