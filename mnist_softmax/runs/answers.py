"""A trained run taken up again: its network, and what it says about every image of a split."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mnist_softmax.data.dataset import Split
from mnist_softmax.data.minibatches import MiniBatches
from mnist_softmax.errors import RunDirectoryError
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.network.network import Network
from mnist_softmax.training.checkpoint import load_model
from mnist_softmax.training.evaluation import ROWS


class Answers(NamedTuple):
    """For the n images of a split: true labels (n,), outputs (n, K), costs (n,) without penalties."""

    labels: np.ndarray
    outputs: np.ndarray
    costs: np.ndarray

    @property
    def said(self) -> np.ndarray:
        """The network's answer to each image: its largest output."""
        return self.outputs.argmax(axis=-1)

    def confusion(self) -> np.ndarray:
        """Counts (K, K): row the true class, column the answer."""
        k = self.outputs.shape[-1]
        return np.bincount(self.labels.astype(np.intp) * k + self.said, minlength=k * k).reshape(k, k)

    def worst(self, count: int) -> np.ndarray:
        """The numbers of the mistakes with the highest output for the wrong answer, worst first."""
        wrong = np.flatnonzero(self.said != self.labels)
        confidence = self.outputs[wrong, self.said[wrong]]
        return wrong[np.argsort(-confidence, kind="stable")][:count]


def load_network(run: RunDirectory) -> Network:
    """The network of a finished run. Raises RunDirectoryError: no run, unfinished, or damaged."""
    settings = run.read_config()
    if not run.model.exists():
        raise RunDirectoryError(f"{run.path}: holds no trained model yet; finish it with train --resume")
    network = Network(settings.network, settings.training.dtype)
    load_model(run.model, network)
    return network


def answers(network: Network, split: Split, scale: float) -> Answers:
    """What `network` says to every image of `split`."""
    batches = MiniBatches(split, ROWS, network.num_outputs, scale, network.dtype)
    blocks = [(network.predict(x), network.costs(x, y)) for x, y in batches(np.arange(len(split)))]
    outputs, costs = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return Answers(split.labels, outputs, costs)
