"""The way back through a convolution of many maps: from the errors of the sums to dC/da of every pixel, (BP2).

As strips.py goes forward, a row of the kernel at a time: the errors of the sums times that row of the kernel are
added to the strips that it had seen. A pixel lies in several strips, and what they hold for it is added up: in slabs
of `pool` pixels, for in those neighbouring strips do not overlap. So that is three additions of arrays for a 5 x 5
kernel and a pool of 2, where a plain way back needs one for each of 25 places (580 us instead of 45).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mnist_softmax.buffers import empty, most_within, zeros
from mnist_softmax.config.layers import Convolution
from mnist_softmax.config.placed import Placed
from mnist_softmax.network.calls import GEMM, OVERWRITE, SMALL

MULTIPLE = 16  # numbers: rows that fill whole cache lines take a fifth less time in BLAS


class StripsToPixels:
    """For one network: w (field * field * maps_in, maps), errors (strips, pool * maps), grad_in (m, n_in)."""

    def __init__(
        self, layer: Placed[Convolution], w: np.ndarray, errors: np.ndarray, grad_in: np.ndarray
    ) -> None:
        field, pool, maps, dtype = layer.entry.field, layer.entry.pool, layer.entry.maps, w.dtype
        (_, columns_out, _), (rows, _, maps_in), m = layer.shape_out, layer.shape_in, len(grad_in)
        wide, block = field + pool - 1, m * columns_out  # pixels in a strip; strips in an image row

        # kernels[q]: row q of the kernel, (pool * maps, wide * maps_in), at `pool` places; zeros fill up the lines
        length = padded(layer)
        kernels = zeros((field, pool, maps, length), dtype)
        self.w = w.T.reshape(maps, field, field * maps_in).swapaxes(0, 1)
        self.places = [kernels[:, v, :, v * maps_in : (v + field) * maps_in] for v in range(pool)]

        strips = empty((rows * block, length), dtype)
        high = most_within(len(errors), length * pool * maps, SMALL)  # rows of a product
        self.products = [
            bound_product(
                kernel.reshape(-1, length), errors[i:][:high], strips[q * block + i :][:high], adds=q > 0
            )
            for q, kernel in enumerate(kernels)
            for i in range(0, len(errors), high)
        ]
        self.not_written_first = strips[len(errors) :]

        pixels = as_strips(grad_in, layer)
        strips = strips.reshape(rows, m, columns_out, length)[..., : wide * maps_in].reshape(pixels.shape)
        slabs = [slice(v, v + pool) for v in range(0, wide, pool)]
        self.slabs = [(pixels[..., slab, :], strips[..., slab, :]) for slab in slabs]
        self.beyond_first_slab = grad_in.reshape(m, *layer.shape_in)[:, :, pool * columns_out :]

    def __call__(self) -> None:
        """Write dC/da into grad_in."""
        for place in self.places:
            np.copyto(place, self.w)
        self.not_written_first[...] = 0
        for multiply in self.products:
            multiply()
        (pixels, first), *others = self.slabs
        np.copyto(pixels, first)
        self.beyond_first_slab[...] = 0
        for pixels, slab in others:
            np.add(pixels, slab, out=pixels)


def bound_product(
    matrix: np.ndarray, rows: np.ndarray, out: np.ndarray, adds: bool
) -> Callable[[], np.ndarray]:
    """A call that writes `rows` times `matrix` into `out`, or `adds` it to what is there.

    BLAS counts columns first, so it is given all three transposed. It takes whole rows of a matrix: of parts of rows
    SciPy would make a copy, and `out` would stay as it was.
    """
    return partial(GEMM[out.dtype], 1.0, matrix.T, rows.T, 1.0 if adds else 0.0, out.T, 0, 0, OVERWRITE)


def strip_length(layer: Placed[Convolution]) -> int:
    """Numbers in a strip."""
    return (layer.entry.field + layer.entry.pool - 1) * layer.shape_in[2]


def padded(layer: Placed[Convolution]) -> int:
    """The same, filled up to whole lines of the cache."""
    return -(-strip_length(layer) // MULTIPLE) * MULTIPLE


def as_strips(rows: np.ndarray, layer: Placed[Convolution]) -> np.ndarray:
    """A view of rows (m, n_in) as strips (image rows, m, columns_out, field + pool - 1, maps_in)."""
    images = rows.reshape(len(rows), *layer.shape_in)
    windows = sliding_window_view(images, layer.entry.field + layer.entry.pool - 1, 2, writeable=True)
    return windows[:, :, :: layer.entry.pool].transpose(1, 0, 2, 4, 3)
