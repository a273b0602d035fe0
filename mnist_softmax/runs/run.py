"""Train into run directories, ready to be killed at any instant; and a run as who asks for one gets it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from mnist_softmax import signals
from mnist_softmax.config.config import Config
from mnist_softmax.config.shipped import name_of
from mnist_softmax.data.checks import check_not_binary, check_scale, checked_split
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.errors import DataError, Diverged, Notice, RunDirectoryError, UserError
from mnist_softmax.network.network import Network
from mnist_softmax.runs.answers import load_network, outputs
from mnist_softmax.runs.directory import Mode, RunDirectory, opened_run
from mnist_softmax.runs.recorder import Recorder
from mnist_softmax.runs.summary import Summary
from mnist_softmax.text import html_table
from mnist_softmax.training.fit import check_trainable
from mnist_softmax.training.history import History, Record
from mnist_softmax.training.loop import Progress, is_true, train_cohort, unseen

CHECKPOINT_SHARE = 0.1  # of the time at most, for all runs of a cohort together


class Task(NamedTuple):
    """A run to be trained: its config, where it goes, and whether it may go on with or replace what is there."""

    settings: Config
    directory: str | Path
    mode: Mode = "new"


class Run:
    """A run on disk. What is asked of it is read from its files at that moment.

    All methods raise RunDirectoryError, in one line, where a file is missing or damaged.
    """

    def __init__(self, directory: str | Path) -> None:
        self.directory = RunDirectory(directory)
        self.settings = self.directory.read_config()

    @property
    def history(self) -> History:
        """A record an epoch; accuracies are fractions, `seconds` those of the epoch."""
        return self.directory.read_metrics()

    @property
    def summary(self) -> Summary:
        """How it ended."""
        summary = self.directory.read_summary()
        if summary is None:
            raise RunDirectoryError(f"{self.directory.path}: has not ended yet; finish it with train --resume")
        return summary

    def network(self) -> Network:
        """The trained network."""
        return load_network(self.directory)

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """a^L (n, K) for images as they are stored: pixels (n, width) or (n, rows, columns), not yet scaled.

        Raises DataError: they are no images, of another width, or of another scale than the run was trained on.
        """
        images, network, scale = np.asarray(images), self.network(), self.settings.data.scale
        split = checked_split(images, np.zeros(len(np.atleast_1d(images)), np.uint8), "images", "images")
        if split.images.shape[1] != network.num_inputs:
            raise DataError(
                f"images have {split.images.shape[1]} pixels, the network takes {network.num_inputs}"
            )
        try:
            check_scale("images", scale, split)
            check_not_binary("images", scale, split)
        except DataError as error:
            fault = str(error).partition("; ")[0]
            raise DataError(f"{fault}; the run was trained on 0 to {scale:g}: bring them to that") from None
        return outputs(network, replace(split, scale=scale))

    def predict(self, images: np.ndarray) -> np.ndarray:
        """The digit (n,) that each image, as it is stored, is taken for: its largest output."""
        return self.outputs(images).argmax(axis=-1)

    def __repr__(self) -> str:
        return f"Run({str(self.directory.path)!r})"

    def _repr_html_(self) -> str:
        """What a notebook shows: the run in a line, and a table of its records."""
        history = self.history if self.directory.metrics.is_file() else []
        columns = list(dict.fromkeys(key for record in history for key in record))
        rows = [[_short(record.get(name, "")) for name in columns] for record in history]
        caption = f"{self!r}: {self.settings.network.title}"
        return html_table(caption, [name.replace("_", " ") for name in columns], rows)


def _short(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, int | float) else str(value)


def open_run(directory: str | Path) -> Run:
    """The run in `directory`. Raises RunDirectoryError: there is none."""
    return Run(directory)


def default_directory(settings: Config, config_path: str | Path) -> Path:
    """`<output.directory>/<name of the config>/seed-<n>`."""
    return Path(settings.output.directory) / name_of(config_path) / f"seed-{settings.seed}"


def run(
    settings: Config,
    dataset: Dataset,
    directory: str | Path,
    mode: Mode = "new",
    on_epoch: Callable[[Record], object] = lambda record: None,
    on_start: Callable[[], None] = lambda: None,
    progress: Progress = unseen,
) -> Run:
    """Train into `directory`, which a kill at any instant leaves so that `mode="resume"` goes on to the same bits.

    `mode` "new" refuses a directory that holds a run, "overwrite" replaces it.
    `on_epoch` is called with each epoch's record; the run ends with the epoch at which it gives back True, and
    "resume" then goes on from there. `progress(batches, total)` may wrap an epoch's mini-batches; in a notebook
    `lambda batches, total: tqdm.auto.tqdm(batches, total=total, leave=False)` shows them passing.
    Raises, before anything is touched, ConfigError and RunDirectoryError; Diverged; as `run_cohort`.
    """
    task = Task(settings, directory, mode)
    [outcome] = run_cohort([task], dataset, progress, on_start, lambda _, record: on_epoch(record))
    if isinstance(outcome, UserError):
        raise outcome
    return Run(directory)


def run_cohort(
    tasks: Sequence[Task],
    dataset: Dataset,
    progress: Progress = unseen,
    on_start: Callable[[], None] = lambda: None,
    on_epoch: Callable[[int, Record], object] = lambda k, record: None,
) -> list[Summary | UserError]:
    """Train tasks with one `cohort_key` as a cohort, each into its own run directory.

    Gives, for each task, the summary that was written, or what kept it from being trained to its end: a
    ConfigError or RunDirectoryError before anything of it was touched, Diverged (a summary says so), or a
    RunDirectoryError where its disk failed in the middle: its checkpoint is whole, and the others are trained on.
    `on_start` is called when the directories are ours, `on_epoch(k, record)` with each new record of task k (and,
    on resuming, with those of earlier epochs first); where it gives back True on a new one the run ends there.
    One BLAS thread: the products of a mini-batch are too small for more, and sums keep one order.
    """
    outcomes: dict[int, Summary | UserError] = {}

    @contextmanager
    def failing_alone(k: int) -> Iterator[None]:
        """Inside, a disk that fails ends run k and no other; its last whole epoch is saved if that can be."""
        try:
            yield
        except RunDirectoryError as error:
            outcomes[k] = error
            with suppress(RunDirectoryError):
                recorders[k].save()

    with ExitStack() as open_directories, threadpool_limits(limits=1, user_api="blas"):
        recorders: dict[int, Recorder] = {}
        for k, task in enumerate(tasks):
            try:
                check_trainable(task.settings, dataset)
                place = open_directories.enter_context(opened_run(task.directory, task.settings, task.mode))
                recorders[k] = Recorder(task.settings, place, dataset, CHECKPOINT_SHARE / len(tasks))
                for text in recorders[k].warnings[len(dataset.warnings) :]:
                    warnings.warn(text, Notice, stacklevel=2)
            except UserError as error:
                outcomes[k] = error
        if recorders:
            on_start()
        for k, recorder in recorders.items():
            for record in recorder.state.history:
                on_epoch(k, record)
            with failing_alone(k):
                if recorder.has_ended():
                    outcomes[k] = recorder.end()
        numbers = list(recorders)
        states = [recorder.state for recorder in recorders.values()]
        settings = [recorder.settings for recorder in recorders.values()]
        stopped: set[int] = set()
        try:
            for r, outcome in train_cohort(states, dataset, settings, progress, stopped=stopped):
                k = numbers[r]
                recorder = recorders[k]
                with failing_alone(k):
                    if isinstance(outcome, Diverged):
                        recorder.write_summary("diverged", str(outcome))
                        outcomes[k] = outcome
                        continue
                    recorder.record_epoch(outcome)
                    if recorder.has_ended():
                        outcomes[k] = recorder.end()
                    if is_true(on_epoch(k, outcome)) and k not in outcomes:
                        outcomes[k] = recorder.end()
                if k in outcomes:
                    stopped.add(r)
        except BaseException:  # an interrupt, an output that is full, too little memory: no epoch is lost
            with signals.held():
                for k in recorders.keys() - outcomes.keys():
                    with suppress(UserError):  # the disk may be what has failed
                        recorders[k].save()
            raise
    return [outcomes[k] for k in range(len(tasks))]
