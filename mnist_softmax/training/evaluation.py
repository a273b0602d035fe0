"""How good a network is on a split: a pure function of its arguments."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mnist_softmax.data.dataset import Split
from mnist_softmax.data.minibatches import MiniBatches
from mnist_softmax.network.network import Network, Workspace

ROWS = 1000  # at once: few calls, and the activations stay in the cache


class Evaluation(NamedTuple):
    """`cost` is the mean of C over the split without penalties (NaN if not asked for), `correct` a count.

    Of a network with replicas both are arrays, with an entry for each.
    """

    cost: float | np.ndarray
    correct: int | np.ndarray
    n: int

    @property
    def accuracy(self) -> float | np.ndarray:
        """As a fraction."""
        return self.correct / self.n


def evaluate(network: Network, split: Split, scale: float, with_cost: bool = True) -> Evaluation:
    """Mean cost and number of right answers (the largest output) over `split`."""
    cost = np.zeros(network.replicas) if with_cost else np.full(network.replicas, np.nan)
    correct = np.zeros(network.replicas, np.intp)
    # all replicas are shown the same images, so these are made ready once
    batches = MiniBatches(split, min(ROWS, len(split)), network.num_outputs, scale, network.dtype)
    workspaces = {m: Workspace(network, m) for m in batches.sizes(len(split))}
    with np.errstate(over="ignore"):
        for x, labels in batches.in_order():
            workspace = workspaces[len(x)]
            a = network.forward(x, workspace)
            correct += np.count_nonzero(a.argmax(axis=-1) == labels, axis=-1)
            if with_cost:
                costs = network.output.cost(workspace.z, a, batches.one_hot[labels])
                cost += costs.astype(np.float64).sum(axis=-1)
    cost /= len(split)
    if network.replicas:
        return Evaluation(cost, correct, len(split))
    return Evaluation(float(cost), int(correct), len(split))
