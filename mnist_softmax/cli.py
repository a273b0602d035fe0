"""The `mnist-softmax` command. Each subcommand imports what it needs, so that `--help` is instant."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from mnist_softmax.errors import UserError

Command = Callable[[argparse.Namespace], int]

EXIT_CODES = "exit codes: 0 done, 2 wrong usage or config, 3 data not to be had, 4 diverged, 130 interrupted"
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and give back its exit code; the user's mistakes become one line on stderr."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        options = _parse(arguments)
        return options.command(options)
    except UserError as error:
        print(f"error: {error}".replace("\n", "\nerror: "), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and (not options.takes_overrides or any(word.startswith("-") or "=" not in word for word in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)} (an override is written key=value)")
    options.overrides = rest
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mnist-softmax", description="Train small networks on MNIST, exactly.", epilog=EXIT_CODES
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(
        name: str, command: Command, help: str, usage: str, takes_overrides: bool
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name, help=help, description=help, usage=f"mnist-softmax {name} {usage}", epilog=EXIT_CODES
        )
        sub.set_defaults(command=command, takes_overrides=takes_overrides)
        return sub

    sub = add(
        "train",
        train,
        "train a network as a config says; key=value changes the config, as in training.epochs=3 seed=7",
        "--config FILE [--output DIR] [--resume | --overwrite] [key=value ...]",
        True,
    )
    sub.add_argument("--config", required=True, metavar="FILE", help="a YAML file, such as configs/loglik.yaml")
    sub.add_argument("--output", metavar="DIR", help="the run directory (default: runs/<config>/seed-<n>)")
    mode = sub.add_mutually_exclusive_group()
    mode.add_argument(
        "--resume", action="store_const", const="resume", dest="mode", help="go on with an unfinished run"
    )
    mode.add_argument(
        "--overwrite", action="store_const", const="overwrite", dest="mode", help="train a run anew"
    )
    sub.set_defaults(mode="new")

    sub = add("evaluate", evaluate, "accuracy, cost, confusion matrix and worst mistakes of a trained run",
              "RUN_DIR [--split test]", False)  # fmt: skip
    sub.add_argument("run", metavar="RUN_DIR", help="such as runs/loglik/seed-0")
    sub.add_argument("--split", choices=("train", "validation", "test"), default="test", help="default: test")

    add("data", data, "fetch, check and describe the data; takes data.source=... data.path=...",
        "[data.key=value ...]", True)  # fmt: skip
    return parser


def train(options: argparse.Namespace) -> int:
    """`mnist-softmax train` and `scripts/train.py`."""
    from mnist_softmax.config_file import load_config
    from mnist_softmax.data.sources import load
    from mnist_softmax.experiments.run import default_directory, run
    from mnist_softmax.network.network import Network
    from mnist_softmax.reporting import console
    from mnist_softmax.training.history import Record

    settings = load_config(options.config, options.overrides)
    directory = options.output or str(default_directory(settings, options.config))
    dataset = load(settings.data)
    for warning in dataset.warnings:
        console.warn(warning)
    table = console.EpochTable(settings, dataset)

    def introduce() -> None:
        size = Network(settings.network).parameters.flat.size
        print(console.introduction(settings, dataset, size, directory), table.heading(), sep="\n\n", flush=True)

    def show(record: Record) -> None:
        print(table.line(record), flush=True)

    try:
        summary = run(settings, dataset, directory, options.mode, console.progress_bar, introduce, show)
    except KeyboardInterrupt:
        print(f"\ninterrupted; go on with the same command and --resume, from {directory}", file=sys.stderr)
        return INTERRUPTED
    print("\n" + console.conclusion(summary, directory))
    for warning in dataset.warnings:
        console.warn(warning)
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """`mnist-softmax evaluate`."""
    from mnist_softmax.data.sources import load
    from mnist_softmax.experiments.run import check_fit
    from mnist_softmax.experiments.run_directory import RunDirectory
    from mnist_softmax.experiments.trained import answers, load_network
    from mnist_softmax.reporting import console
    from mnist_softmax.reporting.evaluation import evaluation

    run = RunDirectory(options.run)
    network, settings = load_network(run), run.read_config()
    dataset = load(settings.data)
    check_fit(settings, dataset)
    for warning in dataset.warnings:
        console.warn(warning)
    summary = run.read_summary()
    if summary and summary["data"]["checksum"] != dataset.checksum:
        console.warn(
            f"{run.path} was trained on other data ({summary['data']['source']}) than it is evaluated on"
        )
    found = answers(network, getattr(dataset, options.split), settings.data.scale)
    print(evaluation(found, options.split, settings.network.cost))
    return 0


def data(options: argparse.Namespace) -> int:
    """`mnist-softmax data`."""
    from mnist_softmax.config_file import load_data_section
    from mnist_softmax.data.describe import describe
    from mnist_softmax.data.sources import load

    print(describe(load(load_data_section(options.overrides))))
    return 0
