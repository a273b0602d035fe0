"""What a run is: the typed, validated content of one YAML file. One file, one experiment (see file.py)."""

from __future__ import annotations

from typing import Any, Self

import yaml
from pydantic import model_validator

from mnist_softmax.config.data import Data
from mnist_softmax.config.layers import Dense
from mnist_softmax.config.network import Architecture
from mnist_softmax.config.randomness import Randomness, Streams
from mnist_softmax.config.schema import PathName, Section, Seed
from mnist_softmax.config.training import Training
from mnist_softmax.metrics import METRICS


class Output(Section):
    """Where results go: `<directory>/<name of the config>/seed-<n>/`."""

    directory: PathName = "runs"
    """The folder of all runs."""


class Config(Section):
    """One run."""

    seed: Seed = 0
    """Of starting weights, the order of mini-batches, dropout."""
    randomness: Randomness = Streams()
    """`streams`, one for each use, or `book`: numbers as the book's programs drew them."""
    data: Data = Data()
    network: Architecture
    training: Training
    output: Output = Output()
    book: dict[str, Any] | None = None
    """What the book says of this run; checked and read by `reproduce` alone (book/block.py)."""

    @model_validator(mode="after")
    def _book_draws_only_this(self) -> Self:
        if self.randomness.kind == "book":
            if self.network.initializer not in ("scaled", "large"):
                raise ValueError("randomness: book draws initializer scaled or large only")
            if self.seed >= 2**32:
                raise ValueError("randomness: book takes a seed below 2^32")
            if any(
                not isinstance(layer.entry, Dense) or layer.entry.initializer for layer in self.network.placed()
            ):
                raise ValueError("randomness: book draws dense layers only, all by network.initializer")
            if self.training.order != "shuffled":
                raise ValueError("randomness: book shuffles; leave training.order out")
        return self

    @model_validator(mode="after")
    def _norms_are_of_hidden_layers(self) -> Self:
        for name in self.training.monitor:
            if METRICS[name].by_layer and not self.network.hidden():
                raise ValueError(f"monitor {name} needs a hidden layer in network.layers")
        return self

    def to_yaml(self) -> str:
        """The whole config, defaults written out, as YAML that `load_config` reads back to an equal one."""
        content = self.model_dump(mode="json", exclude={"book"})
        if self.book is not None:
            content["book"] = self.book  # JSON would make words of the numbers among its keys
        return yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=110)
