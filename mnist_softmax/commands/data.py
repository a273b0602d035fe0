"""`mnist-softmax data`: fetch, check and describe the digits."""

from __future__ import annotations

import argparse

HELP = "fetch, check and describe the data; takes data.source=... data.path=..."
USAGE = "[data.key=value ...]"
TAKES_OVERRIDES = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command line: overrides alone."""


def run(options: argparse.Namespace) -> int:
    """Describe what there is, fetching it if need be."""
    from mnist_softmax.config.file import load_data_section
    from mnist_softmax.data.describe import describe
    from mnist_softmax.data.sources import load_digits

    print(describe(load_digits(load_data_section(*options.overrides))))
    return 0
