"""Train into run directories: train, write down, and be ready to be killed at any instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from mnist_softmax.config import Config
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.errors import ConfigError, Diverged, UserError
from mnist_softmax.experiments.environment import environment
from mnist_softmax.experiments.run_directory import Mode, RunDirectory, opened
from mnist_softmax.training.checkpoint import load_state, save_model, save_state
from mnist_softmax.training.cohort import State
from mnist_softmax.training.history import Record, best_epoch
from mnist_softmax.training.loop import Progress, put_back_best, start, train_together, unseen
from mnist_softmax.training.stopping import reason_to_stop

CHECKPOINT_SHARE = 0.1  # of the time at most: syncing a file to disk can take longer than a small epoch


def default_directory(settings: Config, config_path: str | Path) -> Path:
    """`<output.directory>/<name of the config>/seed-<n>`."""
    return Path(settings.output.directory) / Path(config_path).stem / f"seed-{settings.seed}"


def check_fit(settings: Config, dataset: Dataset) -> None:
    """Raises ConfigError where network and training do not fit the data."""
    layers, m, n = settings.network.layers, settings.training.mini_batch_size, len(dataset.train)
    if layers[0] != dataset.width:
        raise ConfigError(f"network.layers begins with {layers[0]}; the images have {dataset.width} pixels")
    if layers[-1] != dataset.num_classes:
        raise ConfigError(
            f"network.layers ends with {layers[-1]}; the labels have {dataset.num_classes} classes"
        )
    if m > n:
        raise ConfigError(f"training.mini_batch_size is {m}; there are only {n} training images")


class Task(NamedTuple):
    """A run to be: its config, where it goes, and whether it may go on with or replace what is there."""

    settings: Config
    directory: str | Path
    mode: Mode = "new"


Summary = dict[str, Any]


def run(
    task: Task,
    dataset: Dataset,
    progress: Progress = unseen,
    on_start: Callable[[], None] = lambda: None,
    on_epoch: Callable[[Record], None] = lambda record: None,
) -> Summary:
    """Train one task on `dataset` and give back the summary that was written into its directory.

    As `run_together`, but raises ConfigError, RunDirectoryError (before anything is touched), Diverged.
    """
    [outcome] = run_together([task], dataset, progress, on_start, lambda _, record: on_epoch(record))
    if isinstance(outcome, UserError):
        raise outcome
    return outcome


def run_together(
    tasks: Sequence[Task],
    dataset: Dataset,
    progress: Progress = unseen,
    on_start: Callable[[], None] = lambda: None,
    on_epoch: Callable[[Task, Record], None] = lambda task, record: None,
) -> list[Summary | UserError]:
    """Train tasks that are alike in `cohort.common` as one cohort, each into its own run directory.

    Gives, for each task, the summary that was written, or what kept it from being trained to its end: a
    ConfigError or RunDirectoryError before anything of it was touched, Diverged (a summary says so).
    `on_start` is called when the directories are ours, `on_epoch` with each new record (and, on resuming, with
    those of earlier epochs first).
    One BLAS thread: the products of a mini-batch are too small for more, and sums keep one order.
    Raises RunDirectoryError when the disk fails in the middle; all checkpoints stay whole.
    """
    outcomes: dict[int, Summary | UserError] = {}
    with ExitStack() as open_directories, threadpool_limits(limits=1, user_api="blas"):
        members: dict[int, _Member] = {}
        for number, task in enumerate(tasks):
            try:
                check_fit(task.settings, dataset)
                place = open_directories.enter_context(opened(task.directory, task.settings, task.mode))
                members[number] = _Member(task, place, dataset, CHECKPOINT_SHARE / len(tasks))
            except UserError as error:
                outcomes[number] = error
        numbers = list(members)
        if members:
            on_start()
        for member in members.values():
            for record in member.state.history:
                on_epoch(member.task, record)
        states, settings = (
            [getattr(each, name) for each in members.values()] for name in ("state", "settings")
        )
        for number, member in members.items():
            if member.has_ended():
                outcomes[number] = member.end()
        for r, outcome in train_together(states, dataset, settings, progress):
            number = numbers[r]
            member = members[number]
            if isinstance(outcome, Diverged):
                member.write_summary("diverged", str(outcome))
                outcomes[number] = outcome
                continue
            member.take_down(outcome)
            if member.has_ended():
                outcomes[number] = member.end()
            on_epoch(member.task, outcome)
    return [outcomes[number] for number in range(len(tasks))]


class _Member:
    """A run in training: what is written down of it, and when."""

    def __init__(self, task: Task, place: RunDirectory, dataset: Dataset, checkpoint_share: float) -> None:
        self.task, self.settings, self.place, self.dataset = task, task.settings, place, dataset
        self.checkpoint_share = checkpoint_share
        if place.checkpoint.exists():
            self.state = load_state(place.checkpoint, self.settings, dataset.checksum)
        else:
            self.state = start(self.settings)
        with place.writing():
            place.write_metrics(self.state.history)
        self.saved, self.took = 0.0, 0.0  # when the last checkpoint was written, and how long that took

    def has_ended(self) -> bool:
        return reason_to_stop(self.settings.training, self.state.history) is not None

    def take_down(self, record: Record) -> None:
        """Write an epoch's record, and a checkpoint where it is the last epoch or the time is ripe."""
        with self.place.writing():
            self.place.append_metrics(record)
            now = monotonic()
            if self.has_ended() or self.took < self.checkpoint_share * (now - self.saved):
                save_state(self.place.checkpoint, self.state, self.dataset.checksum)
                self.saved = monotonic()
                self.took = self.saved - now

    def end(self) -> Summary:
        """Write the model and the summary of a run that is over."""
        put_back_best(self.state)
        with self.place.writing():
            save_model(self.place.model, self.state.network)
        return self.write_summary("finished", reason_to_stop(self.settings.training, self.state.history) or "")

    def write_summary(self, status: str, reason: str) -> Summary:
        summary = _summary(status, reason, self.state, self.settings, self.dataset)
        with self.place.writing():
            self.place.write_summary(summary)
        return summary


def _summary(status: str, reason: str, state: State, settings: Config, dataset: Dataset) -> Summary:
    history, n = state.history, len(dataset.train)
    seconds = sum(record["seconds"] for record in history)
    peak = best_epoch(history, "test_accuracy")
    return {
        "status": status,
        "reason": reason,
        "seed": settings.seed,
        "epochs": len(history),
        "final": history[-1] if history else None,
        "best_by_validation": best_epoch(history),
        "peak_on_test": peak and {key: peak[key] for key in ("epoch", "test_accuracy")},
        "model": "best_by_validation" if state.best is not None else "final",
        "parameters": int(np.size(state.network.parameters.flat)),
        "seconds": seconds,
        "images_per_second": n * len(history) / seconds if seconds else None,
        "data": {
            "source": dataset.source,
            "checksum": dataset.checksum,
            "train": n,
            "validation": len(dataset.validation),
            "test": len(dataset.test),
        },
        "warnings": list(dataset.warnings),
        "environment": environment(),
    }
