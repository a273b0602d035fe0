"""`mnist-softmax gradcheck`: is the gradient that a config trains with the gradient of its cost?"""

from __future__ import annotations

import argparse

from mnist_softmax.commands.options import user_path

HELP = "check the gradient that a config trains with against centred differences of its cost"
USAGE = "--config NAME [--step H] [--threshold T] [key=value ...]"
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
    parser.add_argument("--step", type=float, default=1e-5, metavar="H", help="h of the differences (1e-5)")
    parser.add_argument(
        "--threshold", type=float, default=1e-7, metavar="T", help="the largest relative error to pass (1e-7)"
    )


def run(options: argparse.Namespace) -> int:
    """Check, show it, and give 1 where an error passes the threshold."""
    from mnist_softmax.commands import console
    from mnist_softmax.config.file import load_config
    from mnist_softmax.data.sources import load_digits
    from mnist_softmax.diagnostics.gradient_check import gradient_check
    from mnist_softmax.diagnostics.gradient_check_report import passes, report
    from mnist_softmax.errors import ConfigError
    from mnist_softmax.training.fit import check_fit

    for name, value, largest in (("--step", options.step, 0.1), ("--threshold", options.threshold, 1.0)):
        if not 0 < value <= largest:
            raise ConfigError(f"{name} {value:g}: expected a number above 0 and up to {largest:g}")
    settings = load_config(options.config, *options.overrides)
    dataset = load_digits(settings.data)
    check_fit(settings, dataset)
    for warning in dataset.warnings:
        console.warn(warning)
    checks = gradient_check(settings, dataset, options.step)
    print(report(checks, settings, dataset, options.step, options.threshold))
    return 0 if passes(checks, options.threshold) else 1
