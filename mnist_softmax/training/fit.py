"""Whether a config's network and training fit the digits and the machine, before anything is worked out."""

from __future__ import annotations

import os

from mnist_softmax.config.config import Config
from mnist_softmax.config.randomness import BookStreams
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.errors import ConfigError
from mnist_softmax.training.book_streams import check_earlier
from mnist_softmax.training.cohort import bytes_needed

SHAPING = (
    "scale",
    "training_size",
    "validation_size",
    "expansion",
)  # of the data section: what digits it makes


def check_fit(settings: Config, dataset: Dataset) -> None:
    """Raises ConfigError where network and training do not fit the data."""
    layers, m, n = settings.network.placed(), settings.training.mini_batch_size, len(dataset.train)
    if layers[0].n_in != dataset.width:
        raise ConfigError(
            f"network.layers begins with {layers[0].n_in}; the images have {dataset.width} pixels: "
            f"write {dataset.width} there"
        )
    if layers[-1].n_out != dataset.num_classes:
        k, found = dataset.num_classes, dataset.classes
        labels = f"the labels have {k} classes, 0 to {k - 1}: write {k} there"
        if len(found) < k:
            few = [*map(str, found)] if len(found) <= 12 else [*map(str, found[:10]), "...", str(found[-1])]
            labels = (
                f"the labels need {k} outputs: one for each number from 0 to {k - 1}, though only {len(found)} of "
                f"them occur ({', '.join(few)}); count the labels from 0, or write {k} there"
            )
        raise ConfigError(f"network.layers ends with {layers[-1].n_out}; {labels}")
    for key in SHAPING if dataset.section else ():
        loaded, asked = getattr(dataset.section, key), getattr(settings.data, key)
        if loaded != asked:
            raise ConfigError(
                f"data.{key} is {asked}, but the digits were loaded with {loaded}; "
                "load them with this config's data section"
            )
    if m > n:
        raise ConfigError(f"training.mini_batch_size is {m}; there are only {n} training images")
    needed, there = bytes_needed(settings, 1, n), _memory()
    if there and needed > there:
        one = settings.training.model_copy(update={"mini_batch_size": 1})
        alone = bytes_needed(settings.model_copy(update={"training": one}), 1, n)
        blamed = "network.layers" if alone > there else f"training.mini_batch_size = {m}"
        raise ConfigError(
            f"{blamed} would take {needed / 1e9:,.0f} GB of memory, this machine has {there / 1e9:,.0f} GB; "
            "make it smaller"
        )


def check_trainable(settings: Config, dataset: Dataset) -> None:
    """As `check_fit`, and for who trains: an order that goes on from an earlier run is of as many images."""
    check_fit(settings, dataset)
    if isinstance(settings.randomness, BookStreams):
        check_earlier(settings.randomness, len(dataset.train))


def _memory() -> int | None:
    """Of this machine, in bytes; None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
