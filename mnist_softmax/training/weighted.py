"""A cohort whose training rows have weights, and which knows the cost of an epoch without an evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from mnist_softmax.config.config import Config
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.network.network import Network, Pass
from mnist_softmax.training.cohort import Cohort, State


class WeightedCohort(Cohort):
    """`weights` (n,) says how much each training row counts, with a mean of 1; None is 1 for all.

    The error delta of a row is multiplied by its weight: the pass divides by 1 / weight.
    """

    def __init__(
        self,
        states: Sequence[State],
        settings: Sequence[Config],
        dataset: Dataset,
        weights: np.ndarray | None = None,
    ) -> None:
        super().__init__(states, settings, dataset)
        self.weights = None if weights is None else weights.astype(self.network.dtype)
        self.costs = RunningCost(self.network, self.batches.block)
        self.running_costs = np.zeros(len(states))  # of the last epoch
        if weights is not None:
            for m, p in self.passes.items():
                p.divisor = np.ones((len(states), m, 1), self.network.dtype)

    def mini_batches(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """As those of any cohort; each is weighed before it is shown and its cost is taken after its step."""
        orders, done = self.next_orders(), 0
        for x, y in self.batches(orders):
            m = x.shape[-2]
            p, weights = self.passes[m], None
            if self.weights is not None:
                weights = self.weights[orders[..., done : done + m]]
                with np.errstate(divide="ignore"):  # a row of weight 0 has an error of delta / infinity
                    np.divide(1, weights[..., None], out=p.divisor)
                done += m
            yield x, y
            self.costs.add(p, y, weights)
        self.running_costs = self.costs.means()

    def measured(self, r: int) -> dict[str, float]:
        """`running_cost`: the mean of C over the epoch's rows, each at the step that it was trained in."""
        return {"running_cost": float(self.running_costs[r])}


class RunningCost:
    """Gathers what mini-batches cost in passes that have gone forward; `rows` at once, for that takes fewer calls."""

    def __init__(self, network: Network, rows: int) -> None:
        shape = (*network.replicas, rows, network.num_outputs)
        self.output = network.output
        self.z, self.a, self.y = (np.empty(shape, network.dtype) for _ in range(3))
        self.weights = np.ones(shape[:-1], network.dtype)
        self.rows, self.filled = rows, 0
        self.cost, self.weight = np.zeros(network.replicas), np.zeros(network.replicas)

    def add(self, p: Pass, y: np.ndarray, weights: np.ndarray | None) -> None:
        """Take a mini-batch in, of one-hot y and row weights (..., m), None for 1."""
        start, stop = self.filled, self.filled + p.m
        self.z[..., start:stop, :], self.a[..., start:stop, :], self.y[..., start:stop, :] = p.z, p.a, y
        if weights is not None:
            self.weights[..., start:stop] = weights
        self.filled = stop
        if stop + p.m > self.rows:
            self._sum_up()

    def means(self) -> np.ndarray:
        """The mean cost of all that was taken in since the last call, for each replica."""
        self._sum_up()
        means = self.cost / self.weight
        self.cost, self.weight = np.zeros_like(self.cost), np.zeros_like(self.weight)
        return means

    @np.errstate(over="ignore", invalid="ignore")  # what overflows is caught at the epoch's end
    def _sum_up(self) -> None:
        here = slice(0, self.filled)
        z, a, y, weights = (
            self.z[..., here, :],
            self.a[..., here, :],
            self.y[..., here, :],
            self.weights[..., here],
        )
        self.cost += (weights * self.output.cost(z, a, y)).sum(axis=-1, dtype=np.float64)
        self.weight += weights.sum(axis=-1, dtype=np.float64)
        self.filled = 0
