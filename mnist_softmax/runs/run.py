"""Train into run directories: train, write down, and be ready to be killed at any instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from threadpoolctl import threadpool_limits

from mnist_softmax.config.config import Config
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.errors import ConfigError, Diverged, UserError
from mnist_softmax.runs.recorder import Member, Summary
from mnist_softmax.runs.directory import Mode, opened
from mnist_softmax.training.history import Record
from mnist_softmax.training.loop import Progress, train_together, unseen

CHECKPOINT_SHARE = 0.1  # of the time at most, for all members of a cohort together


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
        members: dict[int, Member] = {}
        for number, task in enumerate(tasks):
            try:
                check_fit(task.settings, dataset)
                place = open_directories.enter_context(opened(task.directory, task.settings, task.mode))
                members[number] = Member(task.settings, place, dataset, CHECKPOINT_SHARE / len(tasks))
            except UserError as error:
                outcomes[number] = error
        numbers = list(members)
        if members:
            on_start()
        for number, member in members.items():
            for record in member.state.history:
                on_epoch(tasks[number], record)
            if member.has_ended():
                outcomes[number] = member.end()
        states, settings = (
            [getattr(each, name) for each in members.values()] for name in ("state", "settings")
        )
        try:
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
                on_epoch(tasks[number], outcome)
        except KeyboardInterrupt:
            for number in members.keys() - outcomes.keys():
                members[number].interrupt()
            raise
    return [outcomes[number] for number in range(len(tasks))]
