"""Dropout: in training each neuron is left out of a mini-batch's example with probability p (chapters 3 and 6).

A layer of its own, before the one whose inputs it thins. As in network3 what is left in is not scaled up in
training; an evaluation has all neurons and multiplies them by 1 - p instead, so that the next layer's weighted
inputs have the mean that they had in training. (Most libraries divide by 1 - p in training: inverted dropout.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mnist_softmax.config.layers import Dropout
from mnist_softmax.config.placed import Placed
from mnist_softmax.network.calls import call
from mnist_softmax.network.parameters import Parameters

BLOCK = 100  # mini-batches whose masks are drawn together: a call for each would take ten times as long


class DropoutPass:
    """A pass of (..., m) examples, forward and then backward. `training` says whether neurons are left out.

    `mask` (..., m, n) is true where a neuron stays. `draw` takes the next one; `forward` draws nothing, so that
    forward and backward are functions of parameters, inputs and mask.
    """

    def __init__(
        self, layer: Placed[Dropout], l: int, parameters: Parameters, examples: tuple[int, ...]
    ) -> None:
        dtype = parameters.flat.dtype
        self.p, self.training = layer.entry.p, True
        self.a = np.empty((*examples, layer.n_in), dtype)
        self.delta = np.empty(0)  # set by `backward`
        self.grad_in = np.empty((*examples, layer.n_in if l else 0), dtype)
        self.mask = np.ones((*examples, layer.n_in), bool)
        self.kept = np.array(1 - layer.entry.p, dtype)
        self.rngs: Sequence[np.random.Generator] = ()
        self.masks = np.empty((0, *self.mask.shape), bool)  # of the mini-batches to come
        self.used = 0

    @staticmethod
    def bytes_needed(layer: Placed[Dropout], l: int, m: int, itemsize: int) -> int:
        """Memory that a pass of m examples takes: a, dC/da_in, and masks, a byte each (five while they are drawn)."""
        return m * layer.n_in * ((2 if l else 1) * itemsize + (1 if layer.entry.p == 0.5 else 5) * BLOCK + 1)

    def draw_from(self, rngs: Sequence[np.random.Generator]) -> None:
        """Draw masks by these generators from now on, one for each replica. Masks drawn by others are dropped, so
        that nothing is carried from epoch to epoch but what a checkpoint holds.
        """
        self.rngs, self.used = rngs, len(self.masks)

    def draw(self) -> None:
        """Take the next mini-batch's mask; they are drawn a block at a time."""
        if self.used == len(self.masks):
            self.used = 0
            shape = (BLOCK, *self.mask.shape[-2:])
            drawn = np.stack([kept(rng, self.p, shape) for rng in self.rngs], axis=1)
            self.masks = drawn.reshape(BLOCK, *self.mask.shape)
        np.copyto(self.mask, self.masks[self.used])
        self.used += 1

    def forward(self, a_in: np.ndarray) -> np.ndarray:
        """a_in where the mask is true and 0 elsewhere; in an evaluation (1 - p) a_in."""
        call(np.multiply, a_in, self.mask if self.training else self.kept, self.a)
        return self.a

    def backward(self, grad_a: np.ndarray) -> None:
        """Keeps dC/da: a layer without weights has no other error."""
        self.delta = grad_a

    def back_to_input(self) -> np.ndarray:
        """dC/da_in: a neuron that was left out had no part in the cost."""
        call(np.multiply, self.delta, self.mask if self.training else self.kept, self.grad_in)
        return self.grad_in

    def gradient(self, into: dict[str, np.ndarray]) -> None:
        """Nothing is learned here."""

    def add_gradient(
        self,
        into: dict[str, np.ndarray],
        times: Sequence[float],
        keep_w: Sequence[float],
        keep_b: Sequence[float],
    ) -> None:
        """Nothing is learned here."""


def kept(rng: np.random.Generator, p: float, shape: tuple[int, ...]) -> np.ndarray:
    """True with probability 1 - p. For p = 1/2 a random bit each, which takes a thirtieth of the time."""
    if p != 0.5:
        return rng.random(shape, np.float32) >= p
    size = int(np.prod(shape))
    words = rng.integers(0, 2**64, -(-size // 64), np.uint64)
    return np.unpackbits(words.view(np.uint8), count=size).view(bool).reshape(shape)
