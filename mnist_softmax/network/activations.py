"""Activation functions a = sigma(z), and how an error passes back through them.

Every derivative is written with the output a, which the forward pass has kept, not with z. `vjp` is the
vector-Jacobian product of eq. (33): from g = dC/da it makes dC/dz_j = sum_k g_k da_k/dz_j. For sigmoid, tanh
and relu the Jacobian is diagonal and this is g * sigma'(z); for softmax it is not, because the outputs share a
sum. All work on the last axis, so leading axes (mini-batch, replicas) are free.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.linalg.blas import isamax, sasum
from scipy.special import expit

from mnist_softmax.network.calls import call, product

# 0 and 1 as arrays of each dtype: NumPy takes 0.4 us for a product with one, and 0.7 with Python's 1.
ZERO = {np.dtype(dtype): np.zeros((), dtype) for dtype in ("float32", "float64")}
ONE = {np.dtype(dtype): np.ones((), dtype) for dtype in ("float32", "float64")}

LARGE = 80  # up to here e^z and e^-z and sums of them are normal numbers in float32


class Activation(NamedTuple):
    """`f(z, out)` gives a, and `out` may be z. `vjp(a, g, out)` gives dC/dz from g = dC/da, in `out`."""

    f: Callable[[np.ndarray, np.ndarray], np.ndarray]
    vjp: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def sigmoid(z: np.ndarray, out: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-z), eq. (3). Where e^-z overflows, a is 0; callers silence NumPy's warning of it.

    In float32 four NumPy calls, which use the vector unit: ten replicas at once take a third of the time of
    `scipy.special.expit`, and a single network the same. In float64 expit, whose e^-z is the C library's, as
    NumPy's was when the book's curves were recorded: the vector unit's differs from it in last bits.
    """
    if z.dtype == np.float64:
        call(expit, z, out)
        return out
    call(np.negative, z, out)
    return sigmoid_of_minus(out, out)


def sigmoid_of_minus(z: np.ndarray, out: np.ndarray) -> np.ndarray:
    """1 / (1 + e^z): the sigmoid of -z, for who has that already."""
    one = ONE[z.dtype]
    call(np.exp, z, out)
    call(np.add, out, one, out)
    call(np.divide, one, out, out)
    return out


def sigmoid_vjp(a: np.ndarray, g: np.ndarray, out: np.ndarray) -> np.ndarray:
    """g a (1 - a)."""
    call(np.subtract, ONE[a.dtype], a, out)
    call(np.multiply, out, a, out)
    call(np.multiply, out, g, out)
    return out


def tanh(z: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Eq. (110)."""
    call(np.tanh, z, out)
    return out


def tanh_vjp(a: np.ndarray, g: np.ndarray, out: np.ndarray) -> np.ndarray:
    """g (1 - a^2)."""
    call(np.multiply, a, a, out)
    call(np.subtract, ONE[a.dtype], out, out)
    call(np.multiply, out, g, out)
    return out


def relu(z: np.ndarray, out: np.ndarray) -> np.ndarray:
    """max(0, z), eq. (112)."""
    call(np.maximum, z, ZERO[z.dtype], out=out)
    return out


def relu_vjp(a: np.ndarray, g: np.ndarray, out: np.ndarray) -> np.ndarray:
    """g where the neuron is on, 0 where it is off (and at the kink)."""
    on = np.empty(a.shape, bool)
    call(np.greater, a, ZERO[a.dtype], on)
    call(np.multiply, g, on, out)
    return out


def linear(z: np.ndarray, out: np.ndarray) -> np.ndarray:
    """a = z."""
    if out is not z:
        call(np.copyto, out, z)
    return out


def linear_vjp(a: np.ndarray, g: np.ndarray, out: np.ndarray) -> np.ndarray:
    """g itself."""
    call(np.copyto, out, g)
    return out


def softmax(z: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Eq. (78): e^{z_j} / sum_k e^{z_k}, right for every z (see `_exponentials`).

    The sum is a product with a matrix of ones: with it comes a copy for every j, and the division need not
    spread one (0.8 us of 5 saved at m = 10).
    """
    sums, ones = np.empty_like(out), _summing(z.shape[-1], z.dtype)
    call(_exponentials, z, z.reshape(-1), out)
    for replica in np.ndindex(z.shape[:-2]):  # each with the call that it takes alone, for its bits
        product(np.atleast_2d(out)[replica], ones, np.atleast_2d(sums)[replica])
    call(np.divide, out, sums, out)
    return out


def _exponentials(z: np.ndarray, flat: np.ndarray, out: np.ndarray) -> None:
    """e^{z_j}, in float64 and in rows with a large |z| e^{z_j - max z}: the same but for a factor of the row.

    That factor drops out of softmax; without it a large z would overflow, or all of a row would vanish. To look for
    a large z takes 0.5 us and the rows' maxima 2; a row's answer depends on that row alone. `flat` is z again, as
    BLAS reads it. isamax may miss the largest |z| beside one that is not a number; their sum then is none either.
    """
    if z.dtype == np.float32 and -LARGE < flat.item(isamax(flat)) < LARGE and sasum(flat) < np.inf:
        np.exp(z, out)
        return
    largest = np.maximum.reduce(z, axis=-1, keepdims=True)
    if z.dtype == np.float32:
        small = (largest < LARGE) & (np.minimum.reduce(z, axis=-1, keepdims=True) > -LARGE)
        np.copyto(largest, 0, where=small)
    np.subtract(z, largest, out=out)
    np.exp(out, out=out)


def softmax_vjp(a: np.ndarray, g: np.ndarray, out: np.ndarray) -> np.ndarray:
    """With da_k/dz_j = a_k (1[k=j] - a_j), the sum over k is a_j (g_j - sum_k g_k a_k).

    Since the outputs sum to one, 1 - a_j is the sum of the others, and the same thing reads
    a_j (g_j sum_{k!=j} a_k - sum_{k!=j} g_k a_k): nothing cancels, even where one output is nearly 1.
    """
    others = sum_of_others(g * a)
    np.multiply(g, sum_of_others(a), out=out)
    out -= others
    out *= a
    return out


def sum_of_others(a: np.ndarray) -> np.ndarray:
    """For every j of the last axis, the sum over k != j of a_k."""
    return a @ _summing_others(a.shape[-1], a.dtype)


@cache
def _summing(k: int, dtype: np.dtype) -> np.ndarray:
    return np.ones((k, k), dtype)


@cache
def _summing_others(k: int, dtype: np.dtype) -> np.ndarray:
    return 1 - np.eye(k, dtype=dtype)


ACTIVATIONS = {
    "sigmoid": Activation(sigmoid, sigmoid_vjp),
    "tanh": Activation(tanh, tanh_vjp),
    "relu": Activation(relu, relu_vjp),
    "linear": Activation(linear, linear_vjp),
    "softmax": Activation(softmax, softmax_vjp),
}
