"""Layers: what stands between two sets of activations.

A layer describes; it holds neither parameters (the network keeps all of them together) nor anything of a run.
What the backward pass needs from the forward pass is written into buffers that the caller owns, so that
predicting in the middle of training, or two threads, cannot disturb each other. A further kind of layer
(convolution, pooling) supplies the same methods.

Rows are examples: a (..., m, n), w (..., n_in, n_out), b (..., n_out). So z = a w + b, which is the book's
w a + b transposed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg.blas import dgemm, dgemv, sgemm, sgemv

from mnist_softmax.network.activations import Activation
from mnist_softmax.network.parameters import Shapes

Arrays = dict[str, np.ndarray]


class Dense(NamedTuple):
    """Fully connected: a = sigma(a_in w + b)."""

    n_in: int
    n_out: int
    activation: Activation

    def shapes(self) -> Shapes:
        """The arrays of one layer by name."""
        return {"w": (self.n_in, self.n_out), "b": (self.n_out,)}

    def buffers(self, examples: tuple[int, ...], dtype: str) -> Arrays:
        """What one forward and backward pass over (..., m) examples writes into."""
        return {
            "a": np.empty((*examples, self.n_out), dtype),
            "delta": np.empty((*examples, self.n_out), dtype),
            "grad_in": np.empty((*examples, self.n_in), dtype),
            "ones": np.ones(examples[-1], dtype),
        }

    def forward(self, parameters: Arrays, a_in: np.ndarray, buffers: Arrays) -> np.ndarray:
        """Eq. (25). Keeps a_in and a; z is overwritten by a, for every sigma' can be had from a."""
        a = buffers["a"]
        buffers["a_in"] = a_in
        np.matmul(a_in, parameters["w"], out=a)
        a += parameters["b"][..., None, :]
        return self.activation.f(a, a)

    def backward(
        self, parameters: Arrays, grad_a: np.ndarray, buffers: Arrays, wants_grad_in: bool
    ) -> np.ndarray:
        """Eq. (33) and (BP2): from dC/da the error delta, kept, and dC/da_in (left unset if not wanted)."""
        delta = buffers["delta"] = self.activation.vjp(buffers["a"], grad_a, buffers["delta"])
        if wants_grad_in:
            np.matmul(delta, parameters["w"].swapaxes(-1, -2), out=buffers["grad_in"])
        return buffers["grad_in"]

    def gradient(self, buffers: Arrays, gradient: Arrays) -> None:
        """(BP3) and (BP4), after `backward`: dC/db = delta and dC/dw = a_in delta, summed over the rows."""
        np.add.reduce(buffers["delta"], axis=-2, out=gradient["b"])
        np.matmul(buffers["a_in"].swapaxes(-1, -2), buffers["delta"], out=gradient["w"])

    def descend(self, parameters: Arrays, buffers: Arrays, eta: float, decay: float) -> None:
        """After `backward`: w -> decay w - eta dC/dw and b -> b - eta dC/db, eqs. (93) and (94), in place.

        A weight gradient is a product of two thin matrices (BP4), and BLAS adds a product to what is there
        already: the gradient itself is never formed. At 784-30-10 and m = 10 this takes 8 us where `gradient`
        and a step take 14. BLAS counts columns first, hence the transposes.
        """
        w, b, delta, a_in = parameters["w"], parameters["b"], buffers["delta"], buffers["a_in"]
        gemm, gemv = (sgemm, sgemv) if w.dtype == np.float32 else (dgemm, dgemv)
        gemm(-eta, delta.T, a_in.T, decay, w.T, trans_b=True, overwrite_c=True)
        gemv(-eta, delta.T, buffers["ones"], 1.0, b, overwrite_y=True)
