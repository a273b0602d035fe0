"""A dense layer with many neurons, cut into chunks of neurons.

Larger matrices OpenBLAS copies into an order of its own (see calls.py). With the ten rows of a mini-batch that copy
of w is dearer than the product itself, forward and back: in chunks that are small enough the two products take
0.31 of the time at 2880-100 and at 784-300, 0.38 at 1000-1000 (a Xeon with 1 MB of second-level cache). On the way
back thinner chunks are faster: at 1000-1000 those of 25 neurons take 0.61 of the time of those of 100.

For the gradient BLAS copies only the two thin matrices. So one product takes 0.7 of the time of these thinner
chunks. But where weights decay, one product goes over w twice, and the chunks take 0.55 of its time.

A layer that fits as a whole (784-100 at m = 10 does) is left to DensePass, and so are mini-batches of 50 and more,
whose chunks would be too thin.
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
MOST_BACK = 32  # neurons of a chunk on the way back


def chunks(m: int, n_in: int, n_out: int) -> int:
    """Into how many chunks of neurons a dense layer is best cut for mini-batches of m: 1 is not at all."""
    most = min(SMALL // (m * n_in), SMALL_OUT // m)
    if n_out <= most or n_in * n_out < LEAST_WEIGHTS or not has_small_products():
        return 1
    return _equal_chunks(n_out, most) or 1


def _equal_chunks(n_out: int, most: int) -> int:
    """The least number of chunks of `most` neurons at most; 0 where n_out cannot be cut so."""
    return next((c for c in range(2, n_out // LEAST + 1) if n_out % c == 0 and n_out // c <= most), 0)


class WideDensePass(DensePass):
    """A DensePass whose products are taken chunk by chunk. Sums over neurons differ from its in the last bits."""

    def __init__(self, layer: Placed[Dense], l: int, parameters: Parameters, examples: tuple[int, ...]) -> None:
        super().__init__(layer, l, parameters, examples)
        self.count = chunks(examples[-1], layer.n_in, layer.n_out)
        self.count_back = max(self.count, _equal_chunks(layer.n_out, MOST_BACK))
        self.a_chunks = empty(_in_chunks(self.a, self.count).shape, self.a.dtype)
        self.delta_chunks = empty(_in_chunks(self.delta, self.count_back).shape, self.a.dtype)

    @staticmethod
    def bytes_needed(layer: Placed[Dense], l: int, m: int, itemsize: int) -> int:
        """As DensePass, and a and delta once more, chunk by chunk."""
        return DensePass.bytes_needed(layer, l, m, itemsize) + 2 * m * layer.n_out * itemsize

    def forward(self, a_in: np.ndarray) -> np.ndarray:
        """Eq. (25), for every chunk of neurons."""
        self._take_in(a_in)
        z, b, b_first = self.a_chunks, _in_chunks(self.b, self.count), self.a.dtype == np.float32
        if b_first:
            call(np.copyto, z, b)
        for x, ws, outs in self._each(self.a_in, _in_chunks(self.w, self.count), z):
            for w, out in zip(ws, outs, strict=True):
                product(x, w, out, self.sign, self.sign if b_first else 0.0)
        if not b_first:
            call(np.add, z, b, z)
        self.f(z, _in_chunks(self.a, self.count))
        return self.a

    def back_to_input(self) -> np.ndarray:
        """(BP2): the sum over neurons is added up chunk by chunk."""
        call(np.copyto, self.delta_chunks, _in_chunks(self.delta, self.count_back))
        ws_back = _in_chunks(self.w, self.count_back)
        for deltas, ws, out in self._each(self.delta_chunks, ws_back, self.grad_in):
            for chunk, (delta, w) in enumerate(zip(deltas, ws, strict=True)):
                product(delta, w.T, out, beta=1.0 if chunk else 0.0)
        return self.grad_in

    def add_gradient(
        self, into: Arrays, times: Sequence[float], keep_w: Sequence[float], keep_b: Sequence[float]
    ) -> None:
        """As in DensePass; chunk by chunk where w decays."""
        if not self.grad_in.size and any(keep != 1.0 for keep in keep_w):  # else they are there, or not needed
            call(np.copyto, self.delta_chunks, _in_chunks(self.delta, self.count_back))
        w, w_chunks = into["w"], _in_chunks(into["w"], self.count_back)
        each = self._each(self.a_in, self.delta, w, self.delta_chunks, w_chunks)
        for r, (x, delta, w, *in_chunks) in enumerate(each):
            for errors, weights in [(delta, w)] if keep_w[r] == 1.0 else zip(*in_chunks, strict=True):
                product(x.T, errors, weights, times[r], keep_w[r])
        self._add_bias_gradient(into["b"], times, keep_b)


def _in_chunks(rows: np.ndarray, count: int) -> np.ndarray:
    """(..., rows, n_out) as (..., count, rows, neurons of a chunk), a view: w is stored a row a neuron."""
    return rows.reshape(*rows.shape[:-1], count, rows.shape[-1] // count).swapaxes(-2, -3)
