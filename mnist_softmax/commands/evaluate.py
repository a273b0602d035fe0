"""`mnist-softmax evaluate`: how good a trained run is."""

from __future__ import annotations

import argparse

HELP = "accuracy, cost, confusion matrix and worst mistakes of a trained run"
USAGE = "RUN_DIR [--split test]"
TAKES_OVERRIDES = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command line."""
    parser.add_argument("run", metavar="RUN_DIR", help="such as runs/loglik/seed-0")
    parser.add_argument(
        "--split", choices=("train", "validation", "test"), default="test", help="default: test"
    )


def run(options: argparse.Namespace) -> int:
    """Evaluate, and show it."""
    from mnist_softmax.commands import console
    from mnist_softmax.data.sources import load_digits
    from mnist_softmax.diagnostics.evaluation_report import evaluation
    from mnist_softmax.runs.answers import answers, load_network
    from mnist_softmax.runs.directory import RunDirectory
    from mnist_softmax.training.loop import check_fit

    directory = RunDirectory(options.run)
    network, settings = load_network(directory), directory.read_config()
    dataset = load_digits(settings.data)
    check_fit(settings, dataset)
    for warning in dataset.warnings:
        console.warn(warning)
    summary = directory.read_summary()
    if summary and summary["data"]["checksum"] != dataset.checksum:
        console.warn(
            f"{directory.path} was trained on other data ({summary['data']['source']}) than it is evaluated on"
        )
    found = answers(network, dataset.split(options.split))
    print(evaluation(found, options.split, settings.network.cost))
    return 0
