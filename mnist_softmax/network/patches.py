"""The first convolution: a product for each phase of the pool, over patches that all phases share.

docs/convolution.md draws this with numbers. A pool of 2 x 2 takes the largest of four sums, whose windows differ by
a step down, to the right, or both: the four phases. All four windows lie in one patch, a pixel higher and wider
than the kernel. So windows are not cut out one by one; the kernel is laid at its four places into four matrices
as large as a patch, with zeros around it. Patch times matrix is the sum of that phase. Four products give four
arrays, and pooling is the maximum of whole arrays. A patch is in fact wider, and holds `beside` neighbouring pools.

This multiplies twice as much as one product over single windows, and takes half the time (784 pixels to 20 maps,
m = 10): a sixth of the copying, matrices of a better form, and no strided access in pooling.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mnist_softmax.buffers import empty, most_within, zeros
from mnist_softmax.config.layers import Convolution
from mnist_softmax.config.placed import Placed

BAND = 256 * 1024  # bytes of sums at once: they stay in the cache from product to pooling to masks (saves 4 %)


class Patches:
    """The products of one network: w (field * field * maps_in, maps), a and delta (m, n_out) of its pass."""

    def __init__(
        self, layer: Placed[Convolution], w: np.ndarray, a: np.ndarray, delta: np.ndarray, grad_in: np.ndarray
    ) -> None:
        field, pool, maps, dtype = layer.entry.field, layer.entry.pool, layer.entry.maps, a.dtype
        (rows_out, columns_out, _), maps_in, m = layer.shape_out, layer.shape_in[2], len(a)
        beside, high, wide, phases = patch(layer)

        self.images = empty((m, *layer.shape_in), dtype)
        self.rows_in = self.images.reshape(m, -1)
        windows = sliding_window_view(self.images, (high, wide), (1, 2))[:, ::pool, :: pool * beside]
        self.windows = np.moveaxis(windows, 3, -1)
        self.patches = empty((m, rows_out, columns_out // beside, high, wide, maps_in), dtype)

        # kernels[phase] makes of a patch the sums of its pools: (high * wide * maps_in, beside * maps)
        self.w = w.reshape(field, field, maps_in, maps)
        self.kernels = zeros((phases, high, wide, maps_in, beside, maps), dtype)
        self.matrices = self.kernels.reshape(phases, -1, beside * maps)
        self.places = places(self.kernels, field, pool)

        per_image = rows_out * columns_out // beside  # patches
        images = most_within(m, phases * rows_out * columns_out * maps * dtype.itemsize, BAND)
        self.sums = empty((phases, images * per_image, beside * maps), dtype)
        self.sums_transposed = self.sums.swapaxes(-1, -2)
        self.won = empty((phases, m * per_image, beside * maps), bool)
        # gradients of the matrices, transposed as w is stored: BLAS then takes a tenth less time
        self.gradients = empty((m // images, phases, beside * maps, high * wide * maps_in), dtype)
        self.gradient = empty(self.gradients.shape[1:], dtype)
        by_pixel = self.gradient.reshape(phases, beside, maps, high, wide, maps_in).transpose(0, 3, 4, 5, 1, 2)
        self.gradient_places = places(by_pixel, field, pool)
        patch_rows, a_rows, delta_rows = (x.reshape(m * per_image, -1) for x in (self.patches, a, delta))
        self.bands = []
        for i, gradient in enumerate(self.gradients):
            rows = slice(i * len(self.sums[0]), (i + 1) * len(self.sums[0]))
            won = self.won[:, rows]
            self.bands.append((patch_rows[rows], a_rows[rows], delta_rows[rows], won, [*won], gradient))

    @staticmethod
    def bytes_needed(layer: Placed[Convolution], m: int, itemsize: int) -> int:
        """What the buffers of m examples take."""
        beside, high, wide, phases = patch(layer)
        numbers = high * wide * layer.shape_in[2]  # in a patch
        patches = m * layer.n_out // (beside * layer.entry.maps)
        images = most_within(m, phases * layer.n_out * itemsize, BAND)
        kernels = (2 + m // images) * phases * numbers * beside * layer.entry.maps
        sums = phases * layer.n_out
        return (m * layer.n_in + patches * numbers + kernels + images * sums) * itemsize + m * sums

    def forward(self, a_in: np.ndarray, keep: bool) -> None:
        """Into a the largest weighted sum of every pool, without bias; `keep` which one it was."""
        np.copyto(self.rows_in, a_in)  # windows of one place can be made once (1 us instead of 10)
        np.copyto(self.patches, self.windows)
        for place in self.places:
            np.copyto(place, self.w)
        for patches, a, _, won, phases, _ in self.bands:
            np.matmul(patches, self.matrices, out=self.sums)
            np.maximum.reduce(self.sums, axis=0, out=a)
            if keep:
                np.equal(self.sums[:-1], a, out=won[:-1])
                first_of_equals(phases)

    def backward(self) -> None:
        """Nothing: images are sent nothing back, and the errors of the sums are made band by band below."""

    def back_to_input(self) -> None:
        """Nothing: see `backward`."""

    def weight_gradient(self, out: np.ndarray) -> None:
        """(BP4) into `out`, like w: a product for each phase, then the sum over the places of the kernel."""
        for patches, _, delta, won, _, gradient in self.bands:
            np.copyto(self.sums, won)  # 1 where a sum won (a product with booleans takes half as long again)
            np.multiply(self.sums, delta, out=self.sums)  # the error of a pool belongs to the sum that won
            np.matmul(self.sums_transposed, patches, out=gradient)
        np.add.reduce(self.gradients, axis=0, out=self.gradient)
        total = out.reshape(self.w.shape)
        np.copyto(total, self.gradient_places[0])
        for place in self.gradient_places[1:]:
            np.add(total, place, out=total)


def patch(layer: Placed[Convolution]) -> tuple[int, int, int, int]:
    """Pools side by side in a patch, its height and width in pixels, and the phases of a pool."""
    field, pool = layer.entry.field, layer.entry.pool
    beside = next(n for n in (2, 3, 1) if layer.shape_out[1] % n == 0)  # 1, 3 and 4 are 3 to 6 % slower than 2
    return beside, field + pool - 1, field - 1 + pool * beside, pool * pool


def places(kernels: np.ndarray, field: int, pool: int) -> list[np.ndarray]:
    """Where the kernel lies in the matrices: for phase (u, v) and pool n from row u and column pool n + v on."""
    return [
        kernels[u * pool + v, u : u + field, pool * n + v : pool * n + v + field, :, n]
        for u, v, n in product(range(pool), range(pool), range(kernels.shape[-2]))
    ]


def first_of_equals(phases: list[np.ndarray]) -> None:
    """Of each pool's winners leave the first alone, as PyTorch does. The last phase wins what is left."""
    *others, free = phases
    free.fill(True)
    for won in others:
        np.logical_and(won, free, out=won)
        np.logical_xor(won, free, out=free)
