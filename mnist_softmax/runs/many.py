"""Train many runs: in this process, in several, or on a cluster. Each run directory is as if trained alone.

Finished runs are left as they are, unfinished ones taken up again. A run that fails is reported, and the rest
goes on. Runs that are alike in `cohort_key` are trained in cohorts, and a cohort is what a process is given.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Literal, NamedTuple

import joblib

from mnist_softmax.config.config import Config
from mnist_softmax.config.data import Data
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import ConfigError, Notice, RunDirectoryError, UserError
from mnist_softmax.runs import processes
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.runs.run import Task
from mnist_softmax.runs.worker import Ended, Outcome, earlier_outcome, train_tasks
from mnist_softmax.training.cohort import cohort_key, suitable_cohort
from mnist_softmax.training.fit import check_trainable

Backend = Literal["local", "dask"]
LOOK_EVERY = 0.5  # seconds between two looks at how far the runs are
ONE_A_CORE = -1  # as joblib and scikit-learn have it


class Event(NamedTuple):
    """How far task `number` is: epochs trained so far and, once it has ended, what came of it.

    `earlier` marks what an earlier call has done, reported before training begins.
    """

    number: int
    epochs: int
    outcome: Outcome | None = None
    earlier: bool = False


OnEvent = Callable[[Event], None]


def train_all(
    tasks: Sequence[Task],
    jobs: int | None = None,
    backend: Backend = "local",
    scheduler: str | None = None,
    on_event: OnEvent = lambda event: None,
    cohort: int | None = None,
    on_start: Callable[[], None] = lambda: None,
    load: Callable[[Data], Dataset] = load_digits,
) -> list[Outcome]:
    """Train every task that is not finished yet; for each, its summary or what kept it from being finished.

    `jobs` processes, by default one a core; with backend "dask" the workers of the cluster whose scheduler is at
    the address `scheduler`. `on_event` is told how far each run is, from another thread, and how it ended.
    `on_start` is called when all is in order and nothing written yet; `load` gives the digits of a data section.
    Results do not depend on `jobs`, `backend` or `cohort`, which bounds the networks trained in one cohort (by
    default `training.cohort.suitable_cohort`).
    Raises, before anything is touched, DataError, ConfigError, and RunDirectoryError where a directory holds
    another run or something else; UserError where the cluster is not to be had.
    """
    check_jobs(jobs)
    tasks = [task._replace(mode="resume") for task in tasks]
    if backend == "dask":
        tasks = [task._replace(settings=_anywhere(task.settings)) for task in tasks]
    datasets = {data: load(data) for data in dict.fromkeys(task.settings.data for task in tasks)}
    outcomes = {
        number: outcome for number, outcome in enumerate(survey(tasks, datasets)) if outcome is not None
    }
    checksums = [datasets[task.settings.data].checksum for task in tasks]
    left = [number for number in range(len(tasks)) if number not in outcomes]
    with ExitStack() as inside:  # whatever ends this call, nothing trains on after it
        if backend == "dask":
            from mnist_softmax.runs import cluster

            client = inside.enter_context(cluster.connect(scheduler))
            cohorts = deal(tasks, left, cluster.slots(client), cohort)
            ended = cluster.train(
                tasks, cohorts, checksums, client, lambda number, epoch: on_event(Event(number, epoch))
            )
        else:
            jobs = min(joblib.cpu_count() if jobs in (None, ONE_A_CORE) else jobs, max(len(left), 1))
            if jobs > 1 and not processes.are_to_be_had():
                what = "this system has no semaphores, which several processes need"
                warnings.warn(f"{what}: {processes.HERE}", Notice, stacklevel=2)
                jobs = 1
            cohorts = deal(tasks, left, jobs, cohort)
            if jobs == 1:
                ended = _here(tasks, cohorts, datasets)
            else:
                ended = processes.train(tasks, cohorts, checksums, jobs)
        inside.enter_context(closing(ended))
        on_start()
        for number, task in enumerate(tasks):
            known = outcomes.get(number)
            epochs = RunDirectory(task.directory).epochs_so_far() if known is None else task_epochs(known)
            if known is not None or epochs:
                on_event(Event(number, epochs, known, earlier=True))
        if backend == "local":
            inside.enter_context(_watched(tasks, left, outcomes, on_event))
        told = backend == "local" and jobs == 1  # else runs are trained where nobody hears their warnings
        for number, outcome in ended:
            outcomes[number] = outcome
            if not told and not isinstance(outcome, UserError):
                for text in outcome["warnings"]:
                    if text not in datasets[tasks[number].settings.data].warnings:
                        warnings.warn(text, Notice, stacklevel=2)
            on_event(Event(number, task_epochs(outcome), outcome))
    return [outcomes[number] for number in range(len(tasks))]


def check_jobs(jobs: int | None) -> None:
    """Raises ConfigError where there cannot be so many processes."""
    if jobs is not None and jobs < 1 and jobs != ONE_A_CORE:
        raise ConfigError(f"jobs {jobs}: expected at least 1, or -1 for one a core")


def _anywhere(settings: Config) -> Config:
    """The same for a worker, which works in a folder of its own: there a relative path leads elsewhere."""
    if settings.data.path is None:
        return settings
    data = settings.data.model_copy(update={"path": os.path.abspath(settings.data.path)})
    return settings.model_copy(update={"data": data})


def survey(tasks: Sequence[Task], datasets: dict[Data, Dataset]) -> list[Outcome | None]:
    """For each task what came of it already; None where there is something to train. Raises as `train_all`."""
    places = [RunDirectory(task.directory).path.absolute() for task in tasks]
    if len(set(places)) < len(places):
        twice = next(place for place in places if places.count(place) > 1)
        raise RunDirectoryError(f"{twice}: two runs are to be trained in it")
    for task in tasks:
        check_trainable(task.settings, datasets[task.settings.data])
    return [earlier_outcome(task, datasets[task.settings.data].checksum) for task in tasks]


def deal(
    tasks: Sequence[Task], numbers: Sequence[int], jobs: int, cohort: int | None = None
) -> list[list[int]]:
    """Deal the numbered tasks into cohorts of at most `cohort` each.

    Tasks with one `cohort_key` go into equally large cohorts, as many as there are jobs or a multiple, so that the
    processes finish together.
    """
    kinds: dict[tuple[object, ...], list[int]] = {}
    for number in numbers:
        kinds.setdefault(cohort_key(tasks[number].settings), []).append(number)
    cohorts = []
    for alike in kinds.values():
        most = cohort or suitable_cohort(tasks[alike[0]].settings)
        rounds = -(-len(alike) // (jobs * most))
        count = min(rounds * jobs, len(alike))
        cohorts += [alike[k::count] for k in range(count)]
    return cohorts


def task_epochs(outcome: Outcome) -> int:
    """Epochs trained, as far as the outcome tells."""
    return 0 if isinstance(outcome, UserError) else outcome["epochs"]


def _here(tasks: Sequence[Task], cohorts: Sequence[list[int]], datasets: dict[Data, Dataset]) -> Ended:
    for numbers in cohorts:
        chosen = [tasks[number] for number in numbers]
        yield from zip(numbers, train_tasks(chosen, datasets[chosen[0].settings.data]), strict=True)


@contextmanager
def _watched(
    tasks: Sequence[Task], numbers: Sequence[int], outcomes: dict[int, Outcome], on_event: OnEvent
) -> Iterator[None]:
    """Meanwhile report epochs as the runs' metrics.jsonl grow, whoever it is that trains them."""
    over = threading.Event()
    seen = {number: RunDirectory(tasks[number].directory).epochs_so_far() for number in numbers}

    def look() -> None:
        while not over.wait(LOOK_EVERY):
            for number in numbers:
                if number not in outcomes:
                    epochs = RunDirectory(tasks[number].directory).epochs_so_far()
                    if epochs > seen[number] and number not in outcomes:
                        seen[number] = epochs
                        on_event(Event(number, epochs))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
