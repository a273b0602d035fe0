"""`mnist-softmax configs`: the experiments that travel with the program."""

from __future__ import annotations

import argparse
import sys

HELP = (
    "list the configs that are shipped, or print one, to be changed: mnist-softmax configs loglik > mine.yaml"
)
USAGE = "[NAME]"
TAKES_OVERRIDES = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command line."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="such as loglik; none lists them")


def run(options: argparse.Namespace) -> int:
    """Show the list, or the bytes of one file."""
    from mnist_softmax.config.shipped import find_shipped, shipped
    from mnist_softmax.text import aligned

    if options.name is None:
        first_lines = {
            name: path.read_text(encoding="utf-8").split("\n")[0] for name, path in shipped().items()
        }
        print("\n".join(aligned([(name, line.lstrip("# ")) for name, line in first_lines.items()], left=2)))
        return 0
    content = find_shipped(options.name).read_bytes()
    if sys.stdout is not None:  # None when it was closed, as by >&-
        sys.stdout.buffer.write(content)
    return 0
