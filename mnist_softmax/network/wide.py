"""A dense layer with many neurons, cut into chunks of neurons.

OpenBLAS multiplies small matrices as they lie, and copies larger ones into an order of its own first. With the ten
rows of a mini-batch that copy of w is dearer than the product itself. In chunks that are small enough, a step through
2880-100 takes half the time, 784-300 0.44, 1000-1000 0.54. A layer that fits as a whole (784-100 at m = 10 does) is
left to DensePass, and so are mini-batches of 50 and more, whose chunks would be too thin.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mnist_softmax.config.layers import Dense
from mnist_softmax.config.placed import Placed
from mnist_softmax.network.dense import OVERWRITE, DensePass
from mnist_softmax.network.parameters import Parameters

SMALL = 1_000_000  # OpenBLAS's small kernels take products m x k x n up to this size,
SMALL_OUT = 1_200  # and where the second matrix is given transposed, as w is, only up to m n
LEAST_WEIGHTS = 80_000  # of a layer that is cut: 784-100, the book's largest, keeps its bits at every m
LEAST = 25  # neurons: thinner chunks cost more calls than they save


def chunks(m: int, n_in: int, n_out: int) -> int:
    """Into how many chunks of neurons a dense layer is best cut for mini-batches of m: 1 is not at all."""
    most = min(SMALL // (m * n_in), SMALL_OUT // m)
    if n_out <= most or n_in * n_out < LEAST_WEIGHTS:
        return 1
    return next((c for c in range(2, n_out // LEAST + 1) if n_out % c == 0 and n_out // c <= most), 1)


class WideDensePass(DensePass):
    """A DensePass whose products are taken chunk by chunk. Sums over neurons differ from its in the last bits."""

    def __init__(self, layer: Placed[Dense], l: int, parameters: Parameters, examples: tuple[int, ...]) -> None:
        super().__init__(layer, l, parameters, examples)
        *replicas, m = examples
        count = chunks(m, layer.n_in, layer.n_out)
        size = layer.n_out // count
        # w is stored a row a neuron, so that a chunk of neurons is a block of rows: (..., count, n_in, size)
        self.w_chunks = self.w_transposed.reshape(*replicas, count, size, layer.n_in).swapaxes(-1, -2)
        self.a_chunks = self.a.reshape(*replicas, m, count, size).swapaxes(-2, -3)
        self.delta_chunks = np.empty((*replicas, count, m, size), self.a.dtype)
        self.delta_by_chunk = self.delta.reshape(self.a_chunks.swapaxes(-2, -3).shape).swapaxes(-2, -3)
        deltas, ws = (x.reshape(-1, *x.shape[-3:]) for x in (self.delta_chunks, self.w_chunks.swapaxes(-1, -2)))
        self.pairs = [[(w.T, d.T) for w, d in zip(*both, strict=True)] for both in zip(ws, deltas, strict=True)]
        self.grads_in = [g.T for g in self.grad_in.reshape(len(self.pairs), m, -1)]

    @staticmethod
    def bytes_needed(layer: Placed[Dense], l: int, m: int, itemsize: int) -> int:
        """As DensePass, and delta once more, chunk by chunk."""
        return DensePass.bytes_needed(layer, l, m, itemsize) + m * layer.n_out * itemsize

    def forward(self, a_in: np.ndarray) -> np.ndarray:
        """Eq. (25), for every chunk of neurons."""
        self.a_in = a_in
        np.matmul(a_in[..., None, :, :], self.w_chunks, out=self.a_chunks)
        z = np.add(self.a, self.b, out=self.a)
        return self.f(z, z)

    def back_to_input(self) -> np.ndarray:
        """(BP2): the sum over neurons is added up chunk by chunk."""
        np.copyto(self.delta_chunks, self.delta_by_chunk)
        for pairs, grad_in in zip(self.pairs, self.grads_in, strict=True):
            beta = 0.0
            for w, delta in pairs:
                self.gemm(1.0, w, delta, beta, grad_in, 0, 0, OVERWRITE)
                beta = 1.0
        return self.grad_in

    def descend(self, eta: Sequence[float], decay: Sequence[float]) -> None:
        """As in DensePass: BLAS adds -eta dC/dw to decay w, chunk by chunk."""
        np.copyto(self.delta_chunks, self.delta_by_chunk)
        a_in = self.a_in.reshape(-1, *self.a_in.shape[-2:])
        for r, pairs in enumerate(self.pairs):
            rows = a_in[r].T
            for w, delta in pairs:
                self.gemm(-eta[r], rows, delta, decay[r], w, 0, 1, OVERWRITE)
            _, b, delta_transposed = self.by_replica[r]
            self.gemv(-eta[r], delta_transposed, self.ones, 1.0, b, 0, 1, 0, 1, 0, OVERWRITE)
