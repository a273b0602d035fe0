"""A few layers of any kind in a row, without an output: C = sum(a g) for given weights g, so dC/da = g."""

from collections.abc import Sequence

import numpy as np

from mnist_softmax.config.layers import Convolution, Dense, Dropout
from mnist_softmax.config.placed import Placed
from mnist_softmax.network.parameters import Parameters
from mnist_softmax.network.passes import PASSES


def convolution(shape_in: tuple[int, int, int], field: int, maps: int, pool: int, activation: str) -> Placed:
    entry = Convolution(kind="convolution", field=field, maps=maps, pool=pool)
    return Placed(entry, shape_in, activation, "scaled")


def dense(n_in: int, n_out: int, activation: str) -> Placed:
    return Placed(Dense(kind="dense", neurons=n_out), (n_in,), activation, "scaled")


def dropout(n: int, p: float) -> Placed:
    return Placed(Dropout(kind="dropout", p=p), (n,), "linear", "scaled")


class Stack:
    """Passes of m examples through `layers`; `seeds` has the seed of each replica's parameters, N(0, 1/4)."""

    def __init__(self, layers: Sequence, m: int, dtype: str = "float64", replicas=(), seeds=(0,)) -> None:
        shapes = [layer.arrays for layer in layers]
        self.parameters, self.gradients = (Parameters.zeros(shapes, dtype, replicas) for _ in range(2))
        for seed, flat in zip(seeds, np.atleast_2d(self.parameters.flat), strict=True):
            flat[...] = np.random.default_rng(seed).normal(0, 0.5, flat.shape)
        self.layers = layers
        self.passes = [
            PASSES[layer.kind](layer, l, self.parameters, (*replicas, m)) for l, layer in enumerate(layers)
        ]

    @np.errstate(over="ignore")  # a saturated sigmoid, as in training
    def forward(self, x: np.ndarray) -> np.ndarray:
        for each in self.passes:
            x = each.forward(x)
        return x

    def backward(self, g: np.ndarray) -> None:
        *before, last = self.passes
        last.backward(g)
        after = last
        for each in reversed(before):
            each.backward(after.back_to_input())
            after = each

    def gradient(self) -> Parameters:
        for each, arrays in zip(self.passes, self.gradients.layers, strict=True):
            each.gradient(arrays)
        return self.gradients

    def descend(self, eta: Sequence[float], decay: Sequence[float]) -> None:
        for each, arrays in zip(self.passes, self.parameters.layers, strict=True):
            each.add_gradient(arrays, [-rate for rate in eta], decay, [1.0] * len(eta))
