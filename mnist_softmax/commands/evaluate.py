"""`mnist-softmax evaluate`: how good a trained run is, or how good several are that vote."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from mnist_softmax.commands.options import names_and_pairs, settings_of_run, user_path

if TYPE_CHECKING:
    from mnist_softmax.config.config import Config
    from mnist_softmax.data.dataset import Split
    from mnist_softmax.runs.answers import Answers

HELP = (
    "accuracy, cost, confusion matrix and worst mistakes of a trained run; of several, what most of them answer"
)
USAGE = "RUN_DIR [RUN_DIR ...] [--split test] [data.key=value ...]"
TAKES_OVERRIDES = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command line."""
    parser.add_argument(
        "runs", type=user_path, metavar="RUN_DIR", nargs="+", help="such as runs/loglik/seed-0; several vote"
    )
    parser.add_argument(
        "--split", choices=("train", "validation", "test"), default="test", help="default: test"
    )


def run(options: argparse.Namespace) -> int:
    """Evaluate, and show it."""
    from mnist_softmax.data.dataset import sha256
    from mnist_softmax.diagnostics.evaluation_report import evaluation, vote
    from mnist_softmax.errors import ConfigError, RunDirectoryError

    runs, pairs = names_and_pairs(options.runs, options.overrides)
    if not runs:
        raise ConfigError("evaluate needs a run: mnist-softmax evaluate runs/loglik/seed-0")
    if len(runs) == 1:
        settings, _, found = _answers(runs[0], options.split, pairs)
        print(evaluation(found, options.split, settings.network.cost))
        return 0
    several: dict[str, Answers] = {}
    first = None
    for path in runs:
        if os.path.realpath(path) in map(os.path.realpath, several):
            raise ConfigError(f"{path}: is named twice; each network has one vote")
        _, split, several[path] = _answers(path, options.split, pairs)
        checksum = sha256(split)
        first = first or checksum
        if checksum != first:
            raise RunDirectoryError(
                f"{path}: its {options.split} images are others than those of {runs[0]}; "
                "only runs on the same data can vote"
            )
        if several[path].outputs.shape != several[runs[0]].outputs.shape:
            raise RunDirectoryError(
                f"{path}: has another number of classes than {runs[0]}; only runs with the same can vote"
            )
    print(vote(several, options.split))
    return 0


def _answers(path: str, split: str, pairs: list[str]) -> tuple[Config, Split, Answers]:
    """A run's config, the split of its data, and what its network answers there."""
    from mnist_softmax.commands import console
    from mnist_softmax.data.sources import load_digits
    from mnist_softmax.runs.answers import answers, load_network
    from mnist_softmax.runs.directory import RunDirectory
    from mnist_softmax.training.fit import check_fit

    directory = RunDirectory(path)
    settings, network = settings_of_run(path, pairs), load_network(directory)
    dataset = load_digits(settings.data)
    check_fit(settings, dataset)
    for warning in dataset.warnings:
        console.warn(warning)
    summary = directory.read_summary()
    if summary and summary["data"]["checksum"] != dataset.checksum:
        console.warn(
            f"{directory.path} was trained on other data ({summary['data']['source']}) than it is evaluated on"
        )
    return settings, dataset.split(split), answers(network, dataset.split(split))
