"""Cohorts of runs on a Dask cluster that is already there: its workers train, the results come back to us.

A cohort goes to a worker with the files of its unfinished runs, is trained in a temporary directory there, and
comes back as files. Dask gives the cohort of a worker that dies to another; what the caller has is untouched
until a run comes back whole.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mnist_softmax
from mnist_softmax.errors import RunFailed, UserError
from mnist_softmax.files import scratch_folder, write_whole
from mnist_softmax.runs.directory import FILES, RunDirectory, opened_run
from mnist_softmax.runs.run import Task
from mnist_softmax.runs.worker import Ended, Outcome, train_tasks_elsewhere

if TYPE_CHECKING:
    from distributed import Client

PATIENCE = 6  # seconds until a scheduler that does not answer is given up
Files = dict[str, bytes]


def connect(address: str | None) -> Client:
    """A client of the cluster. Raises UserError: no address, not installed, no answer, no fit workers."""
    if not address:
        raise UserError("--backend dask needs --scheduler tcp://HOST:PORT, the address of a Dask scheduler")
    if not re.fullmatch(r"(\w+://)?[^\s/]+:\d{1,5}/?", address):
        raise UserError(f"--scheduler {address}: expected tcp://HOST:PORT, the address of a Dask scheduler")
    try:
        from distributed import Client
    except ImportError:
        raise UserError(
            "--backend dask needs the package distributed: pip install 'mnist-softmax[dask]'"
        ) from None
    for name in ("distributed", "distributed.client"):  # its tracebacks; what goes wrong is told by us
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        what = " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"{address}: no Dask scheduler answers there ({what:.120}); start one with: dask scheduler"
        ) from None
    try:
        _refuse_unfit_workers(client, address)
    except BaseException:
        client.close()
        raise
    return client


def _refuse_unfit_workers(client: Client, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise UserError(
            f"{address}: the scheduler has no workers; start one with: dask worker {address} --nthreads 1"
        ) from None
    try:
        versions = client.run(_version, on_error="return")
    except Exception as error:  # such as a scheduler that is gone
        raise UserError(f"{address}: the cluster does not answer ({_in_a_line(error)}); try again") from None
    for worker, version in versions.items():
        if isinstance(version, OSError):  # it has gone: the scheduler gives its work to others
            continue
        if isinstance(version, Exception):
            raise UserError(
                f"{worker}: cannot import mnist_softmax ({_in_a_line(version)}); install it where the workers run"
            )
        if version != mnist_softmax.__version__:
            raise UserError(
                f"{worker}: has mnist_softmax {version}, here is {mnist_softmax.__version__}; install the same"
            )
    if all(isinstance(version, OSError) for version in versions.values()):
        raise UserError(f"{address}: its workers have gone; start one with: dask worker {address} --nthreads 1")


def _in_a_line(error: Exception) -> str:
    return f"{' '.join(str(error).split()) or type(error).__name__:.160}"


def _version() -> str:
    return mnist_softmax.__version__


def slots(client: Client) -> int:
    """How many cohorts the cluster trains at once."""
    return int(max(sum(client.nthreads().values()), 1))


def train(
    tasks: Sequence[Task],
    cohorts: Sequence[list[int]],
    checksums: Sequence[str],
    client: Client,
    on_epoch: Callable[[int, int], None],
) -> Ended:
    """Train the cohorts, numbers of tasks; yields (number, outcome) as they end.

    `on_epoch(number, epoch)` is called from another thread. Whoever closes the client ends what is in training.
    """
    from distributed import as_completed

    topic = f"mnist-softmax-{uuid.uuid4().hex}"
    client.subscribe_topic(topic, lambda event: on_epoch(*event[1]))
    futures = {}
    for numbers in cohorts:
        files = [_read(RunDirectory(tasks[number].directory).path) for number in numbers]
        settings = [tasks[number].settings for number in numbers]
        future = client.submit(_train_there, numbers, settings, files, checksums[numbers[0]], topic, pure=False)
        futures[future] = numbers
    for future in as_completed(futures, loop=client.loop):
        numbers = futures[future]
        try:
            returned = future.result()
        except Exception as error:  # died with four workers, or the scheduler is gone
            what = RunFailed(f"lost on the cluster ({type(error).__name__}: {_in_a_line(error)})")
            yield from ((number, what) for number in numbers)
            continue
        for number, (outcome, files) in zip(numbers, returned, strict=True):
            yield number, _write_home(tasks[number], outcome, files)


def _train_there(
    numbers: list[int], settings: list[Any], files: list[Files], checksum: str, topic: str
) -> list[tuple[Outcome, Files]]:
    """On the worker: train in a temporary directory."""
    from distributed import get_worker

    worker = get_worker()
    with scratch_folder("mnist-softmax-") as scratch:
        places = [scratch / str(number) for number in numbers]
        for place, content in zip(places, files, strict=True):
            place.mkdir()
            for name, data in content.items():
                (place / name).write_bytes(data)
        tasks = [Task(each, place, "resume") for each, place in zip(settings, places, strict=True)]
        outcomes = train_tasks_elsewhere(
            tasks, checksum, lambda k, record: worker.log_event(topic, (numbers[k], record["epoch"]))
        )
        return [(outcome, _read(place)) for outcome, place in zip(outcomes, places, strict=True)]


def _read(place: Path) -> Files:
    return {name: (place / name).read_bytes() for name in FILES if (place / name).is_file()}


def _write_home(task: Task, outcome: Outcome, files: Files) -> Outcome:
    """Write what came back into the run's own directory, the summary last."""
    if "summary.json" not in files:
        return outcome
    try:
        with opened_run(task.directory, task.settings, "resume") as place, place.writing():
            place.begin(task.settings)
            for name in FILES[1:]:  # the config stands there already
                if name in files:
                    write_whole(place.path / name, files[name])
    except UserError as error:
        return error
    return outcome
