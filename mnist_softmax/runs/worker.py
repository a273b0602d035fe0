"""What a process or a worker of a cluster does: train some tasks as a cohort, and say what came of each."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import lru_cache

from mnist_softmax.data.dataset import Dataset
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import DataError, Diverged, RunDirectoryError, RunFailed, UserError
from mnist_softmax.runs.directory import RunDirectory, refuse_other_config, refuse_what_is_no_run
from mnist_softmax.runs.run import Task, run_cohort
from mnist_softmax.runs.summary import Summary
from mnist_softmax.training.history import Record

Outcome = Summary | UserError
"""The summary of a finished run, or what kept it from being finished."""
Ended = Generator[tuple[int, Outcome], None, None]
"""The numbers of tasks as they end, with what came of each; closed, it ends those that are in training."""


def earlier_outcome(task: Task, checksum: str) -> Outcome | None:
    """What came of a task that an earlier call has brought to its end; None where there is something to train.

    `checksum` is that of the data. Raises RunDirectoryError: the directory holds another run, a run on other
    data, or something else.
    """
    place = RunDirectory(task.directory)
    refuse_what_is_no_run(place)
    if not place.config.is_file():
        return None
    refuse_other_config(place, task.settings)
    summary = place.read_summary()
    if summary is None:
        return None
    if summary["data"]["checksum"] != checksum:
        raise RunDirectoryError(
            f"{place.path}: was trained on other data ({summary['data']['source']}) than is found now; "
            "bring the same data back, or choose another directory with --output"
        )
    if summary["status"] == "diverged":
        return Diverged(summary["reason"])
    then, now = place.read_config().training.epochs, task.settings.training.epochs
    if max(then, summary["epochs"]) > now:
        raise RunDirectoryError(
            f"{place.path}: was trained for {then} epochs, more than the {now} asked for now; use --output"
        )
    return summary if then == now else None


def train_tasks(
    tasks: Sequence[Task],
    dataset: Dataset,
    on_epoch: Callable[[int, Record], None] = lambda k, record: None,
) -> list[Outcome]:
    """Train tasks with one `cohort_key` as a cohort; whatever goes wrong becomes an outcome of it.

    `on_epoch(k, record)` is called after each epoch of task k.
    """
    outcomes = [_earlier_or_fault(task, dataset.checksum) for task in tasks]
    left = [k for k, outcome in enumerate(outcomes) if outcome is None]
    try:
        trained: Sequence[Outcome] = run_cohort(
            [tasks[k] for k in left], dataset, on_epoch=lambda i, record: on_epoch(left[i], record)
        )
    except Exception as error:  # such as MemoryError: the other cohorts are not to suffer for it
        # some may have ended before
        trained = [_earlier_or_fault(tasks[k], dataset.checksum) or _told(error) for k in left]
    for k, outcome in zip(left, trained, strict=True):
        outcomes[k] = outcome
    return [outcome for outcome in outcomes if outcome is not None]


def _earlier_or_fault(task: Task, checksum: str) -> Outcome | None:
    """As `earlier_outcome`, with what it raises as an outcome."""
    try:
        return earlier_outcome(task, checksum)
    except Exception as error:
        return _told(error)


def _told(error: Exception) -> UserError:
    return error if isinstance(error, UserError) else RunFailed(f"{type(error).__name__}: {error}")


_kept = lru_cache(maxsize=1)(load_digits)  # for the next tasks of this process


def train_tasks_elsewhere(
    tasks: Sequence[Task],
    checksum: str,
    on_epoch: Callable[[int, Record], None] = lambda k, record: None,
) -> list[Outcome]:
    """As `train_tasks`, in a process that loads the data itself, once, and keeps it for the next tasks.

    The data must have the checksum of the caller's, or the outcome is a DataError.
    """
    data = tasks[0].settings.data
    try:
        if _kept(data).checksum != checksum:
            _kept.cache_clear()  # the file may have been replaced since
        dataset = _kept(data)
        if dataset.checksum != checksum:
            raise DataError(
                f"{dataset.location}: a worker found other data than its caller (the checksums differ); "
                "give both the same, for example by a copy of the data home (SCIKIT_LEARN_DATA)"
            )
    except Exception as error:  # such as MemoryError, as in `train_tasks`
        return [_told(error)] * len(tasks)
    return train_tasks(tasks, dataset, on_epoch)
