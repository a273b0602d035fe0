"""The random numbers of the book's programs, drawn as these drew them, so that their recorded runs can be had again.

The programs seed Python's generator, which shuffles, and NumPy's, which draws weights, with one number; a
recording may be several runs in a row that share both. Everything drawn depends on shapes and numbers of epochs
alone, so a later run needs no earlier one to be trained: it is enough to draw what that would have drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mnist_softmax.config.randomness import BookStreams
from mnist_softmax.errors import ConfigError
from mnist_softmax.network.network import Network


def draw_weights(network: Network, seed: int, earlier: Sequence[str]) -> None:
    """Fill `network` with the weights of the run that follows `earlier` ones with these initializers.

    The programs' constructor draws the scaled weights first, even where large ones replace them at once.
    """
    draws = [*earlier, network.architecture.initializer]
    if draws[0] == "large":
        draws.insert(0, "scaled")
    normal = np.random.RandomState(seed)  # the legacy generator is the one that the programs used
    for initializer in draws:
        _draw(network, normal, initializer)


def _draw(network: Network, normal: np.random.RandomState, initializer: str) -> None:
    """The biases of all layers first; then the weights, (n_out, n_in), the transpose of ours."""
    biases = [normal.randn(layer.n_out) for layer in network.layers]
    weights = [normal.randn(layer.n_out, layer.n_in) for layer in network.layers]
    for arrays, b, w in zip(network.parameters.layers, biases, weights, strict=True):
        arrays["b"][...] = b
        arrays["w"][...] = (w / np.sqrt(w.shape[1]) if initializer == "scaled" else w).T


def check_earlier(scheme: BookStreams, n: int) -> None:
    """Raises ConfigError: a list of n images is to go on from a run of another number of images."""
    for run in scheme.earlier_runs if scheme.order_goes_on else ():
        if run.images != n:
            raise ConfigError(
                f"randomness.order_goes_on: the earlier run has {run.images} images, this one has {n}"
            )


class BookOrder:
    """The order of every epoch: one list, which Python 2 shuffles in place, so that no epoch starts afresh."""

    def __init__(self, seed: int, scheme: BookStreams) -> None:
        self.seed, self.scheme = seed, scheme
        self.shuffles = 0
        self._behind = 0  # shuffles of an earlier process, not done here yet
        self._order: list[int] = []

    def permutation(self, n: int) -> np.ndarray:
        """The order of the next epoch."""
        if not self._order:
            self._begin(n)
        for _ in range(self._behind):
            self._shuffle()
        self._behind = 0
        self._shuffle()
        self.shuffles += 1
        return np.array(self._order)

    @property
    def state(self) -> dict[str, int]:
        """How far it has come: from the seed it is soon there again."""
        return {"shuffles": self.shuffles}

    @state.setter
    def state(self, state: dict[str, int]) -> None:
        self._order = []
        self.shuffles = self._behind = int(state["shuffles"])

    def _begin(self, n: int) -> None:
        # Seeded with a list this is Python's generator: random.Random(seed).random() gives the same numbers.
        self._uniform = np.random.RandomState([self.seed])
        check_earlier(self.scheme, n)
        self.n, self._order = n, list(range(n))
        for run in self.scheme.earlier_runs:
            for _ in range(run.epochs):
                if self.scheme.order_goes_on:
                    self._shuffle()
                else:
                    self._uniform.random_sample(run.images - 1)

    def _shuffle(self) -> None:
        """for i in n-1 ... 1: swap the entries i and int(random() * (i + 1))."""
        order = self._order
        draws = self._uniform.random_sample(self.n - 1) * np.arange(self.n, 1, -1)
        for i, j in zip(range(self.n - 1, 0, -1), draws.astype(np.intp).tolist(), strict=True):
            order[i], order[j] = order[j], order[i]
