"""Peers of the convolutional benchmark, one file each: `start(work)` gives a `Trainer`.

All start from the same weights, see the same mini-batches, and do the same plain step; that they agree is checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

M = 10
ETA = 0.03
FIELD = 5
POOL = 2


@dataclass(frozen=True)
class Work:
    """28 x 28 images, convolutions of `maps` (5 x 5, pooled 2 x 2), dense layers of `hidden`, softmax of ten.

    `activation` is "sigmoid" or "relu" for all but the last. x (n, 784) is float32 in [0, 1], y one-hot, and
    `labels` whole numbers. `start` has (w, b) of each layer: a convolution's w is (5, 5, maps in, maps), a dense
    one's (n_in, n_out), with pixels in the order rows, columns, maps.
    """

    name: str
    activation: str
    maps: tuple[int, ...]
    hidden: tuple[int, ...]
    x: np.ndarray
    y: np.ndarray
    labels: np.ndarray
    start: list[tuple[np.ndarray, np.ndarray]]
    threads: int = 1

    def batch(self, i: int) -> slice:
        """The rows of mini-batch number i; after the last comes the first again."""
        i %= len(self.x) // M
        return slice(i * M, (i + 1) * M)


class Trainer(NamedTuple):
    """`train(numbers)` trains on these mini-batches; `outputs()` gives a^L of the first M images, if there is one."""

    train: Callable[[range], object]
    outputs: Callable[[], np.ndarray] | None = None


def one_by_one(step: Callable[[int], object]) -> Callable[[range], None]:
    """Training by a step for each mini-batch."""

    def train(numbers: range) -> None:
        for i in numbers:
            step(i)

    return train
