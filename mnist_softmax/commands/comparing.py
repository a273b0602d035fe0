"""What `compare` and `sweep` have in common: options, training with a progress line, and showing the results."""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import TYPE_CHECKING

from mnist_softmax.errors import INTERRUPTED

if TYPE_CHECKING:
    from mnist_softmax.comparison.comparison import Study
    from mnist_softmax.data.dataset import Dataset
    from mnist_softmax.runs.many import OnEvent


def add_arguments(parser: argparse.ArgumentParser, seeds: int) -> None:
    """The options that both take."""
    parser.add_argument("--seeds", type=int, default=seeds, metavar="N", help=f"seeds 0 to N-1 ({seeds})")
    parser.add_argument("--output", required=True, metavar="DIR", help="the folder of runs and results")
    parser.add_argument("--jobs", type=int, metavar="N", help="processes (one a core)")
    parser.add_argument(
        "--cohort",
        type=int,
        metavar="N",
        help="networks trained together at most (10, fewer where they are large)",
    )
    parser.add_argument("--backend", choices=("local", "dask"), default="local", help="where to train (local)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of the Dask cluster: tcp://HOST:8786")


def command_line(options: argparse.Namespace, words: list[str]) -> str:
    """The command as it can be given again, without what has no influence on results."""
    tail = ["--seeds", str(options.seeds), "--output", options.output, *options.overrides]
    return shlex.join(["mnist-softmax", options.command, *words, *tail])


def carry_out(study: Study, options: argparse.Namespace) -> int:
    """Train, report, and show the tables."""
    from mnist_softmax.commands import console
    from mnist_softmax.commands.progress import RunsProgress
    from mnist_softmax.comparison import carry_out as compare
    from mnist_softmax.errors import ConfigError, Diverged, UserError

    for name, number in (("--jobs", options.jobs), ("--cohort", options.cohort)):
        if number is not None and number < 1:
            raise ConfigError(f"{name} {number}: expected at least 1")
    if options.scheduler and options.backend != "dask":
        raise ConfigError("--scheduler goes with --backend dask")
    shown: list[RunsProgress] = []

    def begin(study: Study, dataset: Dataset) -> OnEvent:
        for warning in dataset.warnings:
            console.warn(warning)
        tasks = study.tasks().values()
        print(
            f"{len(study.configs)} configs, seeds 0 to {study.seeds - 1}: {len(tasks)} runs into {study.directory}"
        )
        sys.stdout.flush()
        shown.append(RunsProgress(len(tasks), sum(task.settings.training.epochs for task in tasks)))
        return shown[0].show

    try:
        study, outcomes = compare.carry_out(
            study,
            options.jobs,
            options.backend,
            options.scheduler,
            begin,
            lambda: shown[0].close(),
            options.cohort,
        )
    except KeyboardInterrupt:
        kept = "what has come home" if options.backend == "dask" else "the last checkpoints"
        print(f"\ninterrupted; the same command goes on from {kept}", file=sys.stderr)
        return INTERRUPTED
    finally:
        if shown:
            shown[0].close()
    show(study)
    failed = [outcome for outcome in outcomes if isinstance(outcome, UserError)]
    lost = [outcome for outcome in failed if not isinstance(outcome, Diverged)]
    if lost:
        return lost[0].exit_code
    return Diverged.exit_code if len(failed) == len(outcomes) else 0  # one that diverges is a finding


def show(study: Study) -> None:
    """Write tables, figures and the page, and print the tables."""
    from mnist_softmax.commands import console
    from mnist_softmax.comparison import tables
    from mnist_softmax.comparison.page import write_report

    found = write_report(study)
    print()
    print("\n\n".join(tables.markdown(table) for table in tables.tables(found)))
    print()
    print("\n".join(tables.finding(found)))
    for line in tables.failures(found):
        console.warn(f"not finished: {line}")
    for warning in found["warnings"]:
        console.warn(warning)
    print(f"\nresults.csv, results.json, results.md, report.html and figures/ are in {study.directory}")
