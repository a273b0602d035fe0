// The last script: unpack the digits, draw, and train the page's own network in a worker meanwhile.
"use strict";

{
  // the buttons under each act
  for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => copy(button, button.dataset.copy));
  for (const button of document.querySelectorAll("[data-link]")) {
    button.addEventListener("click", () => {
      const address = location.href.split("#")[0] + link(button.dataset.link);
      history.replaceState(null, "", link(button.dataset.link));
      copy(button, address);
    });
  }

  addEventListener("hashchange", () => { follow(); redraw(); });
  dark.addEventListener("change", redraw);
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; redraw(); } });

  function follow() {
    const act = readLink();
    if (act) byId(act).scrollIntoView({ behavior: "instant" });
  }

  /** Train the page's network on a few thousand digits, unseen, and offer it. */
  function trainOwn() {
    const trainer = openTrainer((report) => {
      if (!report.done) return;
      trainer.close();
      networks.trained = { title: `784-30-10, trained by your browser on ${counted(digits.train.n)} digits`, scale: 255,
        net: new Network({ sizes: [784, 30, 10] }).load(report.parameters[0]) };
      const { right } = report.results[0];
      byId("quiet").append(
        el("span", {}, `Your browser has meanwhile trained this network: ${percent(right / digits.test.n)} of ${counted(digits.test.n)} test digits are right.`),
        el("a", { href: "#inside" }, "Draw a digit"),
        el("button", { type: "button", click: () => change("slope", { net: "trained", z: null }) }, "use its z"));
      redraw();
    });
    trainer.post({ type: "begin", sizes: [784, 30, 10], seed: 1, m: 10, n: digits.train.n, reportEvery: digits.train.n, withParameters: true,
      networks: [{ output: "softmax", cost: "log_likelihood", error: "exact", eta: 0.5, lambda: 0, start: "scaled" }], ...trainerDigits() });
    trainer.post({ type: "run", images: 3 * digits.train.n });
  }

  async function begin() {
    for (const [name, description] of Object.entries(stored.networks)) {
      networks[name] = { title: description.title, net: networkOf(description), scale: description.scale };
    }
    networks.start = { title: "784-30-10, fresh (not trained)", net: new Network({ sizes: [784, 30, 10] }).initialize(1), scale: 255 };
    await unpackDigits();
    follow();
    for (const draw of Object.values(acts)) draw();
    if (location.hash) follow(); // once more, for what was drawn above has its height now
    document.documentElement.dataset.ready = "yes";
    dispatchEvent(new Event("ready"));
    trainOwn();
  }

  begin();
}
