"""`mnist-softmax explain` and `scripts/explain.py`: why dC/db_j = a_j - y_j, on a real digit."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from mnist_softmax.commands.options import settings_of_run, user_path

if TYPE_CHECKING:
    from mnist_softmax.config.config import Config
    from mnist_softmax.network.network import Network

HELP = "show on a real digit why dC/db_j = a_j - y_j with softmax outputs, and what it is with sigmoid ones"
SAMPLE = "data.source=sample"  # where nothing else is asked for: the same digit on every machine
USAGE = "[--config NAME | --run RUN_DIR] [--index N] [--split test] [--plot FILE] [--json] [key=value ...]"
TAKES_OVERRIDES = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command line."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--config",
        type=user_path,
        metavar="NAME",
        help="a fresh network of this config: a name or a path (loglik)",
    )
    which.add_argument(
        "--run", type=user_path, metavar="RUN_DIR", help="a trained network, such as runs/loglik/seed-0"
    )
    parser.add_argument("--index", type=int, default=0, metavar="N", help="which image of the split, from 0")
    parser.add_argument(
        "--split", choices=("train", "validation", "test"), default="test", help="default: test"
    )
    parser.add_argument("--plot", type=user_path, metavar="FILE", help="draw it too, into a .png, .svg or .pdf")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def run(options: argparse.Namespace) -> int:
    """Explain, and show it."""
    import json

    from mnist_softmax.commands import console
    from mnist_softmax.data.sources import load_digits
    from mnist_softmax.diagnostics import explain_report as reporting
    from mnist_softmax.diagnostics.explain import digit, explain
    from mnist_softmax.training.fit import check_fit

    settings = _settings(options)
    dataset = load_digits(settings.data)
    check_fit(settings, dataset)
    network, name = _network(options, settings)
    for warning in dataset.warnings:
        console.warn(warning)
    x, label = digit(dataset.split(options.split), options.split, options.index)
    explanations = explain(network, x, label)
    title = f"image {options.index} of {options.split} ({dataset.source}), a {label}; {name}"
    if options.plot:
        reporting.plot(explanations, title, options.plot)
    if options.json:
        described = {"split": options.split, "index": options.index, "label": label, "network": name}
        content = described | {each.output: each.as_json() for each in explanations}
        print(json.dumps(content, indent=2))
    else:
        print(reporting.report(explanations, title, reporting.draw(x, sys.stdout.encoding)))
    return 0


def _settings(options: argparse.Namespace) -> Config:
    """The config of the run, or of the network to be drawn."""
    from mnist_softmax.config.file import load_config

    overrides = options.overrides
    if options.run:
        return settings_of_run(options.run, overrides)
    if not options.config and not any(pair.startswith("data.") for pair in overrides):
        overrides = [SAMPLE, *overrides]
    return load_config(options.config or "loglik", *overrides)


def _network(options: argparse.Namespace, settings: Config) -> tuple[Network, str]:
    """The network, and what it is called."""
    from mnist_softmax.network.network import Network
    from mnist_softmax.runs.answers import load_network
    from mnist_softmax.runs.directory import RunDirectory
    from mnist_softmax.training.randomness import draw_weights

    if options.run:
        return load_network(RunDirectory(options.run)), f"the network trained in {options.run}"
    network = Network(settings.network, "float64")
    draw_weights(network, settings)
    return network, f"a fresh {settings.network.title} network, seed {settings.seed}"
