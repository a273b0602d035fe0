"""Starting weights and biases of a layer.

Each takes a generator, the shape of w (whose columns have a bias each), and the fans n_in and n_out: how many
weights meet in a neuron and how many leave an input. It returns (w, b) in float64; the network rounds them to its own
dtype, so that float32 and float64 runs of one seed start from the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Drawn = tuple[np.ndarray, np.ndarray]


def scaled(rng: np.random.Generator, shape: tuple[int, int], n_in: int, n_out: int) -> Drawn:
    """The book's second thought (chapter 3): weights N(0, 1/n_in), biases N(0, 1)."""
    return rng.standard_normal(shape) / np.sqrt(n_in), rng.standard_normal(shape[1])


def large(rng: np.random.Generator, shape: tuple[int, int], n_in: int, n_out: int) -> Drawn:
    """The book's first (chapter 1): weights and biases N(0, 1), which saturate the neurons."""
    return rng.standard_normal(shape), rng.standard_normal(shape[1])


def zeros(rng: np.random.Generator, shape: tuple[int, int], n_in: int, n_out: int) -> Drawn:
    """All zero: hidden neurons then stay equal to each other for ever; of use without hidden layers."""
    return np.zeros(shape), np.zeros(shape[1])


def he(rng: np.random.Generator, shape: tuple[int, int], n_in: int, n_out: int) -> Drawn:
    """For relu: weights N(0, 2/n_in), biases 0 (He et al. 2015, eq. 10)."""
    return rng.standard_normal(shape) * np.sqrt(2 / n_in), np.zeros(shape[1])


def glorot(rng: np.random.Generator, shape: tuple[int, int], n_in: int, n_out: int) -> Drawn:
    """Weights uniform in +-sqrt(6 / (n_in + n_out)), biases 0 (Glorot and Bengio 2010, eq. 16)."""
    limit = np.sqrt(6 / (n_in + n_out))
    return rng.uniform(-limit, limit, shape), np.zeros(shape[1])


def fan_out(rng: np.random.Generator, shape: tuple[int, int], n_in: int, n_out: int) -> Drawn:
    """That of the book's network3 (chapter 6): weights N(0, 1/n_out), biases N(0, 1)."""
    return rng.standard_normal(shape) / np.sqrt(n_out), rng.standard_normal(shape[1])


INITIALIZERS: dict[str, Callable[[np.random.Generator, tuple[int, int], int, int], Drawn]] = {
    "scaled": scaled,
    "large": large,
    "zeros": zeros,
    "he": he,
    "glorot": glorot,
    "fan_out": fan_out,
}
