"""`mnist-softmax report`: tables, figures and page of a comparison or sweep, from what is stored."""

from __future__ import annotations

import argparse

from mnist_softmax.commands import comparing
from mnist_softmax.commands.options import user_path

HELP = "rebuild tables, figures and page of a comparison or sweep from what is stored; trains nothing"
USAGE = "DIR"
TAKES_OVERRIDES = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command line."""
    parser.add_argument(
        "directory", type=user_path, metavar="DIR", help="what compare or sweep was given as --output"
    )


def run(options: argparse.Namespace) -> int:
    """Write and show the report."""
    from mnist_softmax.comparison.comparison import read_comparison
    from mnist_softmax.comparison.page import write_report
    from mnist_softmax.comparison.results import work_out

    results = work_out(read_comparison(options.directory))
    results.store()
    write_report(results)
    comparing.show(results)
    return 0
