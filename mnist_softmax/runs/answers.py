"""A trained run taken up again: its network, and what it answers to every image of a split."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mnist_softmax.data.dataset import Split
from mnist_softmax.errors import RunDirectoryError
from mnist_softmax.network.network import Network
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.training.checkpoint import ANEW, load_model
from mnist_softmax.training.evaluation import passes_over


class Answers(NamedTuple):
    """For the n images of a split: true labels (n,), outputs (n, K), costs (n,) without penalties."""

    labels: np.ndarray
    outputs: np.ndarray
    costs: np.ndarray

    @property
    def answered(self) -> np.ndarray:
        """The network's answer to each image: its largest output."""
        return self.outputs.argmax(axis=-1)

    def confusion(self) -> np.ndarray:
        """Counts (K, K): row the true class, column the answer."""
        k = self.outputs.shape[-1]
        return np.bincount(self.labels.astype(np.intp) * k + self.answered, minlength=k * k).reshape(k, k)

    def worst(self, count: int) -> np.ndarray:
        """The numbers of the mistakes with the highest output for the wrong answer, worst first."""
        wrong = np.flatnonzero(self.answered != self.labels)
        confidence = self.outputs[wrong, self.answered[wrong]]
        return wrong[np.argsort(-confidence, kind="stable")][:count]


def load_network(run: RunDirectory) -> Network:
    """The network of a finished run. Raises RunDirectoryError: no run, unfinished, diverged, or damaged."""
    settings, summary, there = run.read_config(), run.read_summary(), run.model.exists()
    # a model beside a checkpoint, without a summary, is of before the run was trained on
    if summary is None and (run.checkpoint.exists() or not there):
        raise RunDirectoryError(f"{run.path}: has not ended yet; finish it with train --resume")
    if summary is not None and (summary["status"] != "finished" or not there):
        ended = f"{summary['status']} after {summary['epochs']} epochs"
        raise RunDirectoryError(f"{run.path}: has {ended} and holds no trained model; {ANEW}")
    network = Network(settings.network, settings.training.dtype)
    load_model(run.model, network)
    return network


def outputs(network: Network, split: Split) -> np.ndarray:
    """a^L (n, K) for every image of `split`; its labels are not looked at."""
    return np.concatenate([p.a.copy() for p, _, _ in passes_over(network, split)])


def answers(network: Network, split: Split) -> Answers:
    """What `network` answers to every image of `split`."""
    blocks = [(p.a.copy(), p.output.cost(p.z, p.a, y)) for p, _, y in passes_over(network, split)]
    outputs, costs = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return Answers(split.labels, outputs, costs)
