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

    `mean_output` is the mean of all outputs and `mean_true_output` that of a_y (None if not asked for).
    Of a network with replicas all are arrays, with an entry for each.
    """

    cost: float | np.ndarray
    correct: int | np.ndarray
    n: int
    mean_output: float | np.ndarray | None = None
    mean_true_output: float | np.ndarray | None = None

    @property
    def accuracy(self) -> float | np.ndarray:
        """As a fraction."""
        return self.correct / self.n


def evaluate(
    network: Network, split: Split, scale: float, with_cost: bool = True, with_outputs: bool = False
) -> Evaluation:
    """Mean cost, mean outputs and number of right answers (the largest output) over `split`."""
    cost = np.full(network.replicas, 0.0 if with_cost else np.nan)
    mean_output, mean_true_output = np.zeros((2, *network.replicas))
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
            if with_outputs:
                mean_output += a.sum(axis=(-2, -1), dtype=np.float64) / network.num_outputs
                true_outputs = (a * batches.one_hot[labels]).sum(axis=-1)
                mean_true_output += true_outputs.sum(axis=-1, dtype=np.float64)
    sums = (cost, mean_output, mean_true_output) if with_outputs else (cost,)
    means = [total / len(split) for total in sums]
    if network.replicas:
        return Evaluation(means[0], correct, len(split), *means[1:])
    return Evaluation(float(means[0]), int(correct), len(split), *map(float, means[1:]))
