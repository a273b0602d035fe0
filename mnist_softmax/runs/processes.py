"""Cohorts of runs in several processes of this machine (joblib's loky), one BLAS thread in each.

A process that is killed takes its executor down with it. What was in training then is taken up again from the
last checkpoints, a run at a time, so that the one that kills its process is found, and the others are finished.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool

from joblib import Parallel, delayed, parallel_config

from mnist_softmax.errors import RunFailed
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.runs.run import Task
from mnist_softmax.runs.worker import Outcome, train_tasks_elsewhere

Ended = Iterator[tuple[int, Outcome]]
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
        delayed(_numbered)(numbers, [tasks[number] for number in numbers], checksums[numbers[0]])
        for numbers in cohorts
    )
    with parallel_config(backend="loky", n_jobs=jobs, inner_max_num_threads=1):
        for numbers, outcomes in Parallel(return_as="generator_unordered", batch_size=1)(calls):
            yield from zip(numbers, outcomes, strict=True)


def _numbered(numbers: list[int], tasks: Sequence[Task], checksum: str) -> tuple[list[int], list[Outcome]]:
    return numbers, train_tasks_elsewhere(tasks, checksum)


def _is_begun(task: Task) -> bool:
    place = RunDirectory(task.directory)
    return place.config.is_file() and not place.summary.is_file()
