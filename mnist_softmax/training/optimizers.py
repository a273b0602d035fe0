"""What a step makes of the gradient: plain descent, the book's momentum, Nesterov's, Adam; for one network or many.

A rule is a method of Descent, and what it remembers between steps is named in SLOTS: that is all of an optimiser.
lambda is divided by n, the number of training images, not by the mini-batch's m; biases are never penalised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import sqrt

import numpy as np

from mnist_softmax.config.training import Adam, Training
from mnist_softmax.network.network import Network, Pass
from mnist_softmax.network.parameters import Parameters

FLUSH_EVERY = 16  # steps: then the flushing itself costs next to nothing

# What a rule remembers between steps, in the form of the parameters.
SLOTS = {"momentum": ("velocity",), "nesterov": ("velocity",), "adam": ("gradients", "squares")}


def rule_of(settings: Training) -> str:
    """By which method of Descent the settings let a network step."""
    if settings.rounding == "book":
        return "as_in_the_book"
    if isinstance(settings.optimizer, Adam):
        return "adam"
    if settings.momentum:
        return "nesterov" if settings.optimizer.nesterov else "momentum"
    return "gradient" if settings.l1 else "plain"


def new_slots(network: Network, settings: Training) -> dict[str, Parameters]:
    """What the settings' rule remembers, by name, before the first step: zeros.

    Adam counts its steps besides, in `steps`.
    """
    rule = rule_of(settings)
    slots = {name: network.new_parameters() for name in SLOTS.get(rule, ())}
    if rule == "adam":
        slots["steps"] = Parameters.zeros([{"t": (1,)}], "float64", network.replicas)
    return slots


class Descent:
    """Steps of `network` down the gradient of cost and penalties, each replica by its own settings.

    `settings` has the training section of each replica (of a network without replicas: one), all with one rule;
    `slots` are from `new_slots`. n is the number of training images.
    """

    def __init__(
        self, network: Network, slots: dict[str, Parameters], settings: Sequence[Training], n: int
    ) -> None:
        self.network, self.slots, self.settings, self.n = network, slots, settings, n
        rule = rule_of(settings[0])
        self.step: Callable[[Pass], None] = getattr(self, rule)
        self.of_mean = rule != "as_in_the_book"  # there errors are summed, and eta is divided by m
        if rule != "plain":
            self.dC = network.new_parameters()
            self.mu = self._column(each.momentum for each in settings)
            self.l1_over_n = self._column(each.l1 / n for each in settings)
            self.l2_over_n = self._column(each.l2 / n for each in settings)
            self.with_l1, self.with_l2 = bool(self.l1_over_n.any()), bool(self.l2_over_n.any())
        if rule == "adam":
            self.adams = [each.optimizer for each in settings if isinstance(each.optimizer, Adam)]
            self.beta1 = self._column(each.beta1 for each in self.adams)
            self.beta2 = self._column(each.beta2 for each in self.adams)

    def use(self, eta: Sequence[float]) -> None:
        """From now on step with these learning rates, one for each replica; called before every epoch."""
        self.since_flush = 0  # anew in every epoch, so that a resumed run flushes at the same steps
        l2 = [each.l2 for each in self.settings]
        self.eta, self.eta_column = eta, self._column(eta)
        self.decay = [1 - e * lmbda / self.n for e, lmbda in zip(eta, l2, strict=True)]
        self.book_decay = self._column(1 - e * (lmbda / self.n) for e, lmbda in zip(eta, l2, strict=True))

    def plain(self, p: Pass) -> None:
        """Eqs. (93) and (94): w = (1 - eta lambda/n) w - eta dC/dw, where only l2 is there."""
        p.descend(self.eta, self.decay)

    def gradient(self, p: Pass) -> None:
        """Down eta times the gradient, formed; with l1, eq. (96)."""
        self.network.parameters.flat -= self._eta_times_gradient(p)

    def momentum(self, p: Pass) -> None:
        """Eqs. (107) and (108): v' = mu v - eta dC/dw, w' = w + v'."""
        v = self.slots["velocity"].flat
        v *= self.mu
        v -= self._eta_times_gradient(p)
        self.network.parameters.flat += v
        self._flush(v)

    def nesterov(self, p: Pass) -> None:
        """v' = mu v - eta dC/dw, w' = w + mu v' - eta dC/dw: ahead by the next step's share of the velocity."""
        v, w = self.slots["velocity"].flat, self.network.parameters.flat
        step = self._eta_times_gradient(p)
        w -= step
        v *= self.mu
        v -= step
        w += np.multiply(v, self.mu, out=step)
        self._flush(v)

    def adam(self, p: Pass) -> None:
        """w' = w - eta m / (sqrt(v) + epsilon), with m the mean of the gradients g so far, v that of their squares.

        Means in which a step counts 1/beta times what the one before it does. The slots hold sums G and S in the
        same way, and m = (1 - beta1) / (1 - beta1^t) G in step t, v likewise with beta2 and S. So the formula is
        w - rate G / (sqrt(S) + floor), with two numbers for each replica.
        """
        total, squares = self.slots["gradients"].flat, self.slots["squares"].flat
        t = self.slots["steps"].flat
        t += 1
        rates, floors = [], []
        for adam, eta, steps in zip(self.adams, self.eta, t.reshape(-1).tolist(), strict=True):
            to_m = (1 - adam.beta1) / (1 - adam.beta1**steps)
            to_root = sqrt((1 - adam.beta2) / (1 - adam.beta2**steps))
            rates.append(eta * to_m / to_root)
            floors.append(adam.epsilon / to_root)
        g = self._gradient(p)
        total *= self.beta1
        total += g
        squares *= self.beta2
        g *= g
        squares += g
        step = np.sqrt(squares, out=g)
        step += self._column(floors)
        np.divide(total, step, out=step)
        step *= self._column(rates)
        self.network.parameters.flat -= step
        self._flush(total, squares)

    def as_in_the_book(self, p: Pass) -> None:
        """(93) and (94) with the roundings of the book's programs: w = (1 - eta lambda/n) w - (eta/m) sum."""
        p.gradient(self.dC)
        self.dC.flat *= self.eta_column / p.m
        self.network.parameters.weights *= self.book_decay
        self.network.parameters.flat -= self.dC.flat

    def _gradient(self, p: Pass) -> np.ndarray:
        """Of cost and penalties, eqs. (88) and (96), with sgn(0) = 0."""
        w, dC = self.network.parameters.weights, self.dC
        p.gradient(dC)
        if self.with_l2:
            dC.weights += self.l2_over_n * w
        if self.with_l1:
            dC.weights += self.l1_over_n * np.sign(w)
        return dC.flat

    def _eta_times_gradient(self, p: Pass) -> np.ndarray:
        gradient = self._gradient(p)
        gradient *= self.eta_column
        return gradient

    def _flush(self, *slots: np.ndarray) -> None:
        """Every few steps let numbers too small to be normal be zero: a processor takes many times as long for them.

        Where no gradient comes, as from a pixel that is seldom lit, a velocity shrinks until it is such a number,
        and then rounding keeps it there for ever. It no longer moves a weight long before.
        """
        self.since_flush += 1
        if self.since_flush == FLUSH_EVERY:
            self.since_flush = 0
            for slot in slots:
                size = np.abs(slot, out=self.dC.flat)
                np.copyto(slot, 0, where=size < np.finfo(slot.dtype).tiny)

    def _column(self, numbers: Iterable[float]) -> np.ndarray:
        """A number for each replica, to stand before its parameters: (R, 1); (1,) without replicas."""
        with np.errstate(over="ignore"):  # an infinite step is caught at the epoch's end
            column = np.array([*numbers], self.network.dtype)
        return column[:, None] if self.network.replicas else column
