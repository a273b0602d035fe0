"""A convolution of many maps: a product for each row of the kernel, added up by BLAS.

Windows of many maps are dear to copy: 5 x 5 x 20 = 500 numbers at each place, every number of the image 25 times.
So the kernel is applied a row at a time. The windows of one of its rows are strips: some pixels of one image row
with all their maps, which lie side by side in memory. All strips are copied once (57,600 numbers instead of
320,000); kernel row q reads them q image rows further down, which is a view. The first product writes the sums,
and every other adds to what is there.

A strip has pool - 1 pixels more than the kernel is wide, and the kernel is laid into its matrix at `pool` places:
so the columns of a pool come out side by side, as in patches.py. Image rows lie outermost here, examples within:
so all strips of an image row are one block.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mnist_softmax.buffers import empty, most_within, zeros
from mnist_softmax.config.layers import Convolution
from mnist_softmax.config.placed import Placed
from mnist_softmax.network.patches import first_of_equals
from mnist_softmax.network.strips_to_pixels import (
    StripsToPixels,
    as_strips,
    bound_product,
    padded,
    strip_length,
)

PIECE = 500_000  # multiplications in a product of the weight gradient: 150 us in four pieces, 215 in one


class Strips:
    """The products of one network: w (field * field * maps_in, maps), a and delta (m, n_out), grad_in (m, n_in)."""

    def __init__(
        self, layer: Placed[Convolution], w: np.ndarray, a: np.ndarray, delta: np.ndarray, grad_in: np.ndarray
    ) -> None:
        field, pool, maps, dtype = layer.entry.field, layer.entry.pool, layer.entry.maps, a.dtype
        (rows_out, columns_out, _), (rows, _, maps_in), m = layer.shape_out, layer.shape_in, len(a)
        self.layer, wide = layer, field + pool - 1
        self.a_in, self.windows = np.empty(0), np.empty(0)  # set by `forward`

        # kernels[q]: row q of the kernel as a matrix (wide * maps_in, pool * maps)
        self.w = w.reshape(field, field, maps_in, maps)
        self.kernels = zeros((field, wide, maps_in, pool, maps), dtype)
        self.places = [self.kernels[:, v : v + field, :, v] for v in range(pool)]
        matrices = [kernel.reshape(-1, pool * maps) for kernel in self.kernels]

        self.strips = empty((rows, m, columns_out, wide, maps_in), dtype)
        # sums, and on the way back their errors
        self.sums = empty((rows_out, pool, m, columns_out, pool, maps), dtype)
        self.won = empty((pool, pool, rows_out, m, columns_out, maps), bool)
        self.phases = [*self.won.reshape(pool * pool, -1)]
        self.won_as_sums = self.won.transpose(2, 0, 3, 4, 1, 5)
        self.largest_of_column = empty((m, columns_out, pool, maps), dtype)
        self.columns = [self.largest_of_column[:, :, v] for v in range(pool)]
        a_maps, delta_maps = (x.reshape(m, rows_out, columns_out, maps).swapaxes(0, 1) for x in (a, delta))
        self.delta_as_sums = delta_maps[:, None, :, :, None]

        # A band gives one row of maps: its sums are pooled and compared while they are in the cache.
        block = m * columns_out  # strips of one image row
        strips, sums = self.strips.reshape(rows * block, -1), self.sums.reshape(-1, pool * maps)
        band = pool * block
        products = [
            [
                bound_product(matrix, strips[i + q * block :][:band], sums[i:][:band], adds=q > 0)
                for q, matrix in enumerate(matrices)
            ]
            for i in range(0, len(sums), band)
        ]
        self.bands = [*zip(products, self.sums, a_maps, self.won_as_sums, strict=True)]

        self.to_pixels = StripsToPixels(layer, w, sums, grad_in)

        # seen[q]: what kernel row q saw at each of its places, in pieces of strips: (pool, pieces, strips, across);
        # errors: the errors of the sums it gave, (pool, pieces, maps, strips)
        across = field * maps_in
        piece = most_within(len(sums), across * maps, PIECE)
        seen = sliding_window_view(strips, across, 1)[:, ::maps_in].swapaxes(0, 1)
        self.seen = [
            seen[:, q * block :][:, : len(sums)].reshape(pool, -1, piece, across) for q in range(field)
        ]
        self.errors = sums.reshape(-1, piece, pool, maps).transpose(2, 0, 3, 1)
        self.gradients = empty((*self.errors.shape[:3], across), dtype)
        self.terms = self.gradients.reshape(-1, maps * across)
        self.row_gradient = empty((maps, across), dtype)

    @staticmethod
    def bytes_needed(layer: Placed[Convolution], m: int, itemsize: int) -> int:
        """What the buffers of m examples take."""
        strips = m * layer.shape_in[0] * layer.shape_out[1]
        numbers = strip_length(layer) + padded(layer)  # in a strip, on the way forward and on the way back
        sums = layer.entry.pool**2 * m * layer.n_out
        across, pool, maps = layer.entry.field * layer.shape_in[2], layer.entry.pool, layer.entry.maps
        rows = pool * m * layer.n_out // maps
        pieces = rows // most_within(rows, across * maps, PIECE)
        gradients = (pool * pieces + 1) * across * maps
        kernels = layer.entry.field * layer.entry.pool * layer.entry.maps * numbers
        return (strips * numbers + sums + kernels + gradients) * itemsize + sums

    def forward(self, a_in: np.ndarray, keep: bool) -> None:
        """Into a the largest weighted sum of every pool, without bias; `keep` which one it was."""
        if a_in is not self.a_in:
            self.a_in, self.windows = a_in, as_strips(a_in, self.layer)
        np.copyto(self.strips, self.windows)
        first, *others = self.places
        np.copyto(first, self.w)
        for place in others:
            np.copyto(place, first)  # in half the time, for w lies transposed
        for products, sums, a, won in self.bands:
            for multiply in products:
                multiply()
            np.maximum.reduce(sums, axis=0, out=self.largest_of_column)
            np.maximum(self.columns[0], self.columns[-1], out=a)
            for column in self.columns[1:-1]:
                np.maximum(a, column, out=a)
            if keep:
                np.equal(sums, a[:, :, None], out=won)
        if keep:
            first_of_equals(self.phases)

    def backward(self) -> None:
        """The error of a pool belongs to the sum that won."""
        np.multiply(self.won_as_sums, self.delta_as_sums, out=self.sums)

    def back_to_input(self) -> None:
        """(BP2) into grad_in, after `backward`."""
        self.to_pixels()

    def weight_gradient(self, out: np.ndarray) -> None:
        """(BP4) into `out`, like w: row by row of the kernel, so that the terms stay in the cache (saves 20 us)."""
        maps, across = self.row_gradient.shape
        for seen, row in zip(self.seen, out.reshape(-1, across, maps), strict=True):
            np.matmul(self.errors, seen, out=self.gradients)
            np.add.reduce(self.terms, axis=0, out=self.row_gradient.reshape(-1))
            np.copyto(row, self.row_gradient.T)
