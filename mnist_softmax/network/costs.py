"""Cost functions: the cost C of each example, and its gradient dC/da at the outputs.

Logarithms are taken of the outputs as exactly as z allows: `Logs` holds ln a and ln(1 - a) worked out from z,
never from a rounded a, so that a confident mistake costs about |z| and not infinity. Values are per example,
shape (..., m); the mean over a mini-batch is taken where the gradient is (see Pass.backward).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mnist_softmax.network.activations import sigmoid, sum_of_others


class Logs(NamedTuple):
    """ln a and ln(1 - a) as functions of z, and 1 - a as a function of z and a; for outputs in (0, 1)."""

    log: Callable[[np.ndarray], np.ndarray]
    log_complement: Callable[[np.ndarray], np.ndarray]
    complement: Callable[[np.ndarray, np.ndarray], np.ndarray]


def log_sum_exp(z: np.ndarray) -> np.ndarray:
    """ln sum_k e^{z_k} over the last axis, kept as an axis of length 1."""
    top = z.max(axis=-1, keepdims=True)
    return top + np.log(np.exp(z - top).sum(axis=-1, keepdims=True))


def _log_sum_exp_of_others(z: np.ndarray) -> np.ndarray:
    """For every j, ln sum_{k != j} e^{z_k}."""
    without_j = np.where(np.eye(z.shape[-1], dtype=bool), -np.inf, z[..., None, :])
    return log_sum_exp(without_j)[..., 0]


LOGS = {
    "sigmoid": Logs(
        log=lambda z: -np.logaddexp(0, -z),
        log_complement=lambda z: -np.logaddexp(0, z),
        complement=np.errstate(over="ignore")(lambda z, a: sigmoid(-z, np.empty_like(z))),  # 1 - sigma(z)
    ),
    "softmax": Logs(
        log=lambda z: z - log_sum_exp(z),
        log_complement=lambda z: _log_sum_exp_of_others(z) - log_sum_exp(z),
        complement=lambda z, a: sum_of_others(a),  # eq. (79)
    ),
}


class Cost(NamedTuple):
    """`value(output, z, a, y)`: C per example, (..., m). `gradient(output, z, a, y)`: dC/da, (..., m, K).

    `output` is the name of the output activation, a = output(z); y is one-hot.
    """

    value: Callable[[str, np.ndarray, np.ndarray, np.ndarray], np.ndarray]
    gradient: Callable[[str, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def quadratic(output: str, z: np.ndarray, a: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Eqs. (6) and (27): 1/2 sum_j (a_j - y_j)^2."""
    return ((a - y) ** 2).sum(axis=-1) / 2


def quadratic_gradient(output: str, z: np.ndarray, a: np.ndarray, y: np.ndarray) -> np.ndarray:
    """a - y."""
    return a - y


def cross_entropy(output: str, z: np.ndarray, a: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Eq. (63): - sum_j [y_j ln a_j + (1 - y_j) ln(1 - a_j)], binary over every output."""
    logs = LOGS[output]
    return -(y * logs.log(z) + (1 - y) * logs.log_complement(z)).sum(axis=-1)


def cross_entropy_gradient(output: str, z: np.ndarray, a: np.ndarray, y: np.ndarray) -> np.ndarray:
    """- y_j / a_j + (1 - y_j) / (1 - a_j)."""
    return (1 - y) / _not_zero(LOGS[output].complement(z, a)) - y / _not_zero(a)


def log_likelihood(output: str, z: np.ndarray, a: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Eq. (80): - ln a_y."""
    return -(y * LOGS[output].log(z)).sum(axis=-1)


def log_likelihood_gradient(output: str, z: np.ndarray, a: np.ndarray, y: np.ndarray) -> np.ndarray:
    """- y_j / a_j: zero but for the true digit."""
    return -y / _not_zero(a)


def _not_zero(a: np.ndarray) -> np.ndarray:
    """An output that underflowed to 0 is taken as the smallest normal number: a huge gradient, not infinity.

    Times that output, as in the Jacobian, it gives 0. Only pairs without a short form (output.py) come here.
    """
    return np.maximum(a, np.finfo(a.dtype).tiny)


COSTS = {
    "quadratic": Cost(quadratic, quadratic_gradient),
    "cross_entropy": Cost(cross_entropy, cross_entropy_gradient),
    "log_likelihood": Cost(log_likelihood, log_likelihood_gradient),
}
