"""`mnist-softmax sweep`: which values of some keys are best, by validation."""

from __future__ import annotations

import argparse

from mnist_softmax.commands import comparing
from mnist_softmax.commands.options import user_path

HELP = "train a config at the points of a grid, or at random points, and choose the best by validation"
USAGE = (
    "--config NAME --grid KEY=VALUE,... [--grid ...] [--random N --range KEY=LOW:HIGH[:log]] --output DIR ..."
)
TAKES_OVERRIDES = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command line."""
    parser.add_argument(
        "--config",
        required=True,
        type=user_path,
        metavar="NAME",
        help="a shipped config, such as loglik, or a YAML file",
    )
    parser.add_argument("--grid", action="append", default=[], metavar="KEY=V,V", help="values of a key")
    parser.add_argument("--random", type=int, metavar="N", help="N random points, not the whole grid")
    parser.add_argument("--range", action="append", default=[], metavar="KEY=LOW:HIGH[:log]", dest="ranges",
                        help="a range for random points")  # fmt: skip
    parser.add_argument("--random-seed", type=int, default=0, metavar="N", help="of the random points (0)")
    parser.add_argument("--yes", action="store_true", help="train more than 1,000 runs without asking")
    comparing.add_arguments(parser, seeds=3)


def run(options: argparse.Namespace) -> int:
    """Sweep, and show it."""
    from mnist_softmax.comparison import sweep
    from mnist_softmax.comparison.comparison import MOST_RUNS
    from mnist_softmax.errors import ConfigError

    comparing.refuse_what_is_said_otherwise(options.overrides, "sweep")
    grid = sweep.parse_grid(options.grid)
    ranges = sweep.parse_ranges(options.ranges, grid)
    if not grid and not ranges:
        raise ConfigError("sweep needs something to vary: --grid training.learning_rate=0.1,0.5")
    if ranges and options.random is None:
        raise ConfigError("--range is for random points: add --random N")
    for option, count in (("--random", options.random), ("--seeds", options.seeds)):
        if count is not None and count < 1:
            raise ConfigError(f"{option} {count}: expected at least 1")
    if options.random_seed < 0:
        raise ConfigError(f"--random-seed {options.random_seed}: expected 0 or more")
    number = sweep.number_of_points(grid, options.random)
    if number * options.seeds > sweep.MANY and not options.yes:
        raise ConfigError(
            f"{number:,} points with {options.seeds} seeds are {number * options.seeds:,} runs; "
            "add --yes to train them"
        )
    if number * options.seeds > MOST_RUNS:
        raise ConfigError(f"{number:,} points with {options.seeds:,} seeds are more than {MOST_RUNS:,} runs")
    points = sweep.choose_points(grid, ranges, options.random, options.random_seed)
    configs = sweep.configs_at(points, options.config, options.overrides)
    words = ["--config", options.config]
    words += [word for pair in options.grid for word in ("--grid", pair)]
    if options.random is not None:
        words += ["--random", str(options.random), "--random-seed", str(options.random_seed)]
        words += [word for pair in options.ranges for word in ("--range", pair)]
    words += ["--yes"] * options.yes
    return comparing.compare_and_report(configs, options, words, dict(zip(configs, points, strict=True)))
