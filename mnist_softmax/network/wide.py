"""A dense layer with many neurons, cut into chunks of neurons.

Larger matrices OpenBLAS copies into an order of its own (see calls.py). With the ten rows of a mini-batch that copy
of w is dearer than the product itself. In chunks that are small enough, the products of a step through 2880-100 take
0.43 of the time, 784-300 0.36, 1000-1000 0.42. A layer that fits as a whole (784-100 at m = 10 does) is
left to DensePass, and so are mini-batches of 50 and more, whose chunks would be too thin.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mnist_softmax.buffers import empty
from mnist_softmax.config.layers import Dense
from mnist_softmax.config.placed import Placed
from mnist_softmax.network.calls import SMALL, SMALL_OUT, call, has_small_products, product
from mnist_softmax.network.dense import Arrays, DensePass
from mnist_softmax.network.parameters import Parameters

LEAST_WEIGHTS = 80_000  # of a layer that is cut: 784-100, the book's largest, keeps its bits at every m
LEAST = 25  # neurons: thinner chunks cost more calls than they save


def chunks(m: int, n_in: int, n_out: int) -> int:
    """Into how many chunks of neurons a dense layer is best cut for mini-batches of m: 1 is not at all."""
    most = min(SMALL // (m * n_in), SMALL_OUT // m)
    if n_out <= most or n_in * n_out < LEAST_WEIGHTS or not has_small_products():
        return 1
    return next((c for c in range(2, n_out // LEAST + 1) if n_out % c == 0 and n_out // c <= most), 1)


class WideDensePass(DensePass):
    """A DensePass whose products are taken chunk by chunk. Sums over neurons differ from its in the last bits."""

    def __init__(self, layer: Placed[Dense], l: int, parameters: Parameters, examples: tuple[int, ...]) -> None:
        super().__init__(layer, l, parameters, examples)
        self.count = chunks(examples[-1], layer.n_in, layer.n_out)
        self.a_chunks, self.delta_chunks = (empty(self._chunks(self.a).shape, self.a.dtype) for _ in range(2))

    @staticmethod
    def bytes_needed(layer: Placed[Dense], l: int, m: int, itemsize: int) -> int:
        """As DensePass, and a and delta once more, chunk by chunk."""
        return DensePass.bytes_needed(layer, l, m, itemsize) + 2 * m * layer.n_out * itemsize

    def forward(self, a_in: np.ndarray) -> np.ndarray:
        """Eq. (25), for every chunk of neurons."""
        self._take_in(a_in)
        z, b, b_first = self.a_chunks, self._chunks(self.b), self.a.dtype == np.float32
        if b_first:
            call(np.copyto, z, b)
        for x, ws, outs in self._each(self.a_in, self._chunks(self.w), z):
            for w, out in zip(ws, outs, strict=True):
                product(x, w, out, self.sign, self.sign if b_first else 0.0)
        if not b_first:
            call(np.add, z, b, z)
        self.f(z, self._chunks(self.a))
        return self.a

    def back_to_input(self) -> np.ndarray:
        """(BP2): the sum over neurons is added up chunk by chunk."""
        call(np.copyto, self.delta_chunks, self._chunks(self.delta))
        for deltas, ws, out in self._each(self.delta_chunks, self._chunks(self.w), self.grad_in):
            for chunk, (delta, w) in enumerate(zip(deltas, ws, strict=True)):
                product(delta, w.T, out, beta=1.0 if chunk else 0.0)
        return self.grad_in

    def add_gradient(
        self, into: Arrays, times: Sequence[float], keep_w: Sequence[float], keep_b: Sequence[float]
    ) -> None:
        """As in DensePass: BLAS adds each chunk's gradient to its weights."""
        if not self.grad_in.size:  # else `back_to_input` has made the chunks
            call(np.copyto, self.delta_chunks, self._chunks(self.delta))
        steps = self._each(self.a_in, self.delta_chunks, self._chunks(into["w"]))
        for r, (x, deltas, ws) in enumerate(steps):
            for delta, w in zip(deltas, ws, strict=True):
                product(x.T, delta, w, times[r], keep_w[r])
        self._add_bias_gradient(into["b"], times, keep_b)

    def _chunks(self, rows: np.ndarray) -> np.ndarray:
        """(..., rows, n_out) as (..., count, rows, neurons of a chunk), a view: w is stored a row a neuron."""
        size = rows.shape[-1] // self.count
        return rows.reshape(*rows.shape[:-1], self.count, size).swapaxes(-2, -3)
