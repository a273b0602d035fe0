"""How good a network is on a split: a pure function of its arguments."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mnist_softmax.data.dataset import Split
from mnist_softmax.data.minibatches import MiniBatches
from mnist_softmax.network.network import Network, Workspace

ROWS = 1000  # at once: few calls, and the activations stay in the cache


class Evaluation(NamedTuple):
    """`cost` is the mean of C over the split without penalties (NaN if not asked for), `correct` a count."""

    cost: float
    correct: int
    n: int

    @property
    def accuracy(self) -> float:
        """As a fraction."""
        return self.correct / self.n


def evaluate(network: Network, split: Split, scale: float, with_cost: bool = True) -> Evaluation:
    """Mean cost and number of right answers (the largest output) over `split`."""
    cost, correct = 0.0, 0
    rows = min(ROWS, len(split))
    batches = MiniBatches(split, rows, network.num_outputs, scale, network.dtype)
    workspaces = {m: Workspace(network, m) for m in batches.sizes(len(split))}
    for x, y in batches(np.arange(len(split))):
        workspace = workspaces[x.shape[-2]]
        a = network.forward(x, workspace)
        correct += int(np.count_nonzero(a.argmax(axis=-1) == y.argmax(axis=-1)))
        if with_cost:
            cost += float(network.output.cost(workspace.z, a, y).sum(dtype=np.float64))
    return Evaluation(cost / len(split) if with_cost else float("nan"), correct, len(split))
