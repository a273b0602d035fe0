"""What `compare` and `sweep` have in common: options, training with a progress line, and showing the results."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mnist_softmax.commands.options import user_path
from mnist_softmax.errors import ConfigError

if TYPE_CHECKING:
    from mnist_softmax.comparison.comparison import Comparison
    from mnist_softmax.comparison.results import Results
    from mnist_softmax.config.config import Config
    from mnist_softmax.data.dataset import Dataset


def add_arguments(parser: argparse.ArgumentParser, seeds: int) -> None:
    """The options that both take."""
    parser.add_argument("--seeds", type=int, default=seeds, metavar="N", help=f"seeds 0 to N-1 ({seeds})")
    parser.add_argument(
        "--output", required=True, type=user_path, metavar="DIR", help="the folder of runs and results"
    )
    parser.add_argument("--jobs", type=int, metavar="N", help="processes (one a core)")
    parser.add_argument(
        "--cohort",
        type=int,
        metavar="N",
        help="networks trained together at most (10, fewer where they are large)",
    )
    parser.add_argument("--backend", choices=("local", "dask"), default="local", help="where to train (local)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of the Dask cluster: tcp://HOST:8786")


def refuse_what_is_said_otherwise(overrides: list[str], command: str) -> None:
    """Raises ConfigError for overrides of what these commands choose themselves."""
    for pair in overrides:
        key = pair.partition("=")[0]
        if key == "seed":
            raise ConfigError(f"{pair}: {command} trains the seeds 0 to N - 1; --seeds N says how many")
        if key.split(".")[0] == "output":
            raise ConfigError(f"{pair}: {command} writes into the folder --output")


def compare_and_report(
    configs: Mapping[str, Config],
    options: argparse.Namespace,
    words: list[str],
    points: Mapping[str, Mapping[str, Any]] | None = None,
) -> int:
    """Train, write the report, and show the tables. `words` are what the command has beside its common options."""
    from mnist_softmax.commands import console
    from mnist_softmax.commands.progress import RunsProgress
    from mnist_softmax.comparison.compare import compare
    from mnist_softmax.errors import Diverged

    progress: list[RunsProgress] = []
    trained: list[bool] = []

    def begin(comparison: Comparison, dataset: Dataset) -> None:
        for warning in dataset.warnings:
            console.warn(warning)
        tasks = comparison.tasks()
        seeds = f"seeds 0 to {comparison.seeds - 1}"
        print(f"{len(configs)} configs, {seeds}: {len(tasks)} runs into {options.output}", flush=True)
        progress.append(RunsProgress(len(tasks), sum(task.settings.training.epochs for task in tasks)))

    # the command as it can be given again, without what has no influence on results
    tail = ["--seeds", str(options.seeds), "--output", options.output, *options.overrides]
    try:
        results = compare(
            configs,
            options.seeds,
            options.output,
            options.jobs,
            cohort=options.cohort,
            backend=options.backend,
            scheduler=options.scheduler,
            points=points,
            command=shlex.join(["mnist-softmax", options.command, *words, *tail]),
            on_start=begin,
            on_event=lambda event: progress[0].show(event),
            on_trained=lambda: trained.append(True),
        )
    except KeyboardInterrupt as interrupt:
        kept = "what has come home" if options.backend == "dask" else "the last checkpoints"
        interrupt.add_note(f"the same command goes on from {kept}")
        raise
    except Exception as error:
        if trained:
            raise console.runs_are_kept(error, "the same command") from error
        raise
    finally:
        for each in progress:
            each.close()
    try:
        from mnist_softmax.comparison.page import write_report

        write_report(results)
    except Exception as error:  # whatever it is, what was trained is kept and its tables are shown
        show(results, reported=False)
        again = shlex.join(["mnist-softmax", "report", options.output])
        raise console.runs_are_kept(error, again) from error
    show(results)
    lost = [error for error in results.errors if not isinstance(error, Diverged)]
    if lost:
        return lost[0].exit_code
    # one run that diverges is a finding
    return Diverged.exit_code if len(results.errors) == len(results.runs) else 0


def show(results: Results, reported: bool = True) -> None:
    """Print the tables and what was found."""
    from mnist_softmax.commands import console
    from mnist_softmax.comparison import tables

    print()
    print("\n\n".join(tables.markdown(table) for table in tables.tables(results)))
    print()
    print("\n".join(tables.findings(results)))
    for line in tables.failures(results):
        console.warn(f"not finished: {line}")
    for warning in results.warnings:
        console.warn(warning)
    if reported:
        print(f"\nresults.csv, results.json, results.md, report.html and figures/ are in {results.directory}")
