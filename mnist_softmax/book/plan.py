"""What has to be trained for some experiments of the book, and the training of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from mnist_softmax.book.baselines import run_baseline
from mnist_softmax.book.claim import Evidence
from mnist_softmax.book.experiment import Experiment
from mnist_softmax.config.config import Config
from mnist_softmax.config.data import Data
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import DataError, RunDirectoryError, UserError
from mnist_softmax.metrics import METRICS
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.runs.many import OnEvent, train_all
from mnist_softmax.runs.run import Task


class Tasks(NamedTuple):
    """The runs of one experiment by name."""

    seeded: dict[str, list[Task]]
    recorded: dict[str, Task]

    def all(self) -> list[Task]:
        """As one list."""
        return [*chain(*self.seeded.values()), *self.recorded.values()]


class Plan:
    """What has to be trained for some experiments, and where it goes."""

    def __init__(self, experiments: Sequence[Experiment], output: Path, seeds: int | None) -> None:
        """`seeds` of each run; None: as many as each experiment says. Raises DataError where the digits are not to be
        had."""
        self.experiments, self.baselines = experiments, output / "baselines"
        self.datasets = {experiment.data: digits(experiment.data) for experiment in experiments}
        self.tasks = {
            experiment.id: Tasks(
                experiment.seeded(output, seeds), experiment.recorded(output, _whole_size(experiment))
            )
            for experiment in experiments
        }

    def every_task(self) -> list[Task]:
        """All of them, those that take longest first, so that no process is left with one of these at the end.

        A run that two experiments look at is there once.
        """
        tasks = {task.directory: task for tasks in self.tasks.values() for task in tasks.all()}
        return sorted(tasks.values(), key=lambda task: -standard_epochs(task.settings))

    def refuse_what_is_begun(self) -> None:
        """Raises RunDirectoryError where one of the runs is on disk already."""
        for task in self.every_task():
            if RunDirectory(task.directory).config.is_file():
                raise RunDirectoryError(
                    f"{task.directory}: holds a run already; --resume keeps what is finished and goes on, "
                    "--output DIR begins anew elsewhere"
                )

    def train(self, jobs: int | None, on_event: OnEvent) -> None:
        """Train what is not finished. An event's epochs are `standard_epochs`.

        Raises as `train_all`; and, when the others have been trained, the first fault of a run that was not.
        """
        tasks = self.every_task()
        each = [standard_epochs(task.settings) / task.settings.training.epochs for task in tasks]
        outcomes = train_all(
            tasks,
            jobs,
            on_event=lambda event: on_event(event._replace(epochs=round(event.epochs * each[event.number]))),
        )
        for outcome in outcomes:
            if isinstance(outcome, UserError):
                raise outcome

    def evidence(self, announce: Callable[[str], None]) -> dict[str, Evidence]:
        """What there is of each experiment, by id, once `train` is done.

        Classifiers that are no networks are trained here; `announce` is called for each.
        """
        found = {}
        for experiment in self.experiments:
            tasks, dataset, records = self.tasks[experiment.id], self.datasets[experiment.data], []
            if kind := experiment.book.baseline:
                records = run_baseline(kind.method, kind.sizes, dataset, self.baselines, announce)
            found[experiment.id] = Evidence(
                {run: [RunDirectory(task.directory) for task in seeds] for run, seeds in tasks.seeded.items()},
                {run: RunDirectory(task.directory) for run, task in tasks.recorded.items()},
                records,
                dataset,
                _whole_size(experiment),
            )
        return found


def standard_epochs(settings: Config) -> float:
    """How long a run takes, in epochs of the book's first network over 50,000 images."""
    training, data = settings.training, settings.data
    evaluated = 10_000 * len({METRICS[metric].split for metric in training.monitor})
    images = data.copies * (data.training_size or 50_000) + evaluated / 4 / training.monitor_every
    connections = sum(layer.multiplications for layer in settings.network.placed())
    return training.epochs * (images + 1000) / 51_000 * (connections + 10_000) / 34_000


@lru_cache(maxsize=8)
def digits(data: Data) -> Dataset:
    """As `load_digits`, but once. Raises DataError without the hint to be content with a sample."""
    try:
        return load_digits(data)
    except DataError as error:
        reason = str(error).partition("; to do with 5,000")[0]
        raise DataError(f"the book's experiments need all 70,000 images. {reason}") from None


def _whole_size(experiment: Experiment) -> int:
    """Images of the training set, whatever part of them the experiment trains on."""
    whole = experiment.data.model_copy(update={"training_size": None, "validation_size": None})
    return len(digits(whole).train)
