"""What a second Dask worker brings: the same comparison with one worker and with two, a scheduler on this machine.

    python -m benchmarks.cluster [--workers 1 2] [--repeats 3] [--seeds 10] [--epochs 10]

Needs the extra `dask`. Scheduler and workers are processes of their own on loopback, one thread each. A time is that
of `train_all`, from the first look at the data until the last run is home; sizes take turns, and in each turn the
workers train a little before, so that they have read the digits. Cohorts are as the program chooses them: smaller
where there are more workers.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks import run
from mnist_softmax.config.file import load_config
from mnist_softmax.errors import UserError
from mnist_softmax.runs import cluster
from mnist_softmax.runs.many import train_all
from mnist_softmax.runs.run import Task

CONFIGS = Path(__file__).parents[1] / "configs"


@contextmanager
def dask(kind: str, *words: str) -> Iterator[None]:
    """A scheduler or a worker while the block lasts."""
    command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *words, "--no-dashboard"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def running(workers: int, scratch: str) -> Iterator[str]:
    """The address of a scheduler that has so many workers."""
    with ExitStack() as stack:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
        stack.enter_context(dask("scheduler", "--host", "127.0.0.1", "--port", address.rpartition(":")[2]))
        for _ in range(workers):
            stack.enter_context(dask("worker", address, "--nthreads", "1", "--local-directory", scratch))
        with cluster.connect(address) as client:
            client.wait_for_workers(workers, timeout=30)
        yield address


def seconds(address: str, seeds: int, epochs: int, folder: Path) -> float:
    """How long the quadratic cost and the log-likelihood take, `seeds` runs each."""
    tasks = [
        Task(
            load_config(CONFIGS / name, f"seed={seed}", f"training.epochs={epochs}"),
            folder / name / str(seed),
        )
        for name in ("quadratic.yaml", "loglik.yaml")
        for seed in range(seeds)
    ]
    began = perf_counter()
    outcomes = train_all(tasks, backend="dask", scheduler=address)
    passed = perf_counter() - began
    for outcome in outcomes:
        if isinstance(outcome, UserError):
            raise outcome
    return passed


def main() -> int:
    """Print a table; the exit code of the error where no cluster is to be had."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="sizes of the cluster (1 2)")
    parser.add_argument("--repeats", type=int, default=3, help="timed turns of each (3)")
    parser.add_argument("--seeds", type=int, default=10, help="runs of each of the two costs (10)")
    parser.add_argument("--epochs", type=int, default=10, help="epochs of a run (10)")
    options = parser.parse_args()
    turns: dict[int, list[float]] = {workers: [] for workers in options.workers}
    try:
        with tempfile.TemporaryDirectory(prefix="mnist-softmax-") as scratch:
            for turn in range(options.repeats):
                for workers, times in turns.items():
                    with running(workers, scratch) as address:
                        seconds(address, 2 * workers, 1, Path(scratch) / f"cold-{workers}-{turn}")
                        folder = Path(scratch) / f"{workers}-{turn}"
                        times.append(seconds(address, options.seeds, options.epochs, folder))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    first = median(turns[options.workers[0]])
    print(f"{2 * options.seeds} runs of {options.epochs} epochs, medians of {options.repeats} turns\n")
    print("| workers | s | least to most | times faster |\n|---:|---:|---:|---:|")
    for workers, times in turns.items():
        middle = median(times)
        print(f"| {workers} | {middle:.1f} | {min(times):.1f} to {max(times):.1f} | {first / middle:.2f} |")
    return 0


if __name__ == "__main__":
    run(main)
