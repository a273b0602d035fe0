"""What a first convolutional layer has learned, as pictures: each kernel a square of its weights (chapter 6)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from mnist_softmax.book.axes import pictures
from mnist_softmax.book.claim import ONLY, Claim, Evidence, Finding, Prospect, Row
from mnist_softmax.config.layers import Convolution
from mnist_softmax.config.schema import Misfit
from mnist_softmax.runs.answers import load_network
from mnist_softmax.runs.directory import RunDirectory

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACROSS = 5


class Filters(Claim):
    """The kernels of the first layer of the first seed; the book shows its own, and nothing is to be judged."""

    kind: Literal["filters"] = "filters"

    def check(self, prospect: Prospect) -> None:
        prospect.check(None)
        if not isinstance(prospect.seeded[ONLY].network.layers[1], Convolution):
            raise Misfit("kind", "the first layer is no convolution")

    def judge(self, evidence: Evidence) -> Finding:
        first = evidence.seeded[ONLY][0]
        return {
            "maps": len(_kernels(first)),
            "seed": first.read_config().seed,
            "n": 1,
            "verdict": "drawn",
            "agrees": None,
        }

    @staticmethod
    def row(finding: Finding) -> Row:
        what = f"the {finding['maps']} kernels of the first layer"
        return Row.of(finding, what, "a figure", f"a figure, of seed {finding['seed']}")

    def figures(self, evidence: Evidence, title: str) -> list[tuple[str, Figure]]:
        figure, _ = pictures(_kernels(evidence.seeded[ONLY][0]), ACROSS)
        return [("net_full_layer_0", figure)]


def _kernels(run: RunDirectory) -> np.ndarray:
    """(maps, field, field) of the first layer, which sees one map."""
    network = load_network(run)
    w = network.parameters.layers[0]["w"]
    field = math.isqrt(len(w))
    return w.T.reshape(-1, field, field)
