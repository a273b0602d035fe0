"""The training loop: mini-batch stochastic gradient descent, an epoch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from time import perf_counter

import numpy as np

from mnist_softmax.config.config import Config
from mnist_softmax.config.training import Training
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.errors import Diverged
from mnist_softmax.network.network import Network
from mnist_softmax.training.cohort import Cohort, State
from mnist_softmax.training.evaluation import evaluate
from mnist_softmax.training.gradients import gradient_norms
from mnist_softmax.training.history import Record, best_epoch
from mnist_softmax.training.randomness import draw
from mnist_softmax.training.schedules import learning_rate
from mnist_softmax.training.sgd import penalty
from mnist_softmax.training.stopping import reason_to_stop

Progress = Callable[[Iterable, int], Iterable]


def unseen(batches: Iterable, total: int) -> Iterable:
    """No progress is shown."""
    return batches


def start(settings: Config) -> State:
    """A network with its starting weights, before the first epoch."""
    network = Network(settings.network, settings.training.dtype)
    order = draw(network, settings)
    velocity = network.new_parameters() if settings.training.momentum else None
    return State(network, velocity, order)


def train(state: State, dataset: Dataset, settings: Config, progress: Progress = unseen) -> Iterator[Record]:
    """Train one network until there is a reason to stop, yielding each epoch's record: a cohort of one.

    With early stopping the best parameters are put back when training ends, for whatever reason it does.
    Raises Diverged: the cost or a parameter is not finite; `state.history` ends at the last good epoch, and
    the parameters are left as they are.
    """
    for _, outcome in train_together([state], dataset, [settings], progress):
        if isinstance(outcome, Diverged):
            raise outcome
        yield outcome
    put_back_best(state)


def train_together(
    states: Sequence[State], dataset: Dataset, settings: Sequence[Config], progress: Progress = unseen
) -> Iterator[tuple[int, Record | Diverged]]:
    """Train a cohort, each member until it has a reason to stop; `settings` are alike in `cohort.common`.

    After each epoch yields, for every member r in training, (r, its record), which is also in its history; or
    (r, Diverged) where its cost or a parameter is not finite: its history ends at the last good epoch, its
    parameters are left as they are, and the others train on. `put_back_best` is for the caller to call.
    A record's `seconds` are the member's share of the cohort's.
    `progress(batches, total)` may wrap an epoch's mini-batches to show them passing.
    """
    diverged: set[int] = set()
    members: list[int] = []
    while running := [r for r in _unfinished(states, settings) if r not in diverged]:
        if running != members:  # at the beginning, and when someone has left
            members = running
            cohort = Cohort([states[r] for r in running], [settings[r] for r in running], dataset)
        began = perf_counter()
        eta = [learning_rate(settings[r].training, states[r].history) for r in running]
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is caught at the epoch's end
            cohort.descent.use(eta)
            for x, y in progress(cohort.mini_batches(), cohort.num_batches):
                workspace = cohort.workspaces[x.shape[-2]]
                cohort.network.forward(x, workspace)
                cohort.network.backward(y, workspace)
                cohort.descent.step(workspace)
            cohort.hand_back()
            due = [_is_due(settings[r].training, states[r]) for r in running]
            measured = _measure(cohort.network, dataset, settings[running[0]]) if any(due) else {}
        seconds = (perf_counter() - began) / len(running)
        for k, r in enumerate(running):
            state, training = states[r], settings[r].training
            record: Record = {"epoch": len(state.history) + 1}
            if due[k]:
                record |= {metric: values[k].tolist() for metric, values in measured.items()}
            record["penalty"] = penalty(state.network.parameters, training, len(dataset.train))
            record |= {"learning_rate": eta[k], "seconds": seconds}
            fault = (
                None if training.on_overflow == "go_on" else _not_finite(state, record, cohort.descent.decay[k])
            )
            if fault:
                diverged.add(r)
            else:
                _take_down(state, record, keep_best=training.early_stopping is not None)
            yield r, fault or record


def _take_down(state: State, record: Record, keep_best: bool) -> None:
    """Add the record, and keep the parameters where they are the best so far by validation."""
    state.history.append(record)
    if keep_best and best_epoch(state.history) is record:
        state.best = state.network.parameters.flat.copy()


def put_back_best(state: State) -> None:
    """Let a network whose training has ended have the parameters kept for early stopping, if any were."""
    if state.best is not None:
        state.network.parameters.flat[...] = state.best


def _unfinished(states: Sequence[State], settings: Sequence[Config]) -> list[int]:
    return [
        r
        for r, (state, each) in enumerate(zip(states, settings, strict=True))
        if not reason_to_stop(each.training, state.history)
    ]


def _is_due(training: Training, state: State) -> bool:
    epoch = len(state.history) + 1
    return epoch % training.monitor_every == 0 or epoch == training.epochs


def _measure(network: Network, dataset: Dataset, settings: Config) -> dict[str, np.ndarray]:
    """The monitored metrics of the networks as they stand, an entry for each replica."""
    measured: dict[str, np.ndarray] = {}
    monitor = [metric for metric in settings.training.monitor if metric != "train_gradient_norms"]
    for name in ("train", "validation", "test"):
        wanted = [metric for metric in monitor if metric.startswith(f"{name}_")]
        if wanted:
            split = getattr(dataset, name)
            with_outputs = any(metric.endswith("_output") for metric in wanted)
            result = evaluate(network, split, settings.data.scale, f"{name}_cost" in wanted, with_outputs)
            measured |= {metric: getattr(result, metric.removeprefix(f"{name}_")) for metric in wanted}
    if "train_gradient_norms" in settings.training.monitor:
        measured["train_gradient_norms"] = gradient_norms(network, dataset.train, settings.data.scale)
    return measured


def _not_finite(state: State, record: Record, decay: float) -> Diverged | None:
    costs = [value for metric, value in record.items() if metric.endswith("_cost")]
    if np.all(np.isfinite(costs)) and np.all(np.isfinite(state.network.parameters.flat)):
        return None
    good = f"epoch {len(state.history)} was the last good one" if state.history else "no epoch was good"
    too_large = "training.learning_rate"
    if decay < -1:  # eq. (93): each step then turns the weights round and makes them larger
        too_large = f"training.l2 or training.learning_rate (1 - eta lambda/n is {decay:g})"
    return Diverged(
        f"diverged in epoch {record['epoch']}: the cost or a weight is no longer finite at learning rate "
        f"{record['learning_rate']:g}; {good}; try a smaller {too_large}"
    )
