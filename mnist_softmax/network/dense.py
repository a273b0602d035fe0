"""A dense layer's pass, forward and backward: the book's chapter 2.

The layer itself is its entry in the config (config/layers.py); the network keeps all parameters together; what a
pass reads and writes stands here, in an object that the caller owns. So predicting in the middle of training, or
two threads, cannot disturb each other. A pass of another kind of layer has the same methods.

Rows are examples: a (..., m, n), w (..., n_in, n_out), b (..., n_out). So z = a w + b, which is the book's
w a + b transposed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.linalg.blas import dgemv, sgemv

from mnist_softmax.buffers import empty
from mnist_softmax.config.layers import Dense
from mnist_softmax.config.placed import Placed
from mnist_softmax.network.activations import ACTIVATIONS, sigmoid_of_minus
from mnist_softmax.network.calls import OVERWRITE, SMALL, SMALL_OUT, call, has_small_products, product
from mnist_softmax.network.parameters import Parameters

Arrays = dict[str, np.ndarray]

LEAST_ROWS = 8  # with fewer in a part the calls cost more than they save
GEMV = {np.dtype("float32"): sgemv, np.dtype("float64"): dgemv}


class DensePass:
    """A pass of (..., m) examples through layer number l of a network, a = sigma(a_in w + b).

    Buffers are made once: the loop over mini-batches allocates nothing. Products are taken for one replica after
    another, each with the same call as when it is alone.
    """

    def __init__(self, layer: Placed[Dense], l: int, parameters: Parameters, examples: tuple[int, ...]) -> None:
        self.f, self.vjp = ACTIVATIONS[layer.activation]
        dtype = parameters.flat.dtype
        self.sign = 1.0
        if layer.activation == "sigmoid" and dtype == np.float32:  # e^-z is wanted: let BLAS give -z
            self.sign, self.f = -1.0, sigmoid_of_minus
        self.a_in = np.empty(0)  # set by `forward`, and not by a recording of it
        self.a = empty((*examples, layer.n_out), dtype)
        self.delta = empty((*examples, layer.n_out), dtype)
        self.grad_in = empty((*examples, layer.n_in if l else 0), dtype)  # images are sent nothing back
        self.w, self.b = parameters.layers[l]["w"], parameters.layers[l]["b"][..., None, :]
        self.ones = np.ones(examples[-1], dtype)
        self.parts = _parts(layer, *examples[-1:]) if dtype == np.float32 else [slice(None)]

    @staticmethod
    def bytes_needed(layer: Placed[Dense], l: int, m: int, itemsize: int) -> int:
        """Memory that a pass of m examples takes: a, delta and, but for images, dC/da_in."""
        return m * (2 * layer.n_out + (layer.n_in if l else 0)) * itemsize

    def forward(self, a_in: np.ndarray) -> np.ndarray:
        """Eq. (25). Keeps a_in and a; z is overwritten by a, for every sigma' can be had from a.

        In float32 the product is added to b. In float64 b is added to the product, which rounds otherwise: as
        the book's programs do.
        """
        self._take_in(a_in)
        z = self.a
        b_first, alone = z.dtype == np.float32, z.size == z.shape[-1] * z.shape[-2]
        if b_first and alone:  # as a product b costs half of a copy
            for b, out in self._each(self.b, z):
                product(self.ones[:, None], b, out)
        elif b_first:
            call(np.copyto, z, self.b)
        for x, w, out in self._each(self.a_in, self.w, z):
            for rows in self.parts:
                product(x[rows], w, out[rows], self.sign, self.sign if b_first else 0.0)
        if not b_first:
            call(np.add, z, self.b, z)
        return self.f(z, z)

    def backward(self, grad_a: np.ndarray) -> None:
        """Eq. (33): from dC/da the error delta, which is kept."""
        self.vjp(self.a, grad_a, self.delta)

    def back_to_input(self) -> np.ndarray:
        """(BP2), after `backward`: dC/da_in = delta w^T."""
        for delta, w, out in self._each(self.delta, self.w, self.grad_in):
            product(delta, w.T, out)
        return self.grad_in

    def gradient(self, into: Arrays) -> None:
        """(BP3) and (BP4), after `backward`: dC/db = delta and dC/dw = a_in delta, summed over the rows."""
        call(np.add.reduce, self.delta, -2, None, into["b"])
        for x, delta, w in self._each(self.a_in, self.delta, into["w"]):
            product(x.T, delta, w)

    def add_gradient(
        self, into: Arrays, times: Sequence[float], keep_w: Sequence[float], keep_b: Sequence[float]
    ) -> None:
        """After `backward`: w -> keep_w w + times dC/dw and b -> keep_b b + times dC/db in `into`.

        With times = -eta a step, eqs. (93) and (94). `times`, `keep_w`, `keep_b` have a number for each replica. A
        weight gradient is a product of two thin matrices (BP4), and BLAS adds a product to what is there already:
        the gradient itself is never formed. At 784-30-10 and m = 10 this takes 8 us where `gradient` and a step
        take 14.
        """
        for r, (x, delta, w) in enumerate(self._each(self.a_in, self.delta, into["w"])):
            product(x.T, delta, w, times[r], keep_w[r])
        self._add_bias_gradient(into["b"], times, keep_b)

    def _add_bias_gradient(self, into: np.ndarray, times: Sequence[float], keep: Sequence[float]) -> None:
        for r, (delta, b) in enumerate(self._each(self.delta, into)):
            # by position, for f2py takes 0.3 us to read a keyword: y = beta y + alpha a x
            call(GEMV[b.dtype], times[r], delta.T, self.ones, keep[r], b, 0, 1, 0, 1, 0, OVERWRITE)

    def _take_in(self, a_in: np.ndarray) -> None:
        """Keep a_in, (..., m, n_in); in an evaluation all replicas are shown the same (m, n_in)."""
        self.a_in = np.broadcast_to(a_in, (*self.a.shape[:-2], *a_in.shape[-2:]))

    def _each(self, *arrays: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
        """The arrays of one replica after another, without replica axes."""
        for replica in np.ndindex(self.a.shape[:-2]):
            yield tuple(x[replica] for x in arrays)


def _parts(layer: Placed[Dense], m: int) -> list[slice]:
    """The rows of a forward product, in parts of which each is small: 0.6 of an evaluation's time at 784-30-10."""
    rows = min(SMALL // (layer.n_in * layer.n_out), SMALL_OUT // layer.n_out)
    if m <= rows or rows < LEAST_ROWS or not has_small_products():
        return [slice(None)]
    return [slice(start, start + rows) for start in range(0, m, rows)]
