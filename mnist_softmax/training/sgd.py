"""Stochastic gradient descent, with the book's penalties and momentum, for one network or many at once.

lambda is divided by n, the number of training images, not by the mini-batch's m; biases are never penalised.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from mnist_softmax.config.training import Training
from mnist_softmax.network.network import Network, Workspace
from mnist_softmax.network.parameters import Parameters


@np.errstate(over="ignore", invalid="ignore")  # of a run that diverged it may be infinite
def penalty(parameters: Parameters, settings: Training, n: int) -> float:
    """Eqs. (85) and (95): lambda/2n sum w^2 + lambda/n sum |w|."""
    w = parameters.weights.astype(np.float64, copy=False)
    return float(settings.l2 / (2 * n) * np.sum(w * w) + settings.l1 / n * np.sum(np.abs(w)))


def is_plain(settings: Training) -> bool:
    """Whether a step is that of eqs. (93) and (94), with neither momentum nor L1."""
    return not settings.momentum and not settings.l1


class Descent:
    """Steps of `network` down the gradient of cost and penalties, each replica by its own settings.

    `settings` has the training section of each replica (of a network without replicas: one), all of them plain
    or none; `velocity` is needed only where they are not. Times n, the number of training images.
    """

    def __init__(
        self, network: Network, velocity: Parameters | None, settings: Sequence[Training], n: int
    ) -> None:
        self.network, self.velocity, self.n = network, velocity, n
        self.l2 = [each.l2 for each in settings]
        self.plain = is_plain(settings[0])
        self.as_in_the_book = settings[0].rounding == "book"
        if self.as_in_the_book or not self.plain:
            self.gradient = network.new_parameters()
        if not self.plain:
            self.mu = self._column(each.momentum for each in settings)
            self.l1_over_n = self._column(each.l1 / n for each in settings)
            self.l2_over_n = self._column(each.l2 / n for each in settings)

    def use(self, eta: Sequence[float]) -> None:
        """From now on step with these learning rates, one for each replica."""
        self.eta, self.eta_column = eta, self._column(eta)
        self.decay = [1 - e * l2 / self.n for e, l2 in zip(eta, self.l2, strict=True)]
        self.book_decay = self._column(1 - e * (l2 / self.n) for e, l2 in zip(eta, self.l2, strict=True))

    def step(self, workspace: Workspace) -> None:
        """After `network.backward`: one step, in place."""
        if self.as_in_the_book:
            self._step_as_in_the_book(workspace)
            return
        if self.plain:
            self.network.descend(workspace, self.eta, self.decay)  # (93), (94)
            return
        parameters, gradient = self.network.parameters, self.gradient
        self.network.gradient(workspace, gradient)
        gradient.weights += self.l2_over_n * parameters.weights  # (88)
        gradient.weights += self.l1_over_n * np.sign(parameters.weights)  # (96), with sgn(0) = 0
        gradient.flat *= self.eta_column
        if self.velocity is None:
            parameters.flat -= gradient.flat
        else:
            self.velocity.flat *= self.mu
            self.velocity.flat -= gradient.flat  # (107): v' = mu v - eta dC/dw
            parameters.flat += self.velocity.flat  # (108)

    def _step_as_in_the_book(self, workspace: Workspace) -> None:
        """(93) and (94) with the roundings of the book's programs: w = (1 - eta lambda/n) w - (eta/m) sum."""
        self.network.gradient(workspace, self.gradient)
        self.gradient.flat *= self.eta_column / workspace.m
        self.network.parameters.weights *= self.book_decay
        self.network.parameters.flat -= self.gradient.flat

    def _column(self, numbers: Iterable[float]) -> np.ndarray:
        """A number for each replica, to stand before its parameters: (R, 1); (1,) without replicas."""
        with np.errstate(over="ignore"):  # an infinite step is caught at the epoch's end
            column = np.array([*numbers], self.network.dtype)
        return column[:, None] if self.network.replicas else column
