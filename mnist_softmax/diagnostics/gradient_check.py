"""Is the gradient right? Backpropagation against centred differences of the cost, for a config as it stands.

Two gradients are checked, in float64, on real digits: that of the cost alone, as `Pass.gradient` gives it, and
that of cost and penalties, as a step of training really takes it: (w before - w after) / eta.

An entry is checked by moving one parameter, a direction by moving all of an array at once; so every parameter
takes part. A step that crosses a kink (relu at z = 0, L1 at w = 0) compares slopes of two sides and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from mnist_softmax.config.config import Config
from mnist_softmax.config.training import Training
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.diagnostics.objective import Batch, Objective, masks
from mnist_softmax.errors import ConfigError
from mnist_softmax.network.network import Network, Pass
from mnist_softmax.network.parameters import Parameters
from mnist_softmax.training.optimizers import Descent, new_slots, rule_of
from mnist_softmax.training.randomness import draw_weights

EXAMPLES = 10  # more than one, or a missing 1/m would not be seen
ENTRIES = 24  # of each array, half of them where backpropagation finds a gradient
DIRECTIONS = 4
STEP = 1e-5
STEPS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10)
LAMBDA = 5.0  # of both penalties, where the config has neither
RESOLVED = 1e7  # slopes below this many roundings of the difference are too small for this check


class Probe(NamedTuple):
    """One slope by both ways: `at` is an index into the array, or None where all of it was moved."""

    at: tuple[int, ...] | None
    analytic: float
    numeric: float


class ArrayCheck(NamedTuple):
    """The probes of one array such as w2, and how many were left out at kinks."""

    name: str
    probes: list[Probe]
    at_kinks: int
    floor: float

    def error(self, directions: bool) -> float:
        """The largest difference, relative to the largest slope seen (or to the least that can be resolved).

        0 where every step was left out.
        """
        chosen = [probe for probe in self.probes if (probe.at is None) == directions]
        if not chosen:
            return 0.0
        analytic, numeric = np.array([(probe.analytic, probe.numeric) for probe in chosen]).T
        if not np.all(np.isfinite([analytic, numeric])):
            return float("inf")  # a gradient that is no number is as wrong as can be
        size = max(np.max(abs(analytic)), np.max(abs(numeric)), self.floor)
        return float(np.max(abs(analytic - numeric)) / size)

    @property
    def worst_error(self) -> float:
        """Over entries and directions."""
        return max(self.error(directions=False), self.error(directions=True))

    @property
    def worst(self) -> Probe:
        """The entry or direction with the largest difference."""
        return max(
            self.probes, key=lambda probe: np.nan_to_num(abs(probe.analytic - probe.numeric), nan=np.inf)
        )


class Check(NamedTuple):
    """One gradient: of the cost alone (l2 = l1 = 0), or with penalties. `sweep` has the worst error at each h."""

    l2: float
    l1: float
    arrays: list[ArrayCheck]
    sweep: list[tuple[float, float]]

    @property
    def worst_error(self) -> float:
        """Over all arrays, at the h that was asked for."""
        return max(array.worst_error for array in self.arrays)


def gradient_check(settings: Config, dataset: Dataset, step: float = STEP) -> list[Check]:
    """Check the gradient of `settings` at its starting weights on the first training images, penalties off and on.

    Raises ConfigError: without penalties all of an array stands at kinks, so that there is nothing to check.
    """
    network = Network(settings.network, "float64")
    draw_weights(network, settings)
    split = dataset.train.first(EXAMPLES)
    batch = split.images / split.scale, np.eye(network.num_outputs)[split.labels]
    off = settings.training.model_copy(update={"l2": 0.0, "l1": 0.0})
    on = settings.training
    if not on.l2 and not on.l1:
        on = on.model_copy(update={"l2": LAMBDA, "l1": LAMBDA})
    n = len(dataset.train)
    checks = [
        _check(network, batch, off, n, by_backpropagation(network, batch), step),
        _check(network, batch, on, n, by_a_step(network, batch, on, n), step),
    ]
    for array in checks[0].arrays:
        if not array.probes:
            raise ConfigError(
                f"network.initializer {settings.network.initializer}: every step of {step:g} in {array.name} crosses "
                "a kink of relu or of a pool's maximum, so there is no slope to check; choose another initializer or "
                "a smaller --step"
            )
    return checks


def by_backpropagation(network: Network, batch: Batch) -> Parameters:
    """The gradient of the mean cost."""
    gradient = network.new_parameters()
    _passed(network, batch).gradient(gradient)
    return gradient


def by_a_step(network: Network, batch: Batch, training: Training, n: int) -> Parameters:
    """The gradient of mean cost and penalties, read from one step with eta = 1; the parameters are put back.

    Nesterov's first step is 1 + mu times the gradient. Adam's is little but its sign, and so the gradient is read
    from what the step remembers.
    """
    slots = new_slots(network, training)
    descent = Descent(network, slots, [training], n)
    descent.use([1.0])
    before = network.parameters.flat.copy()
    descent.step(_passed(network, batch, mean=False))
    gradient = network.new_parameters()
    gradient.flat[...] = before - network.parameters.flat
    if rule_of(training) == "nesterov":
        gradient.flat /= 1 + training.momentum
    if rule_of(training) == "adam":
        gradient.flat[...] = slots["gradients"].flat
    network.parameters.flat[...] = before
    return gradient


def _passed(network: Network, batch: Batch, mean: bool = True) -> Pass:
    x, y = batch
    p = network.new_pass(len(x), mean, training=True)
    p.draw_from([masks()])
    p.draw()
    with np.errstate(over="ignore"):
        p.forward(x)
        p.backward(y)
    return p


def _check(
    network: Network, batch: Batch, training: Training, n: int, gradient: Parameters, step: float
) -> Check:
    objective = Objective(network, batch, training, n)

    def at(h: float) -> list[ArrayCheck]:
        return [_check_array(objective, gradient, name, h) for name, _ in network.parameters.named()]

    return Check(training.l2, training.l1, at(step), [(h, max(a.worst_error for a in at(h))) for h in STEPS])


def _check_array(objective: Objective, gradient: Parameters, name: str, h: float) -> ArrayCheck:
    array, slopes = (dict(p.named())[name] for p in (objective.network.parameters, gradient))
    probes, at_kinks = [], 0
    for index, direction in _moves(slopes, np.random.default_rng(0)):
        numeric = objective.slope(array, direction, h)
        if numeric is None:
            at_kinks += 1
        else:
            analytic = np.sum(slopes * direction) if index is None else slopes[index]
            probes.append(Probe(index, float(analytic), numeric))
    floor = RESOLVED * np.finfo(np.float64).eps * objective.value() / STEP
    return ArrayCheck(name, probes, at_kinks, floor)


Move = tuple[tuple[int, ...] | None, np.ndarray]


def _moves(slopes: np.ndarray, random: np.random.Generator) -> Iterator[Move]:
    """Single entries, drawn from all and from those with a gradient; then directions of length 1 in all of it."""
    everywhere, with_gradient = np.arange(slopes.size), np.flatnonzero(slopes)
    drawn = [
        random.choice(numbers, min(ENTRIES // 2, len(numbers)), replace=False)
        for numbers in (everywhere, with_gradient)
    ]
    for number in np.unique(np.concatenate(drawn)):
        index = tuple(int(i) for i in np.unravel_index(number, slopes.shape))
        direction = np.zeros(slopes.shape)
        direction[index] = 1
        yield index, direction
    for _ in range(DIRECTIONS):
        direction = random.standard_normal(slopes.shape)
        yield None, direction / np.linalg.norm(direction)
