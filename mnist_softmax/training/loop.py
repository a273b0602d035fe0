"""The training loop: mini-batch stochastic gradient descent, an epoch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from mnist_softmax import config
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.data.minibatches import MiniBatches
from mnist_softmax.errors import Diverged
from mnist_softmax.network.network import Network, Workspace
from mnist_softmax.network.parameters import Parameters
from mnist_softmax.training.evaluation import evaluate
from mnist_softmax.training.history import History, Record, best_epoch
from mnist_softmax.training.randomness import stream
from mnist_softmax.training.schedules import learning_rate
from mnist_softmax.training.sgd import penalty, step
from mnist_softmax.training.stopping import reason_to_stop

Progress = Callable[[Iterable, int], Iterable]


@dataclass
class State:
    """All that changes while a network is trained, and so all that a checkpoint holds."""

    network: Network
    velocity: Parameters | None
    order: np.random.Generator
    best: np.ndarray | None = None  # parameters at the best validation accuracy, kept for early stopping
    history: History = field(default_factory=list)


def start(settings: config.Config) -> State:
    """A network with its starting weights, before the first epoch."""
    network = Network(settings.network, settings.training.dtype)
    network.initialize(stream(settings.seed, "weights"))
    velocity = network.new_parameters() if settings.training.momentum else None
    return State(network, velocity, stream(settings.seed, "order"))


def train(
    state: State, dataset: Dataset, settings: config.Config, progress: Progress = lambda batches, total: batches
) -> Iterator[Record]:
    """Train until there is a reason to stop, yielding each epoch's record, which is also in `state.history`.

    `progress(batches, total)` may wrap an epoch's mini-batches to show them passing. With early stopping the
    best parameters are put back when training ends, for whatever reason it does.
    Raises Diverged: the cost or a parameter is not finite; `state.history` ends at the last good epoch, and
    the parameters are left as they are.
    """
    training, network = settings.training, state.network
    n, m = len(dataset.train), training.mini_batch_size
    batches = MiniBatches(dataset.train, m, network.num_outputs, settings.data.scale, network.dtype)
    workspaces = {size: Workspace(network, size) for size in batches.sizes(n)}
    gradient = network.new_parameters()

    while not reason_to_stop(training, state.history):
        began = perf_counter()
        eta = learning_rate(training, state.history)
        order = state.order.permutation(n)
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is caught at the epoch's end
            for x, y in progress(batches(order), batches.count(n)):
                workspace = workspaces[x.shape[-2]]
                network.forward(x, workspace)
                network.backward(y, workspace)
                step(network, workspace, gradient, state.velocity, eta, training, n)
            record = _measure(state, dataset, settings)
        _check_finite(state, record, eta)
        record |= {"learning_rate": eta, "seconds": perf_counter() - began}
        state.history.append(record)
        if training.early_stopping and best_epoch(state.history) is record:
            state.best = network.parameters.flat.copy()
        yield record

    if state.best is not None:
        network.parameters.flat[...] = state.best


def _measure(state: State, dataset: Dataset, settings: config.Config) -> Record:
    """The monitored metrics of the network as it stands."""
    record: Record = {"epoch": len(state.history) + 1}
    for name in ("train", "validation", "test"):
        wanted = [metric for metric in settings.training.monitor if metric.startswith(f"{name}_")]
        if wanted:
            split = getattr(dataset, name)
            result = evaluate(state.network, split, settings.data.scale, f"{name}_cost" in wanted)
            record |= {metric: getattr(result, metric.removeprefix(f"{name}_")) for metric in wanted}
    record["penalty"] = penalty(state.network.parameters, settings.training, len(dataset.train))
    return record


def _check_finite(state: State, record: Record, eta: float) -> None:
    measured = [value for metric, value in record.items() if metric.endswith("_cost")]
    if np.all(np.isfinite(measured)) and np.all(np.isfinite(state.network.parameters.flat)):
        return
    good = f"epoch {len(state.history)} was the last good one" if state.history else "no epoch was good"
    raise Diverged(
        f"diverged in epoch {record['epoch']}: the cost or a weight is no longer finite at learning rate "
        f"{eta:g}; {good}; try a smaller training.learning_rate"
    )
