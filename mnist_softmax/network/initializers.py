"""Starting weights and biases of a layer with n_in inputs and n_out neurons.

Each takes a generator, shapes, and the fans, and returns (w, b) in float64; the network rounds them to its own
dtype, so that float32 and float64 runs of one seed start from the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Drawn = tuple[np.ndarray, np.ndarray]


def scaled(rng: np.random.Generator, n_in: int, n_out: int) -> Drawn:
    """The book's second thought (chapter 3): weights N(0, 1/n_in), biases N(0, 1)."""
    return rng.standard_normal((n_in, n_out)) / np.sqrt(n_in), rng.standard_normal(n_out)


def large(rng: np.random.Generator, n_in: int, n_out: int) -> Drawn:
    """The book's first (chapter 1): weights and biases N(0, 1), which saturate the neurons."""
    return rng.standard_normal((n_in, n_out)), rng.standard_normal(n_out)


def zeros(rng: np.random.Generator, n_in: int, n_out: int) -> Drawn:
    """All zero: hidden neurons then stay equal to each other for ever; of use without hidden layers."""
    return np.zeros((n_in, n_out)), np.zeros(n_out)


def he(rng: np.random.Generator, n_in: int, n_out: int) -> Drawn:
    """For relu: weights N(0, 2/n_in), biases 0 (He et al. 2015, eq. 10)."""
    return rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in), np.zeros(n_out)


def glorot(rng: np.random.Generator, n_in: int, n_out: int) -> Drawn:
    """Weights uniform in +-sqrt(6 / (n_in + n_out)), biases 0 (Glorot and Bengio 2010, eq. 16)."""
    limit = np.sqrt(6 / (n_in + n_out))
    return rng.uniform(-limit, limit, (n_in, n_out)), np.zeros(n_out)


INITIALIZERS: dict[str, Callable[[np.random.Generator, int, int], Drawn]] = {
    "scaled": scaled,
    "large": large,
    "zeros": zeros,
    "he": he,
    "glorot": glorot,
}
