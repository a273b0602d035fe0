"""Small pictures for the page as data URIs: digits, and the weights of the first layer."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np

from mnist_softmax.figures import drawing

COLUMNS = 10


def digit(pixels: Sequence[float]) -> str | None:
    """An image of the data, black on white; None where its pixels make no square."""
    square = _square(np.array(pixels, float))
    return None if square is None else _png(square, "gray_r", square.min(), max(square.max(), 1))


@np.errstate(invalid="ignore", over="ignore")  # of weights that overflowed
def first_layer(w: np.ndarray) -> str | None:
    """Weights (n_in, n_out) into each neuron as an image, red positive and blue negative, each on its own scale."""
    side = _square(w[:, 0])
    if side is None:
        return None
    size = len(side)
    rows = -(-w.shape[1] // COLUMNS)
    columns = min(COLUMNS, w.shape[1])
    sheet = np.full((rows * (size + 2), columns * (size + 2)), np.nan)
    for k, neuron in enumerate(w.T):
        top, left = (size + 2) * (k // COLUMNS) + 1, (size + 2) * (k % COLUMNS) + 1
        largest = np.abs(neuron).max() or 1.0
        sheet[top : top + size, left : left + size] = neuron.reshape(size, size) / largest
    return _png(sheet, "RdBu_r", -1, 1)


def _square(pixels: np.ndarray) -> np.ndarray | None:
    side = round(len(pixels) ** 0.5)
    return pixels.reshape(side, side) if side * side == len(pixels) else None


def _png(array: np.ndarray, colours: str, low: float, high: float) -> str:
    file = io.BytesIO()
    with drawing():
        from matplotlib.image import imsave

        imsave(file, array, format="png", cmap=colours, vmin=low, vmax=high)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
