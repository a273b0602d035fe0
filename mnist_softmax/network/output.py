"""The output: an output activation paired with a cost, and the error delta^L = dC/dz^L that the pair gives.

The general rule, right for every pair, is (BP1) with the whole Jacobian: delta^L = vjp(dC/da). Where algebra
cancels the activation's derivative against the cost's, the short form is used: it is faster, and exact where
the general rule would divide by an output that has underflowed. Tests hold the two equal.

Why softmax with C = -ln a_y gives a_j - y_j for *every* j, although dC/da_j is zero but for j = y: b_j moves
z_j, z_j moves every softmax output, a_y among them (da_y/dz_j = a_y (1[y=j] - a_j)), and so
dC/dz_j = -1/a_y * a_y (1[y=j] - a_j) = a_j - y_j. Sigmoid outputs do not share a sum: there z_j moves a_j
alone, and the same cost gives y_j (a_j - 1).
"""

from __future__ import annotations

import numpy as np

from mnist_softmax.network.activations import ACTIVATIONS, ONE
from mnist_softmax.network.calls import call
from mnist_softmax.network.costs import COSTS


def error(z: np.ndarray, a: np.ndarray, y: np.ndarray, out: np.ndarray) -> np.ndarray:
    """a - y."""
    call(np.subtract, a, y, out)
    return out


def error_at_true_digit(z: np.ndarray, a: np.ndarray, y: np.ndarray, out: np.ndarray) -> np.ndarray:
    """y (a - 1)."""
    call(np.subtract, a, ONE[a.dtype], out)
    call(np.multiply, out, y, out)
    return out


SHORT_FORMS = {
    ("softmax", "log_likelihood"): error,  # eqs. (81), (84)
    ("sigmoid", "cross_entropy"): error,  # eq. (66)
    ("linear", "quadratic"): error,  # eq. (68)
    ("sigmoid", "log_likelihood"): error_at_true_digit,
}

# `output_error` of the config: what stands in for dC/dz^L, wrong on purpose (see docs/derivation.md).
WRONG_ERRORS = {"true_output_only": error_at_true_digit}


class Output:
    """`activation` and `cost` are names out of ACTIVATIONS and COSTS; z, a, y have shape (..., m, K).

    `output_error` is "exact", or a name out of WRONG_ERRORS for a delta^L that is not dC/dz^L.

    `activate(z, out)` gives a^L, the network's answer; `delta(z, a, y, out)` delta^L of each example, (..., m, K).
    """

    def __init__(self, activation: str, cost: str, output_error: str = "exact") -> None:
        self.activation = activation
        self.cost_name = cost
        self._cost = COSTS[cost]
        self.activate, self._vjp = ACTIVATIONS[activation]
        short_form = SHORT_FORMS.get((activation, cost), self.delta_by_general_rule)
        self.delta = WRONG_ERRORS.get(output_error, short_form)

    def cost(self, z: np.ndarray, a: np.ndarray, y: np.ndarray) -> np.ndarray:
        """C of each example, shape (..., m)."""
        return self._cost.value(self.activation, z, a, y)

    def delta_by_general_rule(self, z: np.ndarray, a: np.ndarray, y: np.ndarray, out: np.ndarray) -> np.ndarray:
        """(BP1) with the whole Jacobian of eq. (33)."""
        call(self._general_rule, z, a, y, out)
        return out

    def _general_rule(self, z: np.ndarray, a: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
        self._vjp(a, self.grad_a(z, a, y), out)

    def grad_a(self, z: np.ndarray, a: np.ndarray, y: np.ndarray) -> np.ndarray:
        """dC/da^L of each example, (..., m, K): the nabla_a C of (BP1a)."""
        return self._cost.gradient(self.activation, z, a, y)
