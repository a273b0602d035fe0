"""Cohorts of runs in several processes of this machine (joblib's loky), one BLAS thread in each.

A process that is killed takes its executor down with it. What was in training then is taken up again from the
last checkpoints, a run at a time, so that the one that kills its process is found, and the others are finished.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool

from joblib import Parallel, delayed, effective_n_jobs, parallel_config

from mnist_softmax import signals
from mnist_softmax.errors import Notice, RunFailed
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.runs.run import Task
from mnist_softmax.runs.worker import Ended, Outcome, train_tasks_elsewhere

HERE = "all is trained in this one"
KILLED = "its process was killed (out of memory?); the same command goes on from the last checkpoint"


def train(tasks: Sequence[Task], cohorts: Sequence[list[int]], checksums: Sequence[str], jobs: int) -> Ended:
    """Train the cohorts, numbers of tasks, in `jobs` processes; yields (number, outcome) as they end."""
    waiting = list(cohorts)
    while waiting:
        ended: set[int] = set()
        try:
            for number, outcome in _in_processes(tasks, waiting, checksums, jobs):
                ended.add(number)
                yield number, outcome
            return
        except OSError as error:  # of starting them: too many processes, too little memory
            what = error.strerror or str(error)
            warnings.warn(f"processes cannot be started ({what}): {HERE}", Notice, stacklevel=2)
            for numbers in waiting:
                outcomes = train_tasks_elsewhere([tasks[number] for number in numbers], checksums[numbers[0]])
                yield from zip(numbers, outcomes, strict=True)
            return
        except BrokenProcessPool:
            waiting = [numbers for numbers in waiting if numbers[0] not in ended]
            begun = [numbers for numbers in waiting if any(_is_begun(tasks[number]) for number in numbers)]
            begun = begun or waiting[:jobs]  # killed before the first file was written
            waiting = [numbers for numbers in waiting if numbers not in begun]
        for number in (number for numbers in begun for number in numbers):
            try:
                yield from _in_processes(tasks, [[number]], checksums, 2)
            except BrokenProcessPool:
                yield number, RunFailed(KILLED)


def _in_processes(
    tasks: Sequence[Task], cohorts: Sequence[list[int]], checksums: Sequence[str], jobs: int
) -> Ended:
    calls = (
        delayed(_numbered)(numbers, [tasks[number] for number in numbers], checksums[numbers[0]], os.getpid())
        for numbers in cohorts
    )
    with parallel_config(backend="loky", n_jobs=jobs, inner_max_num_threads=1):
        if os.name == "posix":
            import multiprocessing.resource_tracker

            from joblib.externals.loky.backend import resource_tracker  # cannot be imported without semaphores

            for tracker in (resource_tracker, multiprocessing.resource_tracker):
                tracker.ensure_running()  # which lets interrupts in again, so not below
        with signals.interrupts_kept_from_children():
            results = Parallel(return_as="generator_unordered", batch_size=1)(calls)
        try:
            for numbers, outcomes in results:
                yield from zip(numbers, outcomes, strict=True)
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of joblib, where nobody waits for the others any more
                results.close()


def _numbered(
    numbers: list[int], tasks: Sequence[Task], checksum: str, parent: int
) -> tuple[list[int], list[Outcome]]:
    signals.end_with(parent)
    warnings.simplefilter("ignore")  # they stand in the summaries
    return numbers, train_tasks_elsewhere(tasks, checksum)


def are_to_be_had() -> bool:
    """Whether this system lets processes work together: some containers have no semaphores."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of joblib, which says it in its own words
        with parallel_config(backend="loky"):
            return bool(effective_n_jobs(2) > 1)


def _is_begun(task: Task) -> bool:
    place = RunDirectory(task.directory)
    return place.config.is_file() and not place.summary.is_file()
