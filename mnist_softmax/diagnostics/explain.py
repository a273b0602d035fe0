"""Why dC/db_j = a_j - y_j: one digit taken through softmax and through sigmoid outputs, with C = -ln a_y.

Both networks have the same parameters, hence the same z; only the output activation differs. Each slope dC/db_j is
measured on the whole network and stands beside the two formulas that claim to be it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from mnist_softmax.data.dataset import Split
from mnist_softmax.errors import ConfigError
from mnist_softmax.network.activations import ACTIVATIONS
from mnist_softmax.network.network import Network

STEP = 1e-2  # of the differences: extrapolated, they err by its fourth power
OUTPUTS = ("softmax", "sigmoid")


class Explanation(NamedTuple):
    """One digit through one kind of output; all arrays have shape (K,), an entry for each output j."""

    output: str
    cost: float
    """C = -ln a_y."""
    y: np.ndarray
    z: np.ndarray
    a: np.ndarray
    grad_a: np.ndarray
    """dC/da_j: zero but for j = y."""
    jacobian: np.ndarray
    """da_y/dz_j: how the one output that C looks at answers to each z_j."""
    error: np.ndarray
    """a_j - y_j, eq. (81)."""
    error_at_true_output: np.ndarray
    """y_j (a_j - 1)."""
    measured: np.ndarray
    """dC/db_j by finite differences."""

    def formulas(self) -> dict[str, np.ndarray]:
        """The two that claim to be dC/db_j."""
        return {"a_j - y_j": self.error, "y_j (a_j - 1)": self.error_at_true_output}

    def digits(self) -> dict[str, float]:
        """To how many digits each formula agrees with what was measured, relative to the steepest slope."""
        return {name: _digits(formula, self.measured) for name, formula in self.formulas().items()}

    def agreeing(self) -> str:
        """The formula that agrees better."""
        digits = self.digits()
        return max(digits, key=lambda name: digits[name])

    def as_json(self) -> dict[str, Any]:
        """Plain lists and numbers."""
        fields = self._asdict()
        plain = {name: v.tolist() if isinstance(v, np.ndarray) else v for name, v in fields.items()}
        return plain | {"agrees_with": self.agreeing(), "digits": self.digits()}


def explain(network: Network, x: np.ndarray, label: int) -> list[Explanation]:
    """The digit of class `label`, x (width,) its scaled pixels, through softmax and through sigmoid outputs.

    Raises ConfigError: the network has no softmax outputs, or another cost than log_likelihood.
    """
    check_softmax(network)
    y = np.eye(network.num_outputs)[[label]]
    return [_explain(_with_outputs(network, output), output, x[None], y) for output in OUTPUTS]


def check_softmax(network: Network) -> None:
    """Raises ConfigError where the question does not arise."""
    pair = network.output.activation, network.output.cost_name
    if pair != ("softmax", "log_likelihood"):
        raise ConfigError(
            f"the network has {pair[0]} outputs with cost {pair[1]}; to be explained it needs "
            "network.output_activation=softmax and network.cost=log_likelihood (sigmoid is shown beside it)"
        )


def _with_outputs(network: Network, output: str) -> Network:
    """The same parameters in float64, under outputs of another kind."""
    changed = {"output_activation": output, "output_error": "exact"}
    other = Network(network.architecture.model_copy(update=changed), "float64")
    other.parameters.flat[...] = network.parameters.flat
    return other


def _explain(network: Network, output: str, x: np.ndarray, y: np.ndarray) -> Explanation:
    p = network.new_pass(1)
    with np.errstate(over="ignore"):
        p.forward(x)
    z, a = p.z, p.a
    return Explanation(
        output=output,
        cost=float(network.output.cost(z, a, y)[0]),
        y=y[0],
        z=z[0].copy(),
        a=a[0].copy(),
        grad_a=network.output.grad_a(z, a, y)[0],
        jacobian=ACTIVATIONS[output].vjp(a, y, np.empty_like(a))[0],  # the row y of the Jacobian
        error=(a - y)[0],
        error_at_true_output=(y * (a - 1))[0],
        measured=np.array([_slope(network, j, x, y) for j in range(network.num_outputs)]),
    )


def _slope(network: Network, j: int, x: np.ndarray, y: np.ndarray) -> float:
    """dC/db_j of the last layer: centred differences with h and h/2, extrapolated to h = 0 (Richardson)."""
    b = network.parameters.layers[-1]["b"]
    was = b[j]

    def cost(h: float) -> float:
        b[j] = was + h
        return float(network.costs(x, y)[0])

    whole, half = ((cost(h) - cost(-h)) / (2 * h) for h in (STEP, STEP / 2))
    b[j] = was
    return (4 * half - whole) / 3


def _digits(formula: np.ndarray, measured: np.ndarray) -> float:
    """-log10 of the largest difference over the largest slope: 16 at most, 0 at least."""
    difference, size = abs(formula - measured).max(), abs(measured).max()
    if difference == 0:
        return 16.0
    return min(max(-math.log10(difference / size), 0.0), 16.0) if size else 0.0


def digit(split: Split, name: str, index: int) -> tuple[np.ndarray, int]:
    """Scaled pixels (width,) and label of image `index` of a split. Raises ConfigError: there is none."""
    if not 0 <= index < len(split):
        raise ConfigError(f"--index {index}: {name} has {len(split):,} images, numbered 0 to {len(split) - 1}")
    return split.images[index] / split.scale, int(split.labels[index])
