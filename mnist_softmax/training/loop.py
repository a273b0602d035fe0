"""The training loop: epochs of gradient descent, each measured and written into the history."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from time import perf_counter
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from mnist_softmax.config.config import Config
from mnist_softmax.config.training import Training
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.errors import Diverged
from mnist_softmax.metrics import METRICS
from mnist_softmax.network.network import Network
from mnist_softmax.training.cohort import Cohort, State
from mnist_softmax.training.evaluation import measure
from mnist_softmax.training.fit import check_trainable
from mnist_softmax.training.history import History, Record, best_epoch
from mnist_softmax.training.optimizers import new_slots
from mnist_softmax.training.randomness import draw_weights, dropout_stream, new_order
from mnist_softmax.training.schedules import learning_rate, reason_to_stop
from mnist_softmax.training.sgd import penalty, train_epoch

Progress = Callable[[Iterable[Any], int], Iterable[Any]]
MakeCohort = Callable[[Sequence[State], Sequence[Config], Dataset], Cohort]


def unseen(batches: Iterable[Any], total: int) -> Iterable[Any]:
    """No progress is shown."""
    return batches


def train(
    settings: Config, dataset: Dataset, on_epoch: Callable[[Record], object] = lambda record: None
) -> tuple[Network, History]:
    """Train a network as `settings` say; `on_epoch` is called with each epoch's record.

    Training ends with the epoch at which `on_epoch` gives back True.
    Gives the network, with early stopping that of the best epoch by validation, and the history: a record an
    epoch, accuracies as fractions. Nothing is written to disk.
    Raises ConfigError: network and digits do not fit each other; Diverged: a cost or weight is not finite.
    """
    check_trainable(settings, dataset)
    state = start(settings)
    with threadpool_limits(limits=1, user_api="blas"):  # as everywhere: sums keep one order
        for record in epochs(state, dataset, settings):
            if is_true(on_epoch(record)):
                put_back_best(state)
                break
    return state.network, state.history


def is_true(answer: object) -> bool:
    """Whether `on_epoch` asks for the end: by True, Python's or NumPy's, and not by whatever else it gives back."""
    return isinstance(answer, bool | np.bool_) and bool(answer)


def start(settings: Config) -> State:
    """A network with its starting weights, before the first epoch."""
    network = Network(settings.network, settings.training.dtype)
    draw_weights(network, settings)
    return State(network, new_slots(network, settings.training), new_order(settings))


def epochs(
    state: State,
    dataset: Dataset,
    settings: Config,
    progress: Progress = unseen,
    make_cohort: MakeCohort = Cohort,
) -> Iterator[Record]:
    """Train `state` until there is a reason to stop, yielding each epoch's record: a cohort of one.

    With early stopping the best parameters are put back when there is a reason to stop; who leaves earlier calls
    `put_back_best`.
    Raises Diverged: the cost or a parameter is not finite; `state.history` ends at the last good epoch, and
    the parameters are left as they are.
    """
    for _, outcome in train_cohort([state], dataset, [settings], progress, make_cohort):
        if isinstance(outcome, Diverged):
            raise outcome
        yield outcome
    put_back_best(state)


def train_cohort(
    states: Sequence[State],
    dataset: Dataset,
    settings: Sequence[Config],
    progress: Progress = unseen,
    make_cohort: MakeCohort = Cohort,
    stopped: Collection[int] = (),
) -> Iterator[tuple[int, Record | Diverged]]:
    """Train a cohort, each replica until it has a reason to stop; the settings have one `cohort_key`.

    After each epoch yields, for every replica r in training, (r, its record), which is also in its history; or
    (r, Diverged) where its cost or a parameter is not finite: its history ends at the last good epoch, its
    parameters are left as they are, and the others train on. `put_back_best` is for the caller to call.
    A record's `seconds` are the replica's share of the cohort's.
    `progress(batches, total)` may wrap an epoch's mini-batches to show them passing.
    Replicas that the caller puts into `stopped` are trained no further.
    """
    diverged: set[int] = set()
    running: list[int] = []
    while left := [r for r in _unfinished(states, settings) if r not in diverged and r not in stopped]:
        if left != running:  # at the beginning, and when a replica has left
            running = left
            cohort = make_cohort([states[r] for r in running], [settings[r] for r in running], dataset)
        began = perf_counter()
        eta = [learning_rate(settings[r].training, states[r].history) for r in running]
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is caught at the epoch's end
            cohort.begin_epoch(
                eta, [dropout_stream(settings[r].seed, len(states[r].history) + 1) for r in running]
            )
            mini_batches = progress(cohort.mini_batches(), cohort.num_batches)
            train_epoch(mini_batches, cohort.passes, cohort.descent.step, cohort.recordings)
            cohort.hand_back()
            due = [_is_due(settings[r].training, states[r]) for r in running]
            monitor = settings[running[0]].training.monitor
            measured = measure(cohort.network, dataset, monitor) if any(due) else {}
        seconds = (perf_counter() - began) / len(running)
        for k, r in enumerate(running):
            state, training = states[r], settings[r].training
            record: Record = {"epoch": len(state.history) + 1}
            if due[k]:
                record |= {metric: values[k].tolist() for metric, values in measured.items()}
            record |= cohort.measured(k)
            record["penalty"] = penalty(state.network.parameters, training, len(dataset.train))
            record |= {"learning_rate": eta[k], "seconds": seconds}
            fault = (
                None if training.on_overflow == "go_on" else _not_finite(state, record, cohort.descent.decay[k])
            )
            if fault:
                diverged.add(r)
            else:
                _append(state, record, keep_best=training.early_stopping is not None)
            yield r, fault or record


def _append(state: State, record: Record, keep_best: bool) -> None:
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


def _not_finite(state: State, record: Record, decay: float) -> Diverged | None:
    costs = [value for name, value in record.items() if name in METRICS and METRICS[name].is_cost]
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
