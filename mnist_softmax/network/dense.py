"""A dense layer's pass, forward and backward: the book's chapter 2.

The layer itself is its entry in the config (config/layers.py); the network keeps all parameters together; what a
pass reads and writes stands here, in an object that the caller owns. So predicting in the middle of training, or
two threads, cannot disturb each other. A pass of another kind of layer has the same methods.

Rows are examples: a (..., m, n), w (..., n_in, n_out), b (..., n_out). So z = a w + b, which is the book's
w a + b transposed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg.blas import dgemm, dgemv, sgemm, sgemv

from mnist_softmax.config.layers import Dense
from mnist_softmax.config.placed import Placed
from mnist_softmax.network.activations import ACTIVATIONS
from mnist_softmax.network.parameters import Parameters

Arrays = dict[str, np.ndarray]

OVERWRITE = 1  # tells SciPy's BLAS to write into the array given, and not into a copy of it


class DensePass:
    """A pass of (..., m) examples through layer number l of a network, a = sigma(a_in w + b).

    Buffers and views of the parameters are made once: the loop over mini-batches allocates nothing.
    """

    def __init__(self, layer: Placed[Dense], l: int, parameters: Parameters, examples: tuple[int, ...]) -> None:
        self.f, self.vjp = ACTIVATIONS[layer.activation]
        dtype = parameters.flat.dtype
        self.a_in = np.empty(0)  # set by `forward`
        self.a = np.empty((*examples, layer.n_out), dtype)
        self.delta = np.empty((*examples, layer.n_out), dtype)
        self.grad_in = np.empty((*examples, layer.n_in if l else 0), dtype)  # images are sent nothing back
        self.w, self.b = parameters.layers[l]["w"], parameters.layers[l]["b"][..., None, :]
        self.w_transposed = self.w.swapaxes(-1, -2)
        self.ones = np.ones(examples[-1], dtype)
        self.gemm, self.gemv = (sgemm, sgemv) if dtype == np.float32 else (dgemm, dgemv)
        deltas = self.delta.reshape(-1, *self.delta.shape[-2:])
        self.by_replica = [
            (each.layers[l]["w"], each.layers[l]["b"], delta.T)
            for each, delta in zip(parameters.by_replica, deltas, strict=True)
        ]

    @staticmethod
    def bytes_needed(layer: Placed[Dense], l: int, m: int, itemsize: int) -> int:
        """Memory that a pass of m examples takes: a, delta and, but for images, dC/da_in."""
        return m * (2 * layer.n_out + (layer.n_in if l else 0)) * itemsize

    def forward(self, a_in: np.ndarray) -> np.ndarray:
        """Eq. (25). Keeps a_in and a; z is overwritten by a, for every sigma' can be had from a."""
        self.a_in = a_in
        z = np.matmul(a_in, self.w, out=self.a)
        np.add(z, self.b, out=z)
        return self.f(z, z)

    def backward(self, grad_a: np.ndarray) -> None:
        """Eq. (33): from dC/da the error delta, which is kept."""
        self.vjp(self.a, grad_a, self.delta)

    def back_to_input(self) -> np.ndarray:
        """(BP2), after `backward`: dC/da_in = delta w^T."""
        return np.matmul(self.delta, self.w_transposed, out=self.grad_in)

    def gradient(self, into: Arrays) -> None:
        """(BP3) and (BP4), after `backward`: dC/db = delta and dC/dw = a_in delta, summed over the rows."""
        np.add.reduce(self.delta, axis=-2, out=into["b"])
        np.matmul(self.a_in.swapaxes(-1, -2), self.delta, out=into["w"])

    def descend(self, eta: Sequence[float], decay: Sequence[float]) -> None:
        """After `backward`: w -> decay w - eta dC/dw and b -> b - eta dC/db, eqs. (93) and (94), in place.

        `eta` and `decay` have a number for each replica. A weight gradient is a product of two thin matrices
        (BP4), and BLAS adds a product to what is there already: the gradient itself is never formed. At
        784-30-10 and m = 10 this takes 8 us where `gradient` and a step take 14. BLAS counts columns first,
        hence the transposes.
        """
        a_in = self.a_in if self.a_in.ndim == 3 else self.a_in.reshape(-1, *self.a_in.shape[-2:])
        for r, (w, b, delta_transposed) in enumerate(self.by_replica):
            # by position, for f2py takes 0.3 us to read a keyword: c = beta c + alpha a b^T, y = beta y + alpha a x
            self.gemm(-eta[r], a_in[r].T, delta_transposed, decay[r], w, 0, 1, OVERWRITE)
            self.gemv(-eta[r], delta_transposed, self.ones, 1.0, b, 0, 1, 0, 1, 0, OVERWRITE)
