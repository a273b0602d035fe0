"""`mnist-softmax curves`: what runs measured after every epoch, side by side."""

from __future__ import annotations

import argparse
import os

from mnist_softmax.commands.options import user_path

HELP = "the last figures of runs side by side, and their curves over the epochs"
USAGE = "RUN_DIR [RUN_DIR ...] [--metrics test_accuracy,...] [--plot FILE] [--csv FILE]"
TAKES_OVERRIDES = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command line."""
    parser.add_argument(
        "runs",
        type=user_path,
        metavar="RUN_DIR",
        nargs="+",
        help="such as runs/loglik/seed-0, or the folder of a comparison",
    )
    parser.add_argument(
        "--metrics",
        default="validation_accuracy,test_accuracy",
        metavar="LIST",
        help="names out of training.monitor, with commas (default: validation_accuracy,test_accuracy)",
    )
    parser.add_argument(
        "--plot", type=user_path, metavar="FILE", help="draw the curves into a .png, .svg or .pdf"
    )
    parser.add_argument(
        "--csv", type=user_path, metavar="FILE", help="write every epoch's figures, a line each"
    )


def run(options: argparse.Namespace) -> int:
    """Read the runs, and show them."""
    from mnist_softmax.diagnostics import curves

    metrics = options.metrics.split(",")
    runs = curves.read([run for path in options.runs for run in _runs_in(path)], metrics)
    if options.plot:
        curves.plot(runs, metrics, options.plot)
    if options.csv:
        curves.write_csv(runs, metrics, options.csv)
    print(curves.table(runs, metrics))
    return 0


def _runs_in(path: str) -> list[str]:
    """The run at `path`, or those that have begun of the comparison or sweep there. Raises RunDirectoryError."""
    if not os.path.isfile(os.path.join(path, "study.json")):
        return [path]
    from mnist_softmax.comparison.comparison import read_comparison
    from mnist_softmax.errors import RunDirectoryError
    from mnist_softmax.runs.directory import RunDirectory

    directories = [RunDirectory(task.directory) for task in read_comparison(path).tasks()]
    begun = [str(each.path) for each in directories if each.epochs_so_far()]
    if not begun:
        raise RunDirectoryError(
            f"{path}: has no run yet with an epoch; the command that made it goes on with it"
        )
    return begun
