"""What a step makes of the gradient: plain descent, the book's momentum, Nesterov's, Adam; for one network or many.

A rule is a method of Descent, and what it remembers between steps is named in SLOTS: that is all of an optimiser.
lambda is divided by n, the number of training images, not by the mini-batch's m; biases are never penalised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import sqrt

import numpy as np
from scipy.linalg.blas import daxpy, dscal, saxpy, sscal

from mnist_softmax.config.training import Adam, Training
from mnist_softmax.network.calls import call
from mnist_softmax.network.network import Network, Pass
from mnist_softmax.network.parameters import Parameters
from mnist_softmax.training.signs import signs

AXPY = {np.dtype("float32"): saxpy, np.dtype("float64"): daxpy}
SCAL = {np.dtype("float32"): sscal, np.dtype("float64"): dscal}
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
    return "with_signs" if settings.l1 else "plain"


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
    `slots` are from `new_slots`. n is the number of training images. A pass's errors are those of the sum of the
    mini-batch's costs: a step divides by m, in eta / m.
    """

    def __init__(
        self, network: Network, slots: dict[str, Parameters], settings: Sequence[Training], n: int
    ) -> None:
        self.network, self.slots, self.settings, self.n = network, slots, settings, n
        rule = rule_of(settings[0])
        self.step: Callable[[Pass], None] = getattr(self, rule)
        if rule not in ("plain", "with_signs"):
            self.scratch = network.new_parameters()
        if any(each.l1 for each in settings):
            self.signs = np.zeros_like(network.parameters.weights)
            self.not_zero = np.empty(self.signs.shape, bool)
        self.mu = [each.momentum for each in settings]
        self.eta: Sequence[float] = ()
        if rule == "adam":
            self.adams = [each.optimizer for each in settings if isinstance(each.optimizer, Adam)]
            # of the next step; the rates are arrays, so that a recorded call finds them as they are then
            self.rates, self.floors = [np.zeros(()) for _ in self.adams], self._column(0.0 for _ in self.adams)

    def use(self, eta: Sequence[float]) -> None:
        """From now on step with these learning rates, one for each replica; called before every epoch."""
        self.since_flush = 0  # anew in every epoch, so that a resumed run flushes at the same steps
        both = [*zip(eta, self.settings, strict=True)]
        self.eta = eta
        self.l1_step, self.l2_step = [e * s.l1 / self.n for e, s in both], [e * s.l2 / self.n for e, s in both]
        self.decay = [1 - step for step in self.l2_step]
        self.book_decay = self._column(1 - e * (s.l2 / self.n) for e, s in both)

    def plain(self, p: Pass) -> None:
        """Eqs. (93) and (94): w = (1 - eta lambda/n) w - eta dC/dw, where only l2 is there."""
        p.descend([e / p.m for e in self.eta], self.decay)

    def with_signs(self, p: Pass) -> None:
        """As `plain`, with l1: eq. (97), with sgn(0) = 0."""
        w = self.network.parameters.weights
        signs(w, self.signs, self.not_zero)
        self.plain(p)
        self._add(self.signs, w, [-step for step in self.l1_step])

    def momentum(self, p: Pass) -> None:
        """Eqs. (107) and (108): v' = mu v - eta dC/dw, w' = w + v'."""
        self._next_velocity(p)
        v, w = self.slots["velocity"].flat, self.network.parameters.flat
        call(np.add, w, v, w)
        call(self._flush, v)

    def nesterov(self, p: Pass) -> None:
        """v' = mu v - eta dC/dw, w' = w + mu v' - eta dC/dw: ahead by the next step's share of the velocity.

        Since -eta dC/dw = v' - mu v, this is w' = w - mu v + (1 + mu) v'.
        """
        v, w, before = self.slots["velocity"].flat, self.network.parameters.flat, self.scratch.flat
        call(np.copyto, before, v)
        self._next_velocity(p)
        self._add(before, w, [-mu for mu in self.mu])
        self._add(v, w, [1 + mu for mu in self.mu])
        call(self._flush, v)

    def adam(self, p: Pass) -> None:
        """w' = w - eta m / (sqrt(v) + epsilon), with m the mean of the gradients g so far, v that of their squares.

        Means in which a step counts 1/beta times what the one before it does. The slots hold sums G and S in the
        same way, and m = (1 - beta1) / (1 - beta1^t) G in step t, v likewise with beta2 and S. So the formula is
        w - rate G / (sqrt(S) + floor), with two numbers for each replica.
        """
        total, squares = self.slots["gradients"].flat, self.slots["squares"].flat
        g, zeros, ones = self.scratch.flat, [0.0] * len(self.adams), [1.0] * len(self.adams)
        p.add_gradient(self.scratch, [1 / p.m for _ in ones], zeros, zeros)
        of_n = [(each.l2 / self.n, each.l1 / self.n) for each in self.settings]
        self._add_penalties(self.scratch.weights, *zip(*of_n, strict=True))
        self._scale(total, [adam.beta1 for adam in self.adams])
        self._add(g, total, ones)
        self._scale(squares, [adam.beta2 for adam in self.adams])
        call(np.multiply, g, g, g)
        self._add(g, squares, ones)
        call(self._next_rates)
        call(np.sqrt, squares, g)
        call(np.add, g, self.floors, g)
        call(np.divide, total, g, g)
        self._add(g, self.network.parameters.flat, self.rates)
        call(self._flush, total, squares)

    def as_in_the_book(self, p: Pass) -> None:
        """(93) and (94) with the roundings of the book's programs: w = (1 - eta lambda/n) w - (eta/m) sum."""
        w, dC = self.network.parameters, self.scratch
        p.gradient(dC)
        call(np.multiply, dC.flat, self._column(self.eta) / p.m, dC.flat)
        call(np.multiply, w.weights, self.book_decay, w.weights)
        call(np.subtract, w.flat, dC.flat, w.flat)

    def _next_velocity(self, p: Pass) -> None:
        """v' = mu v - eta dC/dw, with the penalties' part of the gradient, eqs. (88) and (96)."""
        v = self.slots["velocity"]
        p.add_gradient(v, [-e / p.m for e in self.eta], self.mu, self.mu)
        self._add_penalties(v.weights, [-step for step in self.l2_step], [-step for step in self.l1_step])

    def _add_penalties(self, into: np.ndarray, l2: Sequence[float], l1: Sequence[float]) -> None:
        """into += l2 w + l1 sgn(w), a number for each replica, with sgn(0) = 0."""
        w = self.network.parameters.weights
        if any(l2):
            self._add(w, into, l2)
        if any(l1):
            signs(w, self.signs, self.not_zero)
            self._add(self.signs, into, l1)

    def _next_rates(self) -> None:
        """Count a step of Adam, and work out its two numbers for each replica."""
        t = self.slots["steps"].flat
        t += 1
        numbers = zip(self.adams, self.eta, t.reshape(-1).tolist(), strict=True)
        for r, (adam, eta, steps) in enumerate(numbers):
            to_m = (1 - adam.beta1) / (1 - adam.beta1**steps)
            to_root = sqrt((1 - adam.beta2) / (1 - adam.beta2**steps))
            self.rates[r][...], self.floors[r] = -eta * to_m / to_root, adam.epsilon / to_root

    def _add(self, x: np.ndarray, into: np.ndarray, times: Sequence[float | np.ndarray]) -> None:
        """into += times x, a number for each replica, in one pass over the memory."""
        for each, out, a in zip(_rows(x), _rows(into), times, strict=True):
            call(AXPY[out.dtype], each, out, len(out), a)

    def _scale(self, x: np.ndarray, by: Sequence[float]) -> None:
        """x *= by, a number for each replica."""
        for each, a in zip(_rows(x), by, strict=True):
            call(SCAL[x.dtype], a, each)

    def _flush(self, *slots: np.ndarray) -> None:
        """Every few steps let numbers too small to be normal be zero: a processor takes many times as long for them.

        Where no gradient comes, as from a pixel that is seldom lit, a velocity shrinks until it is such a number,
        and then rounding keeps it there for ever. It no longer moves a weight long before.
        """
        self.since_flush += 1
        if self.since_flush == FLUSH_EVERY:
            self.since_flush = 0
            for slot in slots:
                size = np.abs(slot, out=self.scratch.flat)
                np.copyto(slot, 0, where=size < np.finfo(slot.dtype).tiny)

    def _column(self, numbers: Iterable[float]) -> np.ndarray:
        """A number for each replica, to stand before its parameters: (R, 1); (1,) without replicas."""
        with np.errstate(over="ignore"):  # an infinite step is caught at the epoch's end
            column = np.array([*numbers], self.network.dtype)
        return column[:, None] if self.network.replicas else column


def _rows(parameters: np.ndarray) -> np.ndarray:
    """The parameters of one replica after another; of a network without replicas its own."""
    return parameters if parameters.ndim > 1 else parameters[None]
