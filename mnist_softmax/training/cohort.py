"""A cohort: networks trained together, in the same NumPy calls, on a leading replica axis.

A NumPy call on the ten rows of a mini-batch spends more time on being called than on the numbers. Ten networks
in one call share that cost. Each keeps its own random streams, learning rate and penalties, and gets the very
bits that it would get alone: a single run is a cohort of one, and goes the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from mnist_softmax.config.config import Config
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.data.minibatches import BLOCK, MiniBatches
from mnist_softmax.network.network import Network
from mnist_softmax.network.parameters import Parameters
from mnist_softmax.network.passes import bytes_of_pass
from mnist_softmax.training.history import History
from mnist_softmax.training.optimizers import SLOTS, Descent, new_slots, rule_of
from mnist_softmax.training.randomness import Order
from mnist_softmax.training.sgd import Recordings

COHORT = 10  # networks trained together at most: of 30 hidden neurons ten gain most, at m = 1
CACHE = 3 << 18  # bytes for a cohort: most of a core's second-level cache, which has 1 MB or more


@dataclass
class State:
    """All that changes while a network is trained, and so all that a checkpoint holds."""

    network: Network
    slots: dict[str, Parameters]  # what its optimiser remembers, by name
    order: Order
    best: np.ndarray | None = None  # parameters at the best validation accuracy, kept for early stopping
    history: History = field(default_factory=list)


def cohort_key(settings: Config) -> tuple[object, ...]:
    """What runs must have in common to be trained in one cohort: equal settings have equal answers here.

    Seed, learning rate, schedule, momentum, penalties, epochs and early stopping may differ, as long as the rule of
    a step is the same: not momentum 0 beside 0.9.
    """
    training = settings.training
    form = (training.mini_batch_size, training.dtype, training.monitor, training.monitor_every)
    return settings.data, settings.network, form, rule_of(training)


def bytes_needed(settings: Config, replicas: int, n: int) -> int:
    """Memory that training a cohort takes besides the digits, in bytes: parameters, a block of images, orders.

    Each replica's parameters are held twice, by its state and by the cohort; so is what its optimiser remembers.
    Where a step is not plain there is one more for scratch, and one for the signs of l1. Left out is what an
    evaluation takes, at most 20 MB a replica (network/passes.py).
    """
    training, layers = settings.training, settings.network.placed()
    size, m, rule = np.dtype(training.dtype).itemsize, training.mini_batch_size, rule_of(training)
    width, outputs = layers[0].n_in, layers[-1].n_out
    parameters = sum(layer.num_parameters for layer in layers)
    copies = 2 + 2 * len(SLOTS.get(rule, ())) + (training.early_stopping is not None)
    copies += (rule not in ("plain", "with_signs")) + (training.l1 > 0)
    block = max(BLOCK // (m * replicas), 1) * m
    image = width * (1 + size) + outputs * size  # as a byte and as a float a pixel; its one-hot label
    orders = n * np.dtype(np.intp).itemsize
    return replicas * (copies * parameters * size + block * image + bytes_of_pass(layers, m, size) + orders)


def suitable_cohort(settings: Config) -> int:
    """How many networks to train together: COHORT, or as many as find room in the CACHE, with a mini-batch each.

    One, where two do not fit: then calls are long, and sharing them saves nothing.
    """
    training, layers = settings.training, settings.network.placed()
    itemsize, m = np.dtype(training.dtype).itemsize, training.mini_batch_size
    parameters = sum(layer.num_parameters for layer in layers) * (1 + len(SLOTS.get(rule_of(training), ())))
    images = m * layers[0].n_in * (1 + itemsize)  # as bytes and as floats
    return max(1, min(COHORT, CACHE // (parameters * itemsize + images + bytes_of_pass(layers, m, itemsize))))


class Cohort:
    """The parameters of several states side by side, and what an epoch over them needs, made once."""

    def __init__(self, states: Sequence[State], settings: Sequence[Config], dataset: Dataset) -> None:
        shared, self.states = settings[0], states
        replicas, m, n = (len(states),), shared.training.mini_batch_size, len(dataset.train)
        self.network = Network(shared.network, shared.training.dtype, replicas)
        self.slots = new_slots(self.network, shared.training)
        self.descent = Descent(self.network, self.slots, [each.training for each in settings], n)
        self.batches = MiniBatches(dataset.train, m, self.network.num_outputs, self.network.dtype, replicas)
        self.passes = {
            size: self.network.new_pass(size, mean=False, training=True) for size in self.batches.sizes(n)
        }
        self.recordings: Recordings = {}
        self.n, self.num_batches = n, self.batches.count(n)
        for r, state in enumerate(states):
            for ours, its in self._shared_with(state):
                ours.flat[r] = its.flat

    def begin_epoch(self, eta: Sequence[float], rngs: Sequence[np.random.Generator]) -> None:
        """Train the next epoch with these learning rates and generators of dropout, one for each replica."""
        if eta != self.descent.eta:
            self.recordings.clear()
        self.descent.use(eta)
        for p in self.passes.values():
            p.draw_from(rngs)

    def mini_batches(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """An epoch's mini-batches x (R, m, width) and y (R, m, K), each replica's in its own next order."""
        return self.batches(self.next_orders())

    def next_orders(self) -> np.ndarray:
        """The order of the next epoch for each replica, (R, n)."""
        return np.array([state.order.permutation(self.n) for state in self.states])

    def measured(self, r: int) -> dict[str, float]:
        """What the cohort has measured by itself of the last epoch of replica r: here nothing."""
        return {}

    def hand_back(self) -> None:
        """Copy what has been trained into the states it belongs to."""
        for r, state in enumerate(self.states):
            for ours, its in self._shared_with(state):
                its.flat[...] = ours.flat[r]

    def _shared_with(self, state: State) -> Iterator[tuple[Parameters, Parameters]]:
        """The cohort's parameters and slots, each with that of one state."""
        yield self.network.parameters, state.network.parameters
        for name, slot in self.slots.items():
            yield slot, state.slots[name]
