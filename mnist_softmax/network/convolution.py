"""A convolutional layer with max-pooling: chapter 6 of the book.

Maps lie between layers as rows, and a convolution looks at a row as (rows, columns, maps). Its w is a matrix
(field * field * maps_in, maps): a dense layer that reads every window of the image with the same weights,
eq. (125). So a window, written as a row, times w gives that window's weighted inputs in all maps.

As in network3 the largest of pool x pool neighbouring sums is taken first, and bias and activation come after:
a = sigma(max(window w) + b). sigma rises, so this is what activation before pooling gives, for less work.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mnist_softmax.network.activations import Activation
from mnist_softmax.network.parameters import Parameters, Shapes

Arrays = dict[str, np.ndarray]


class Convolution(NamedTuple):
    """`maps` kernels of field x field on maps of `shape_in` (rows, columns, maps), then pool x pool to one.

    The kernel stays within the image (valid) and moves by one pixel; pool = 1 is no pooling.
    """

    shape_in: tuple[int, int, int]
    field: int
    maps: int
    pool: int
    activation: Activation

    @property
    def shape_out(self) -> tuple[int, int, int]:
        """Rows, columns, maps after pooling."""
        rows, columns, _ = self.shape_in
        return (rows - self.field + 1) // self.pool, (columns - self.field + 1) // self.pool, self.maps

    @property
    def n_in(self) -> int:
        """Numbers in a row that comes in."""
        return int(np.prod(self.shape_in))

    @property
    def n_out(self) -> int:
        """Numbers in a row that goes out."""
        return int(np.prod(self.shape_out))

    def shapes(self) -> Shapes:
        """The arrays of the layer by name."""
        return {"w": (self.field * self.field * self.shape_in[2], self.maps), "b": (self.maps,)}


class ConvolutionPass:
    """A pass, forward and then backward, of (..., m) examples through layer number l of a network."""

    def __init__(self, layer: Convolution, l: int, parameters: Parameters, examples: tuple[int, ...]) -> None:
        field, pool, maps, dtype = layer.field, layer.pool, layer.maps, parameters.flat.dtype
        rows, columns, maps_in = layer.shape_in
        rows_out, columns_out, _ = layer.shape_out
        high, wide = rows_out * pool, columns_out * pool  # how often the kernel fits
        self.f, self.vjp = layer.activation
        self.field, self.pool, self.high, self.wide = field, pool, high, wide
        self.w, b = parameters.layers[l]["w"], parameters.layers[l]["b"]
        self.b = b[..., None, None, None, :]
        self.singly = [each.layers[l] for each in parameters.singly]

        self.images_shape = (*examples, rows, columns, maps_in)
        self.patches = np.empty((*examples, high, wide, field, field, maps_in), dtype)
        self.patch_rows = self.patches.reshape(*examples[:-1], -1, self.w.shape[-2])
        self.sums = np.empty((*examples, high, wide, maps), dtype)  # weighted sums; later their errors
        self.sum_rows = self.sums.reshape(*examples[:-1], -1, maps)
        # the pool x pool members of every pooled window, in the order in which one reads
        self.phases = [self.sums[..., u::pool, v::pool, :] for u, v in product(range(pool), repeat=2)]
        self.won = np.empty((pool * pool, *examples, rows_out, columns_out, maps), bool)
        self.a = np.empty((*examples, layer.n_out), dtype)
        self.delta = np.empty_like(self.a)
        self.a_maps = self.a.reshape(self.won.shape[1:])
        self.delta_maps = self.delta.reshape(self.won.shape[1:])
        self.grad_in = np.empty((*examples, layer.n_in if l else 0), dtype)
        self.w_gradient = np.empty_like(self.w)
        self.b_gradient = np.empty_like(b)

    def forward(self, a_in: np.ndarray) -> np.ndarray:
        """Eq. (125): every window times w, the largest of each pool, then bias and activation."""
        windows = sliding_window_view(a_in.reshape(self.images_shape), (self.field, self.field), (-3, -2))
        np.copyto(self.patches, np.moveaxis(windows, -3, -1))
        np.matmul(self.patch_rows, self.w, out=self.sum_rows)
        self._pool()
        np.add(self.a_maps, self.b, out=self.a_maps)
        return self.f(self.a, self.a)

    def _pool(self) -> None:
        """The largest of each pool, and which one it was: of equals the first, as in PyTorch."""
        first, *others = self.phases
        np.copyto(self.a_maps, first)
        for phase in others:
            np.maximum(self.a_maps, phase, out=self.a_maps)
        taken = np.zeros(self.a_maps.shape, bool)
        for won, phase in zip(self.won, self.phases, strict=True):
            np.equal(phase, self.a_maps, out=won)
            np.greater(won, taken, out=won)  # won, and not taken before
            taken |= won

    def backward(self, grad_a: np.ndarray) -> None:
        """Eq. (33) after pooling: delta. Each goes back to the one sum that won its pool."""
        self.vjp(self.a, grad_a, self.delta)
        for won, phase in zip(self.won, self.phases, strict=True):
            np.multiply(self.delta_maps, won, out=phase)

    def back_to_input(self) -> np.ndarray:
        """(BP2), after `backward`: every window's share delta w^T, added up where windows overlap."""
        shares = np.matmul(self.sum_rows, self.w.swapaxes(-1, -2)).reshape(self.patches.shape)
        images = self.grad_in.reshape(self.images_shape)
        images[...] = 0
        for i, j in product(range(self.field), repeat=2):
            images[..., i : i + self.high, j : j + self.wide, :] += shares[..., i, j, :]
        return self.grad_in

    def gradient(self, gradient: Arrays) -> None:
        """(BP3) and (BP4), after `backward`, summed over examples and over all windows that share w and b."""
        delta_rows = self.delta.reshape(*self.delta.shape[:-2], -1, self.sums.shape[-1])
        np.add.reduce(delta_rows, axis=-2, out=gradient["b"])
        np.matmul(self.patch_rows.swapaxes(-1, -2), self.sum_rows, out=gradient["w"])

    def descend(self, eta: Sequence[float], decay: Sequence[float]) -> None:
        """After `backward`: w -> decay w - eta dC/dw and b -> b - eta dC/db, eqs. (93) and (94), in place.

        `eta` and `decay` have a number for each replica.
        """
        self.gradient({"w": self.w_gradient, "b": self.b_gradient})
        w_gradients = self.w_gradient.reshape(-1, *self.w.shape[-2:])
        b_gradients = self.b_gradient.reshape(-1, self.b.shape[-1])
        for r, arrays in enumerate(self.singly):
            arrays["w"] *= decay[r]
            arrays["w"] -= eta[r] * w_gradients[r]
            arrays["b"] -= eta[r] * b_gradients[r]
