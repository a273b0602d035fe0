"""`mnist-softmax compare` and `scripts/compare.py`: which config learns better, and is the difference real?"""

from __future__ import annotations

import argparse

from mnist_softmax.commands import comparing as studies

HELP = "train configs with many seeds, paired by seed, and say which is better; key=value changes all of them"
USAGE = (
    "CONFIG CONFIG ... --output DIR [--seeds N] [--jobs N] [--cohort N] [--backend dask --scheduler ADDRESS] "
    "[key=value ...]"
)
TAKES_OVERRIDES = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command line."""
    parser.add_argument("configs", nargs="*", metavar="CONFIG", help="YAML files, such as configs/loglik.yaml")
    studies.add_arguments(parser, seeds=10)


def run(options: argparse.Namespace) -> int:
    """Compare, and show it."""
    from pathlib import Path

    from mnist_softmax.comparison.carry_out import configs_of
    from mnist_softmax.comparison.comparison import Study
    from mnist_softmax.errors import ConfigError

    pairs = [word for word in options.configs if "=" in word and not Path(word).exists()]
    paths = [word for word in options.configs if word not in pairs]
    options.overrides = [*pairs, *options.overrides]
    if not paths:
        raise ConfigError(
            "compare needs configs: mnist-softmax compare configs/quadratic.yaml configs/loglik.yaml"
        )
    configs = configs_of(paths, options.overrides)
    command = studies.command_line(options, paths)
    return studies.carry_out(
        Study(Path(options.output), "comparison", configs, options.seeds, (command,)), options
    )
