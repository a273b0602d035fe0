"""`mnist-softmax compare` and `scripts/compare.py`: which config learns better, and is the difference real?"""

from __future__ import annotations

import argparse

from mnist_softmax.commands import comparing
from mnist_softmax.commands.options import names_and_pairs, user_path

HELP = "train configs with many seeds, paired by seed, and say which is better; key=value changes all of them"
USAGE = (
    "CONFIG CONFIG ... --output DIR [--seeds N] [--jobs N] [--cohort N] [--backend dask --scheduler ADDRESS] "
    "[key=value ...]"
)
TAKES_OVERRIDES = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command line."""
    parser.add_argument(
        "configs", nargs="*", type=user_path, metavar="CONFIG", help="names of shipped configs, or YAML files"
    )
    comparing.add_arguments(parser, seeds=10)


def run(options: argparse.Namespace) -> int:
    """Compare, and show it."""
    from mnist_softmax.comparison.compare import load_configs
    from mnist_softmax.errors import ConfigError

    paths, options.overrides = names_and_pairs(options.configs, options.overrides)
    if not paths:
        raise ConfigError("compare needs configs: mnist-softmax compare quadratic loglik --output DIR")
    comparing.refuse_what_is_said_otherwise(options.overrides, "compare")
    configs = load_configs(paths, options.overrides)
    return comparing.compare_and_report(configs, options, paths)
