"""How good a network is on a split, and how fast its layers learn there: one loop over a split serves all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.data.minibatches import MiniBatches
from mnist_softmax.errors import ConfigError
from mnist_softmax.metrics import METRICS, SPLITS
from mnist_softmax.network.calls import Recording, play, recorded
from mnist_softmax.network.network import Network, Pass
from mnist_softmax.network.passes import rows_at_once


def passes_over(
    network: Network, split: Split, back: bool = False
) -> Iterator[tuple[Pass, np.ndarray, np.ndarray]]:
    """Every image of `split`, in order, some rows at once: a pass that has gone forward, labels (m,), y (m, K).

    With `back` it can go backward, too, and its errors are those of the sum of the costs.
    """
    rows = min(rows_at_once(network.layers, np.dtype(network.dtype).itemsize), len(split))
    batches = MiniBatches(split, rows, network.num_outputs, network.dtype)
    passes = {m: network.new_pass(m, mean=False, back=back) for m in batches.sizes(len(split))}
    recordings: dict[int, Recording] = {}  # by m: all mini-batches of a size come in the same array
    with np.errstate(over="ignore", invalid="ignore"):  # of weights that overflowed
        for x, labels in batches.in_order():  # all replicas are shown the same images
            m = len(x)
            if m in recordings:
                play(recordings[m])
            else:
                with recorded() as recordings[m]:
                    passes[m].forward(x)
            yield passes[m], labels, batches.one_hot[labels]


def cost(p: Pass, labels: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The sum of C over the rows."""
    return p.output.cost(p.z, p.a, y).astype(np.float64).sum(axis=-1)


def accuracy(p: Pass, labels: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How many answers are right: the largest output is that of the label."""
    return np.count_nonzero(p.a.argmax(axis=-1) == labels, axis=-1)


def mean_output(p: Pass, labels: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The sum over the rows of the mean output."""
    return p.a.sum(axis=(-2, -1), dtype=np.float64) / p.a.shape[-1]


def mean_true_output(p: Pass, labels: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The sum over the rows of a_y."""
    return (p.a * y).sum(axis=-1).sum(axis=-1, dtype=np.float64)


# Sums over the rows of a pass, (...): the quantities of metrics.py that need a forward pass alone.
QUANTITIES: dict[str, Callable[[Pass, np.ndarray, np.ndarray], np.ndarray]] = {
    "cost": cost,
    "accuracy": accuracy,
    "mean_output": mean_output,
    "mean_true_output": mean_true_output,
}


class Evaluation(NamedTuple):
    """Means over the n images of a split, those that were asked for; of replicas arrays, an entry for each.

    `cost` is C without penalties, `accuracy` a fraction, `mean_true_output` the mean of a_y.
    """

    n: int
    cost: Any = None
    accuracy: Any = None
    mean_output: Any = None
    mean_true_output: Any = None

    @property
    def correct(self) -> Any:
        """How many answers are right."""
        return None if self.accuracy is None else np.rint(self.n * self.accuracy).astype(np.intp)


def evaluate(network: Network, split: Split, quantities: Sequence[str] = ("cost", "accuracy")) -> Evaluation:
    """Measure `quantities`, names out of QUANTITIES, of `network` on `split`.

    Raises ConfigError: there is no such quantity, or images and network do not fit.
    """
    for name in quantities:
        if name not in QUANTITIES:
            raise ConfigError(f"evaluate: no quantity {name}; expected some of {', '.join(QUANTITIES)}")
    if not len(split) or split.images.shape[-1] != network.num_inputs:
        found, needed = f"{len(split)} images of {split.images.shape[-1]} pixels", network.num_inputs
        raise ConfigError(f"evaluate: {found}; the network takes {needed}")
    totals = {name: np.zeros(network.replicas) for name in quantities}
    for p, labels, y in passes_over(network, split):
        for name in quantities:
            totals[name] += QUANTITIES[name](p, labels, y)
    n = len(split)
    means = {name: total / n if network.replicas else float(total / n) for name, total in totals.items()}
    return Evaluation(n, **means)


def bias_gradients(network: Network, split: Split) -> list[np.ndarray]:
    """For each layer with biases dC/db, like b: the mean over `split` of delta, without penalties.

    In a convolution all places of a map share its bias, and their errors add up.
    """
    sums = [np.zeros_like(arrays["b"], np.float64) for arrays in network.parameters.layers if arrays]
    for p, _, y in passes_over(network, split, back=True):
        p.backward(y)
        for total, layer in zip(sums, [layer for layer in p.layers if layer not in p.thinned], strict=True):
            errors = layer.delta.reshape(*network.replicas, -1, total.shape[-1])
            total += errors.sum(axis=-2, dtype=np.float64)
    return [total / len(split) for total in sums]


def gradient_norms(network: Network, split: Split) -> np.ndarray:
    """The Euclidean length of dC/db of each hidden layer, (..., number of hidden layers), first layer first.

    The book's chapter 5 takes it for the speed at which the layer learns.
    """
    hidden = bias_gradients(network, split)[:-1]
    return np.stack([np.linalg.norm(gradient, axis=-1) for gradient in hidden], axis=-1)


def measure(network: Network, dataset: Dataset, monitor: Sequence[str]) -> dict[str, np.ndarray]:
    """The metrics that `monitor` names, of networks with one replica axis: an entry for each."""
    measured: dict[str, np.ndarray] = {}
    metrics = [METRICS[name] for name in monitor]
    for split in SPLITS:
        wanted = [m.quantity for m in metrics if m.split == split and m.quantity in QUANTITIES]
        if wanted:
            found = evaluate(network, dataset.split(split), wanted)
            measured |= {f"{split}_{quantity}": getattr(found, quantity) for quantity in wanted}
    for metric in metrics:
        if metric.by_layer:
            measured[metric.name] = gradient_norms(network, dataset.split(metric.split))
    return measured
