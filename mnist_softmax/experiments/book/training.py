"""Many runs at once: in cohorts, and these in processes; what is finished is left, what is not is taken up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

from joblib import Parallel, delayed

from mnist_softmax.config import Config, Data
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.data.sources import load
from mnist_softmax.errors import RunDirectoryError, UserError
from mnist_softmax.experiments.run import Summary, Task, run_together
from mnist_softmax.experiments.run_directory import RunDirectory
from mnist_softmax.training.cohort import common

COHORT = 5  # runs at most: more share the cost of a NumPy call no better, and leave processes idle

Outcome = Summary | UserError


def unfinished(tasks: Sequence[Task]) -> list[Task]:
    """Those of `tasks` that have not been trained to their end.

    Raises RunDirectoryError: a directory holds a run of another config.
    """
    return [task for task in tasks if not _is_finished(task)]


def train_all(tasks: Sequence[Task], jobs: int) -> Iterator[tuple[Task, Outcome]]:
    """Train `tasks` in `jobs` processes, the long ones first, and yield each when its cohort has ended."""
    cohorts = sorted(_cohorts(tasks), key=_work, reverse=True)
    results = Parallel(n_jobs=jobs, return_as="generator_unordered")(
        delayed(_train)(cohort) for cohort in cohorts
    )
    for cohort, outcomes in results:
        yield from zip(cohort, outcomes, strict=True)


def work(settings: Config) -> float:
    """How long a run takes, in no unit: images seen in training and in evaluation, by connections."""
    training, layers = settings.training, settings.network.layers
    n = settings.data.training_size or 50_000
    monitored = 10_000 * len({metric.split("_")[0] for metric in training.monitor})
    images = training.epochs * n + training.epochs / training.monitor_every * monitored / 3
    return images * sum(a * b for a, b in zip(layers[:-1], layers[1:], strict=True))


def _is_finished(task: Task) -> bool:
    directory = RunDirectory(task.directory)
    summary = directory.read_summary() if directory.config.is_file() else None
    if summary is None or summary["status"] != "finished":
        return False
    stored = directory.read_config()
    if stored.model_copy(update={"output": task.settings.output}) != task.settings:
        raise RunDirectoryError(
            f"{directory.path}: holds a run of another config; choose another place with --output"
        )
    return True


def _cohorts(tasks: Sequence[Task]) -> list[list[Task]]:
    def key(task: Task) -> tuple[str, ...]:
        return (*map(repr, common(task.settings)), repr(task.settings.training.epochs))

    cohorts = []
    for _, alike in groupby(sorted(tasks, key=key), key):
        members = list(alike)
        cohorts += [members[k : k + COHORT] for k in range(0, len(members), COHORT)]
    return cohorts


def _work(cohort: Sequence[Task]) -> float:
    return sum(work(task.settings) for task in cohort)


def _train(cohort: list[Task]) -> tuple[list[Task], list[Any]]:
    return cohort, run_together(cohort, digits(cohort[0].settings.data))


@lru_cache(maxsize=8)
def digits(data: Data) -> Dataset:
    """As `load`, but once for each process."""
    return load(data)
