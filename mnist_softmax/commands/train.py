"""`mnist-softmax train` and `scripts/train.py`: train a network as a config says."""

from __future__ import annotations

import argparse

from mnist_softmax.commands.options import user_path

HELP = "train a network as a config says; key=value changes the config, as in training.epochs=3 seed=7"
USAGE = "--config NAME [--output DIR] [--resume | --overwrite] [--print-config] [key=value ...]"
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
    parser.add_argument(
        "--output", type=user_path, metavar="DIR", help="the run directory (default: runs/<config>/seed-<n>)"
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument(
        "--resume", action="store_const", const="resume", dest="mode", help="go on with an unfinished run"
    )
    mode.add_argument(
        "--overwrite", action="store_const", const="overwrite", dest="mode", help="train a run anew"
    )
    parser.set_defaults(mode="new")
    parser.add_argument(
        "--print-config", action="store_true", help="print the config with every key, and train nothing"
    )


def run(options: argparse.Namespace) -> int:
    """Train, and show it."""
    from mnist_softmax.commands import console
    from mnist_softmax.config.file import load_config
    from mnist_softmax.data.sources import load_digits
    from mnist_softmax.runs.earlier import finished_before
    from mnist_softmax.runs.run import default_directory
    from mnist_softmax.runs.run import run as train_into
    from mnist_softmax.training.history import Record

    settings = load_config(options.config, *options.overrides)
    if options.print_config:
        print(settings.to_yaml(), end="")
        return 0
    directory = options.output or str(default_directory(settings, options.config))
    dataset = load_digits(settings.data)
    for warning in dataset.warnings:
        console.warn(warning)
    if options.mode == "new" and (summary := finished_before(settings, dataset, directory)):
        print(console.conclusion(summary, directory))
        print("\nThis run was finished before; nothing was trained. --overwrite trains it anew.")
        return 0
    table = console.EpochTable(settings, dataset)

    def introduce() -> None:
        print(console.introduction(settings, dataset, directory), table.heading(), sep="\n\n", flush=True)

    def show(record: Record) -> None:
        print(table.line(record), flush=True)

    try:
        trained = train_into(settings, dataset, directory, options.mode, show, introduce, console.progress_bar)
    except KeyboardInterrupt as interrupt:
        how = "--resume in place of --overwrite" if options.mode == "overwrite" else "--resume"
        interrupt.add_note(f"go on with the same command and {how}, from {directory}")
        raise
    print("\n" + console.conclusion(trained.summary, directory))
    for warning in trained.summary["warnings"]:
        console.warn(warning)
    return 0
