"""`mnist-softmax report`: tables, figures and page of a comparison or sweep, from what is stored."""

from __future__ import annotations

import argparse

from mnist_softmax.commands import comparing as studies

HELP = "rebuild tables, figures and page of a comparison or sweep from what is stored; trains nothing"
USAGE = "DIR"
TAKES_OVERRIDES = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command line."""
    parser.add_argument("directory", metavar="DIR", help="what compare or sweep was given as --output")


def run(options: argparse.Namespace) -> int:
    """Write and show the report."""
    from mnist_softmax.comparison.comparison import read

    studies.show(read(options.directory))
    return 0
