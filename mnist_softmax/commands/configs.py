"""`mnist-softmax configs`: the experiments that travel with the program."""

from __future__ import annotations

import argparse
import sys

HELP = (
    "list the configs that are shipped, or print one, to be changed: mnist-softmax configs loglik > mine.yaml"
)
USAGE = "[NAME | --schema]"
TAKES_OVERRIDES = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command line."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="such as loglik; none lists them")
    parser.add_argument("--schema", action="store_true", help="print the JSON schema of configs, for editors")


def run(options: argparse.Namespace) -> int:
    """Show the list, the bytes of one file, or what an editor asks for."""
    from mnist_softmax.config.shipped import find_shipped, shipped, title
    from mnist_softmax.text import aligned

    if options.schema:
        from mnist_softmax.config.editors import as_text

        print(as_text(), end="")
        return 0
    if options.name is None:
        print("\n".join(aligned([(name, title(path)) for name, path in shipped().items()], left=2)))
        return 0
    content = find_shipped(options.name).read_bytes()
    if sys.stdout is not None:  # None when it was closed, as by >&-
        sys.stdout.buffer.write(content)
    return 0
