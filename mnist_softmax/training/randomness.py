"""Random streams: one seed in the config, an independent generator for each use.

Because each use has a stream of its own, two costs trained with one seed start from the same weights and see
the same mini-batches, and turning one consumer on does not disturb the others. So comparisons are paired.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from mnist_softmax.config.config import Config
from mnist_softmax.config.randomness import BookStreams
from mnist_softmax.network.network import Network
from mnist_softmax.training import book_streams

STREAMS = ("weights", "order", "dropout")


class Order(Protocol):
    """Where the order of every epoch comes from; `state` is plain data from which it goes on the same."""

    state: Any

    def permutation(self, n: int) -> np.ndarray:
        """The order of n images in the next epoch."""


class StoredOrder:
    """The images as they are stored, in every epoch: the book's network3 never shuffles."""

    state: Any = None

    def permutation(self, n: int) -> np.ndarray:
        """0, 1, ..., n - 1."""
        return np.arange(n)


class StreamOrder:
    """Orders drawn from a generator."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def permutation(self, n: int) -> np.ndarray:
        """A new order, whatever the last one was."""
        return self.rng.permutation(n)

    @property
    def state(self) -> Any:
        """That of the generator."""
        return self.rng.bit_generator.state

    @state.setter
    def state(self, state: Any) -> None:
        self.rng.bit_generator.state = state


def stream(seed: int, name: str) -> np.random.Generator:
    """The generator of one use, `name` out of STREAMS."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(STREAMS.index(name),)))


def dropout_stream(seed: int, epoch: int) -> np.random.Generator:
    """The generator of an epoch's dropout: a resumed run needs nothing but the number of the epoch."""
    key = (STREAMS.index("dropout"), epoch)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def draw_weights(network: Network, settings: Config) -> None:
    """Give `network` the starting weights that the settings train from."""
    scheme = settings.randomness
    if isinstance(scheme, BookStreams):
        book_streams.draw_weights(network, settings.seed, [run.initializer for run in scheme.earlier_runs])
    else:
        network.initialize(stream(settings.seed, "weights"))


def new_order(settings: Config) -> Order:
    """Where the orders of the epochs come from, before the first."""
    scheme = settings.randomness
    if settings.training.order == "as_stored":
        return StoredOrder()
    if isinstance(scheme, BookStreams):
        return book_streams.BookOrder(settings.seed, scheme)
    return StreamOrder(stream(settings.seed, "order"))
