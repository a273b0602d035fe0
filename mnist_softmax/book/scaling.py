"""Weights that are scaled: by weight decay alone, in an epoch (chapter 3), and all at once by c (chapter 6)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from mnist_softmax.book.answer import Answer
from mnist_softmax.book.claim import ONLY, Evidence, Finding, Prospect
from mnist_softmax.config.schema import Misfit, Positive
from mnist_softmax.data.dataset import Split
from mnist_softmax.network.network import Network
from mnist_softmax.runs.answers import load_network
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.training.evaluation import passes_over
from mnist_softmax.training.loop import start
from mnist_softmax.training.optimizers import rule_of


class Decay(Answer):
    """How much weights shrink in an epoch to which no gradient comes: those of pixels that are always dark."""

    kind: Literal["decay"] = "decay"

    def check(self, prospect: Prospect) -> None:
        prospect.check(None)
        settings = prospect.seeded[ONLY]
        if rule_of(settings.training) not in ("plain", "as_in_the_book"):
            raise Misfit("kind", "is for plain descent: without momentum, Adam and l1")
        if settings.network.placed()[0].kind != "dense":
            raise Misfit("kind", "is for a network whose first layer is dense")

    def judge(self, evidence: Evidence) -> Finding:
        dark = np.flatnonzero(~evidence.dataset.train.images.any(axis=0))
        factors = np.array([_shrunk(run, dark) for run in evidence.seeded[ONLY]])
        training = evidence.seeded[ONLY][0].read_config().training
        expected = float(np.exp(-training.learning_rate * training.l2 / training.mini_batch_size))
        low, high = float(factors.min()), float(factors.max())
        verdict = (
            f"weights of the {len(dark)} pixels that are dark in all training images are multiplied "
            f"by {factors.mean():.6f} in an epoch ({low:.6f} to {high:.6f} over all of them and {len(factors)} "
            f"seeds); exp(-eta lambda / m) is {expected:.6f}"
        )
        figures = {"mean": float(factors.mean()), "low": low, "high": high, "expected": expected}
        return figures | {"n": len(factors), "verdict": verdict, "agrees": None}


def _shrunk(run: RunDirectory, dark: np.ndarray) -> np.ndarray:
    settings = run.read_config()
    before, after = (
        network.parameters.layers[0]["w"][dark] for network in (start(settings).network, load_network(run))
    )
    factors: np.ndarray = (after / before) ** (1 / settings.training.epochs)
    return factors


class Rescaled(Answer):
    """What becomes of outputs and gradients when all weights are multiplied by c."""

    kind: Literal["rescaled"] = "rescaled"
    c: Positive = 2.0

    def check(self, prospect: Prospect) -> None:
        for run in prospect.seeded:
            prospect.check(None, run)

    def judge(self, evidence: Evidence) -> Finding:
        images = evidence.dataset.test.first(1000)
        found, sentences = {}, []
        for run, directories in evidence.seeded.items():
            factors = []
            for directory in directories:
                network = load_network(directory)
                for name, array in network.parameters.named():
                    if name.startswith("b"):
                        array[...] = 0
                before = _sums(network, images)
                network.parameters.weights *= self.c
                some = before != 0  # behind dead neurons nothing is left to grow
                factors.append(float(np.median(_sums(network, images)[some] / before[some])))
            depth = sum(map(bool, network.parameters.layers))  # dropout has no weights
            found[run] = {"factors": factors, "depth": depth}
            sentences.append(
                f"`{run}`: the outputs' weighted sums grow by {np.mean(factors):.3f} "
                f"({min(factors):.3f} to {max(factors):.3f} over {len(factors)} seeds)"
            )
        verdict = f"all weights times {self.c:g}, biases 0, {depth} layers of weights: {'; '.join(sentences)}"
        return {"runs": found, "n": len(factors), "verdict": verdict, "agrees": None}


def _sums(network: Network, images: Split) -> np.ndarray:
    return np.concatenate([p.z.copy() for p, _, _ in passes_over(network, images)])


Kinds = Decay | Rescaled
