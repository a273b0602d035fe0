"""A cohort: networks trained together, in the same NumPy calls, on a leading replica axis.

A NumPy call on the ten rows of a mini-batch spends more time on being called than on the numbers. Ten networks
in one call share that cost. Each keeps its own random streams, learning rate and penalties, and gets the very
bits that it would get alone: a single run is a cohort of one, and goes the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from mnist_softmax.config.config import Config
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.data.minibatches import BLOCK, MiniBatches
from mnist_softmax.network.network import Network, Workspace
from mnist_softmax.network.parameters import Parameters
from mnist_softmax.training.history import History
from mnist_softmax.training.randomness import Order
from mnist_softmax.training.sgd import Descent, is_plain


@dataclass
class State:
    """All that changes while a network is trained, and so all that a checkpoint holds."""

    network: Network
    velocity: Parameters | None
    order: Order
    best: np.ndarray | None = None  # parameters at the best validation accuracy, kept for early stopping
    history: History = field(default_factory=list)


def common(settings: Config) -> tuple:
    """What runs must have in common to be trained in one cohort: equal settings have equal answers here.

    Seed, learning rate, schedule, momentum, penalties, epochs and early stopping may differ.
    """
    training = settings.training
    form = (
        training.mini_batch_size,
        training.dtype,
        training.monitor,
        training.monitor_every,
        training.rounding,
        is_plain(training),
        bool(training.momentum),
    )
    return settings.data, settings.network, form


def bytes_needed(settings: Config, replicas: int, n: int) -> int:
    """Memory that training a cohort takes besides the digits, in bytes: parameters, a block of images, orders.

    Each replica's parameters are held twice, by its state and by the cohort; so is a velocity. A gradient is
    formed only where a step is not plain. Left out is what an evaluation takes, a few megabytes for a while.
    """
    training, layers, size = (
        settings.training,
        settings.network.layers,
        np.dtype(settings.training.dtype).itemsize,
    )
    parameters = sum((n_in + 1) * n_out for n_in, n_out in pairwise(layers))
    copies = 2 + 2 * bool(training.momentum) + (not is_plain(training)) + (training.early_stopping is not None)
    m = training.mini_batch_size
    block = max(BLOCK // (m * replicas), 1) * m
    image = layers[0] * (1 + size) + layers[-1] * size  # as a byte and as a float a pixel; its one-hot label
    passing = m * size * (2 * sum(layers[1:]) + sum(layers[1:-1]) + layers[-1])  # a, delta, dC/da_in; a^L
    return replicas * (copies * parameters * size + block * image + passing + n * np.dtype(np.intp).itemsize)


class Cohort:
    """The parameters of several states side by side, and what an epoch over them needs, made once."""

    def __init__(self, states: Sequence[State], settings: Sequence[Config], dataset: Dataset) -> None:
        shared, self.states = settings[0], states
        replicas, m, n = (len(states),), shared.training.mini_batch_size, len(dataset.train)
        self.network = Network(shared.network, shared.training.dtype, replicas)
        self.velocity = self.network.new_parameters() if shared.training.momentum else None
        self.descent = Descent(self.network, self.velocity, [each.training for each in settings], n)
        self.batches = MiniBatches(
            dataset.train, m, self.network.num_outputs, shared.data.scale, self.network.dtype, replicas
        )
        self.workspaces = {
            size: Workspace(self.network, size, mean=not self.descent.as_in_the_book)
            for size in self.batches.sizes(n)
        }
        self.n, self.num_batches = n, self.batches.count(n)
        for r, state in enumerate(states):
            self.network.parameters.flat[r] = state.network.parameters.flat
            if self.velocity is not None and state.velocity is not None:
                self.velocity.flat[r] = state.velocity.flat

    def mini_batches(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """An epoch's mini-batches x (R, m, width) and y (R, m, K), each replica's in its own next order."""
        return self.batches(np.array([state.order.permutation(self.n) for state in self.states]))

    def hand_back(self) -> None:
        """Copy parameters and velocities into the states they belong to."""
        for r, state in enumerate(self.states):
            state.network.parameters.flat[...] = self.network.parameters.flat[r]
            if self.velocity is not None and state.velocity is not None:
                state.velocity.flat[...] = self.velocity.flat[r]
