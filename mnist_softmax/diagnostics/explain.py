"""Why dC/db_j is what it is: one digit taken through softmax and through sigmoid outputs, with one cost.

All networks have the same parameters, hence the same z; only the output activation differs. Each slope dC/db_j is
measured on the whole network. Beside it stand the chain rule along one path and along all paths, and two formulas.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from mnist_softmax.config.network import OUTPUT_ACTIVATIONS_OF
from mnist_softmax.data.dataset import Split
from mnist_softmax.errors import ConfigError
from mnist_softmax.network.activations import ACTIVATIONS
from mnist_softmax.network.network import Network
from mnist_softmax.text import html_table

STEP = 1e-2  # h of the differences: the error that is left is of the order h^4
NOISE = 1e-10  # a slope below this is smaller than the error with which it is measured
DIGITS = 6.0  # from here on a formula agrees
PRODUCT = "dC/da_y da_y/dz_j"


class Explanation(NamedTuple):
    """One digit through one kind of output; all arrays have shape (K,), an entry for each output j."""

    output: str
    """The output activation."""
    cost_name: str
    cost: float
    """C of this digit."""
    y: np.ndarray
    """1 for the true digit, 0 for the others."""
    z: np.ndarray
    a: np.ndarray
    grad_a: np.ndarray
    """dC/da_j; with the log-likelihood zero except for the true digit."""
    jacobian: np.ndarray
    """da_y/dz_j: how the output of the true digit changes with each z_j."""
    one_path: np.ndarray
    """dC/da_j da_j/dz_j: (BP1), the path z_j -> a_j -> C."""
    all_paths: np.ndarray
    """sum_k dC/da_k da_k/dz_j: the chain rule. With the log-likelihood one term is left, dC/da_y da_y/dz_j."""
    error: np.ndarray
    """a_j - y_j, eq. (81)."""
    error_at_true_output: np.ndarray
    """y_j (a_j - 1)."""
    measured: np.ndarray
    """dC/db_j by finite differences."""

    def claims(self) -> dict[str, np.ndarray]:
        """What may be dC/db_j, by name."""
        return {
            "all paths": self.all_paths,
            "one path": self.one_path,
            "a_j - y_j": self.error,
            "y_j (a_j - 1)": self.error_at_true_output,
        }

    def difference(self, name: str) -> float:
        """The largest difference of a claim from what was measured."""
        return float(abs(self.claims()[name] - self.measured).max())

    def digits(self) -> dict[str, float]:
        """To how many digits each claim agrees with what was measured, relative to the steepest slope."""
        size = float(abs(self.measured).max())
        return {name: _digits(self.difference(name), size) for name in self.claims()}

    def agreeing(self) -> list[str]:
        """The claims that agree with what was measured."""
        return [
            name for name, digits in self.digits().items() if digits >= DIGITS or self.difference(name) < NOISE
        ]

    def columns(self) -> dict[str, np.ndarray]:
        """What to show, by title; with the log-likelihood one term of the chain rule is left: its two factors."""
        if self.cost_name == "log_likelihood":
            paths = {"da_y/dz_j": self.jacobian, PRODUCT: self.all_paths}
        else:
            paths = {"one path": self.one_path, "all paths": self.all_paths}
        return {
            "y_j": self.y,
            "z_j": self.z,
            "a_j": self.a,
            "a_j - y_j": self.error,
            "y_j (a_j - 1)": self.error_at_true_output,
            "dC/db_j measured": np.where(abs(self.measured) < NOISE, 0, self.measured),
            "dC/da_j": self.grad_a,
        } | paths

    def _repr_html_(self) -> str:
        """What a notebook shows: a row for each output."""
        columns = self.columns()
        rows = [[str(j), *map(number, row)] for j, row in enumerate(zip(*columns.values(), strict=True))]
        caption = (
            f"{self.output} outputs, {self.cost_name}: agrees with {' and '.join(self.agreeing()) or 'nothing'}"
        )
        return html_table(caption, ["j", *columns], rows)

    def as_json(self) -> dict[str, Any]:
        """Plain lists and numbers."""
        fields = self._asdict()
        plain = {name: v.tolist() if isinstance(v, np.ndarray) else v for name, v in fields.items()}
        return plain | {"agrees_with": self.agreeing(), "digits": self.digits()}


class Explanations(list[Explanation]):
    """One for each kind of output; a notebook shows them as tables."""

    def _repr_html_(self) -> str:
        return "\n".join(each._repr_html_() for each in self)


def number(value: float) -> str:
    """Six decimals where they say something, else powers of ten; 0 is 0."""
    if value == 0:
        return "0"
    return f"{value:.6f}" if 1e-3 <= abs(value) < 1e4 else f"{value:.2e}"


@np.errstate(over="ignore", invalid="ignore")  # of weights that overflowed
def explain(network: Network, x: np.ndarray, label: int) -> Explanations:
    """The digit of class `label`, x (width,) its scaled pixels, through the network's own outputs, and then
    through softmax and sigmoid ones, as far as its cost is defined for them."""
    y = np.eye(network.num_outputs)[[label]]
    own, allowed = network.output.activation, OUTPUT_ACTIVATIONS_OF[network.output.cost_name]
    outputs = [own, *(other for other in ("softmax", "sigmoid") if other != own and other in allowed)]
    return Explanations(_explain(_with_outputs(network, output), x[None], y) for output in outputs)


def _with_outputs(network: Network, output: str) -> Network:
    """The same parameters in float64, under outputs of another kind."""
    changed = {"output_activation": output, "output_error": "exact"}
    other = Network(network.architecture.model_copy(update=changed), "float64")
    other.parameters.flat[...] = network.parameters.flat
    return other


def _explain(network: Network, x: np.ndarray, y: np.ndarray) -> Explanation:
    p = network.new_pass(1)
    with np.errstate(over="ignore"):
        p.forward(x)
    z, a, output = p.z, p.a, network.output.activation
    grad_a = network.output.grad_a(z, a, y)[0]
    every_a = np.repeat(a, len(grad_a), axis=0)
    jacobian = ACTIVATIONS[output].vjp(
        every_a, np.eye(len(grad_a)), np.empty_like(every_a)
    )  # [k, j]: da_k/dz_j
    return Explanation(
        output=output,
        cost_name=network.output.cost_name,
        cost=float(network.output.cost(z, a, y)[0]),
        y=y[0],
        z=z[0].copy(),
        a=a[0].copy(),
        grad_a=grad_a,
        jacobian=jacobian[y[0].argmax()],
        one_path=grad_a * np.diagonal(jacobian),
        all_paths=grad_a @ jacobian,
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


def _digits(difference: float, size: float) -> float:
    """-log10 of the difference over the largest slope: 16 at most, 0 at least."""
    if difference == 0:
        return 16.0
    return min(max(-math.log10(difference / size), 0.0), 16.0) if size else 0.0


def digit(split: Split, name: str, index: int) -> tuple[np.ndarray, int]:
    """Scaled pixels (width,) and label of image `index` of a split. Raises ConfigError: there is none."""
    if not 0 <= index < len(split):
        raise ConfigError(f"--index {index}: {name} has {len(split):,} images, numbered 0 to {len(split) - 1}")
    return split.images[index] / split.scale, int(split.labels[index])
