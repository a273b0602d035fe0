"""What is put into the page: digits of 4 bits a pixel, and the networks of runs in float32.

The page holds what fits into `LARGEST` bytes. Networks go first, whole; then the test digits; training digits
fill what is left.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mnist_softmax.config.file import load_config, load_data_section
from mnist_softmax.config.layers import Dense, Dropout
from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import ConfigError
from mnist_softmax.network.network import Network
from mnist_softmax.runs.answers import load_network
from mnist_softmax.runs.directory import RunDirectory

WIDTH, CLASSES = 784, 10
MOST_RUNS = 4
LARGEST = 1_860_000  # bytes of digits and networks; with the page's own text the file stays below 2 MB
TEST, TRAIN = 1000, 4000  # digits at most
FEWEST = 200  # training digits at least, where networks take the room


class Contents(NamedTuple):
    """`stored` is what the page reads; `about` says in a line what it is; `warnings` are for the user."""

    stored: dict[str, Any]
    about: str
    warnings: tuple[str, ...]


def gather(runs: Sequence[str | Path], overrides: Sequence[str]) -> Contents:
    """Read the runs and the digits.

    Without runs the digits are the sample, unless `overrides` (data.* only) say otherwise.
    Raises ConfigError, RunDirectoryError, DataError.
    """
    if len(runs) > MOST_RUNS:
        raise ConfigError(f"{len(runs)} runs; the page shows at most {MOST_RUNS}")
    directories = [RunDirectory(path) for path in runs]
    networks = {f"run{k}": _network(run) for k, run in enumerate(directories, start=1)}
    if directories:
        _check_one_data(directories)
        if other := [pair for pair in overrides if not pair.startswith("data.")]:
            raise ConfigError(f"{other[0]}: a trained network is what it is; only data.* may be changed")
        data = load_config(directories[0].config, *overrides).data
    else:
        named = any(pair.startswith("data.source=") for pair in overrides)
        data = load_data_section(*([] if named else ["data.source=sample"]), *overrides)
    dataset = load_digits(data)
    if dataset.width != WIDTH or dataset.num_classes != CLASSES:
        raise ConfigError(
            f"{dataset.location}: the page is made for images of {WIDTH} pixels and {CLASSES} classes; these "
            f"have {dataset.width} pixels and {dataset.num_classes} classes"
        )
    digits = _digits(dataset, data.scale, LARGEST - sum(len(each["parameters"]) for each in networks.values()))
    counts = f"{digits['train']['n']:,} training digits and {digits['test']['n']:,} others ({dataset.source})"
    about = f"In this file: {counts}" + "".join(f"; {each['title']}" for each in networks.values()) + "."
    warnings = dataset.warnings + _other_data(directories, dataset)
    return Contents({"digits": digits, "networks": networks}, about, warnings)


def _network(run: RunDirectory) -> dict[str, Any]:
    """A run's network as the engine takes it. Raises ConfigError where the engine cannot."""
    settings = run.read_config()
    network = load_network(run)
    dense = _dense_layers(run, network)
    if network.num_inputs != WIDTH or network.num_outputs != CLASSES:
        raise ConfigError(
            f"{run.path}: the network is {settings.network.title}; the page needs {WIDTH} inputs and "
            f"{CLASSES} outputs"
        )
    values = np.concatenate([array.ravel() for _, w, b in dense for array in (w, b)])
    if not np.isfinite(values).all():
        raise ConfigError(f"{run.path}: holds weights that are not finite numbers; there is nothing to look at")
    return {
        "title": f"{'/'.join(run.path.parts[-2:]) or run.path} ({settings.network.title})",
        "sizes": [WIDTH, *(len(b) for _, _, b in dense)],
        "hidden": dense[0][0] if len(dense) > 1 else "sigmoid",
        "output": settings.network.output_activation,
        "cost": settings.network.cost,
        "error": settings.network.output_error,
        "scale": settings.data.scale,
        "parameters": base64.b64encode(values.astype("<f4").tobytes()).decode(),
    }


def _dense_layers(run: RunDirectory, network: Network) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Activation, w and b of each layer of a network that is fully connected throughout.

    A layer of dropout multiplies activations by 1 - p when a network is used; here the w behind it are.
    """
    dense, kept = [], 1.0
    for layer, arrays in zip(network.layers, network.parameters.layers, strict=True):
        if isinstance(layer.entry, Dropout):
            kept *= 1 - layer.entry.p
        elif isinstance(layer.entry, Dense):
            dense.append((layer.activation, arrays["w"] * kept, arrays["b"]))
            kept = 1.0
        else:
            raise ConfigError(
                f"{run.path}: has a layer of {layer.kind}; the page shows fully connected networks only "
                "(mnist-softmax predict takes any)"
            )
    if len({activation for activation, *_ in dense[:-1]}) > 1:
        raise ConfigError(f"{run.path}: its hidden layers have different activations; the page knows only one")
    return dense


def _check_one_data(directories: Sequence[RunDirectory]) -> None:
    """Digits of one kind only: a page has one set of them."""
    summaries = [(run, run.read_summary()) for run in directories]
    known = [(run, summary["data"]["checksum"]) for run, summary in summaries if summary]
    for run, checksum in known[1:]:
        if checksum != known[0][1]:
            raise ConfigError(
                f"{run.path}: was trained on other data than {known[0][0].path}; make a page for each"
            )


def _other_data(directories: Sequence[RunDirectory], dataset: Dataset) -> tuple[str, ...]:
    for run in directories:
        summary = run.read_summary()
        if summary and summary["data"]["checksum"] != dataset.checksum:
            trained_on = summary["data"]["source"]
            return (
                f"{run.path} was trained on other data ({trained_on}) than the page holds ({dataset.source})",
            )
    return ()


def _digits(dataset: Dataset, scale: float, room: int) -> dict[str, Any]:
    """As many digits as `room` bytes hold, no training digit among the test digits."""
    test = _joined(dataset.test, dataset.validation).first(TEST)
    packed = {"test": _packed(test, scale), "train": _packed(dataset.train.first(TRAIN), scale)}
    left = room - len(packed["test"]["pixels"])
    size, n = len(packed["train"]["pixels"]), packed["train"]["n"]
    if size > left:  # digits take nearly the same room each
        n = max(int(0.97 * n * left / size), 0) // 100 * 100
        if n < FEWEST:
            raise ConfigError(
                f"these runs are too large for one page of 2 MB (they leave room for {n} training digits); "
                "name fewer runs"
            )
        packed["train"] = _packed(dataset.train.first(n), scale)
    if missing := set(map(str, range(CLASSES))) - set(packed["train"]["labels"]):
        raise ConfigError(
            f"{dataset.location}: no {sorted(missing)[0]} among the first {n:,} training digits; the page needs "
            "each of the ten, so take more of them (data.training_size)"
        )
    return packed


def _joined(first: Split, second: Split) -> Split:
    return Split(
        np.concatenate([first.images[:TEST], second.images[:TEST]]),
        np.concatenate([first.labels[:TEST], second.labels[:TEST]]),
    )


def _packed(split: Split, scale: float) -> dict[str, Any]:
    """Pixels from 0 to 15, two a byte, deflated, in base64; labels as a string of digits."""
    pixels = np.clip(np.rint(split.images * (15 / scale)), 0, 15).astype(np.uint8)
    pairs = pixels.reshape(-1, 2)
    text = base64.b64encode(zlib.compress((pairs[:, 0] << 4 | pairs[:, 1]).tobytes(), 9)).decode()
    return {"n": len(split), "pixels": text, "labels": "".join(map(str, split.labels.tolist()))}
