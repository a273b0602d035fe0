"""What a gradient is the gradient of: mean cost and penalties, as a function of a network's parameters."""

from __future__ import annotations

import numpy as np

from mnist_softmax.config.training import Training
from mnist_softmax.network.network import Network
from mnist_softmax.training.sgd import penalty

Batch = tuple[np.ndarray, np.ndarray]


def masks() -> np.random.Generator:
    """The generator of dropout, begun anew: the function is that of a network with some neurons left out."""
    return np.random.default_rng(0)


class Objective:
    """Mean cost and penalties as a function of the network's parameters."""

    def __init__(self, network: Network, batch: Batch, training: Training, n: int) -> None:
        self.network, (self.x, self.y), self.training, self.n = network, batch, training, n
        self.passed = network.new_pass(len(self.x), training=True)
        self.passed.draw_from([masks()])
        self.passed.draw()
        layers = list(zip(network.layers, self.passed.layers, strict=True))
        self.with_kinks = [its_pass for layer, its_pass in layers if layer.activation == "relu"]
        if network.output.activation == "relu":
            self.with_kinks.append(self.passed.layers[-1])  # its a is z^L
        self.pools = [its_pass for its_pass in self.passed.layers if hasattr(its_pass, "winners")]

    def value(self) -> float:
        """C + penalty here."""
        costs, penalised, _ = self._here()
        return float(costs.mean()) + penalised

    def slope(self, array: np.ndarray, direction: np.ndarray, h: float) -> float | None:
        """(C(h) - C(-h)) / 2h along `direction` in `array`, a view of the parameters; None across a kink.

        Costs are subtracted example by example, where they are close, and only then averaged.
        """
        was = array.copy()
        array[...] = was + h * direction
        costs_above, penalty_above, side_above = self._here()
        array[...] = was - h * direction
        costs_below, penalty_below, side_below = self._here()
        array[...] = was
        if not np.array_equal(side_above, side_below):
            return None
        return (float((costs_above - costs_below).mean()) + penalty_above - penalty_below) / (2 * h)

    def _here(self) -> tuple[np.ndarray, float, np.ndarray]:
        """The cost of each example, the penalty, and on which side of its kink everything with a kink stands."""
        p = self.passed
        with np.errstate(over="ignore"):
            p.forward(self.x)
            costs = p.output.cost(p.z, p.a, self.y)
        parameters = self.network.parameters
        sides = [layer.a.ravel() > 0 for layer in self.with_kinks]
        sides += [won.ravel() for layer in self.pools for won in layer.winners()]  # which sum is the largest
        sides += [parameters.weights > 0] if self.training.l1 else []
        return costs, penalty(parameters, self.training, self.n), np.concatenate([*sides, []])
