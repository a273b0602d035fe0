"""What a run is: the typed, validated content of one YAML file. One file, one experiment (see file.py)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BeforeValidator, Field, model_validator

from mnist_softmax.config.schema import (
    Fraction,
    Integer,
    NotNegative,
    Number,
    PathName,
    Positive,
    PositiveInt,
    Section,
)

Activation = Literal["sigmoid", "tanh", "relu"]
OutputActivation = Literal["softmax", "sigmoid", "tanh", "relu", "linear"]
Cost = Literal["quadratic", "cross_entropy", "log_likelihood"]
OutputError = Literal["exact", "true_output_only"]
Initializer = Literal["scaled", "large", "zeros", "he", "glorot"]
Metric = Literal[
    "train_cost", "train_accuracy", "train_mean_output", "train_mean_true_output", "train_gradient_norms",
    "validation_cost", "validation_accuracy", "validation_mean_output", "validation_mean_true_output",
    "test_cost", "test_accuracy", "test_mean_output", "test_mean_true_output",
]  # fmt: skip

# A logarithm needs outputs between 0 and 1; the quadratic cost takes any number.
OUTPUT_ACTIVATIONS_OF: dict[str, tuple[str, ...]] = {
    "quadratic": ("softmax", "sigmoid", "tanh", "relu", "linear"),
    "cross_entropy": ("softmax", "sigmoid"),
    "log_likelihood": ("softmax", "sigmoid"),
}


class Data(Section):
    """Where the digits come from."""

    source: Literal["auto", "openml", "sample", "idx", "npz"] = "auto"
    path: PathName | None = None
    """The directory of the IDX files, or the npz file."""
    scale: Annotated[Number, Field(ge=1e-3, le=1e6)] = 255.0
    """Pixels are divided by this: 255 to fill [0, 1], 256 as the book's data was."""
    training_size: PositiveInt | None = None
    """Train on the first n training images only."""
    validation_size: PositiveInt | None = None
    """Validate on the first n validation images only."""

    @model_validator(mode="after")
    def _files_need_a_path(self) -> Self:
        if (self.source in ("idx", "npz")) != (self.path is not None):
            raise ValueError("path goes with source idx (a directory) or npz (a file), and only with these")
        return self


class Network(Section):
    """What is trained."""

    layers: Annotated[tuple[Annotated[PositiveInt, Field(le=1_000_000)], ...], Field(min_length=2)]
    """Neurons per layer, inputs first. (Entries may later be mappings: convolution, pooling.)"""
    hidden_activation: Activation = "sigmoid"
    output_activation: OutputActivation
    cost: Cost
    output_error: OutputError = "exact"
    """delta^L: `exact` is dC/dz^L. `true_output_only` is y_j (a_j - 1), which with softmax outputs is no gradient of
    this cost or of any other: wrong on purpose, to be trained beside the right one (docs/derivation.md)."""
    initializer: Initializer = "scaled"

    @model_validator(mode="after")
    def _cost_suits_output(self) -> Self:
        allowed = OUTPUT_ACTIVATIONS_OF[self.cost]
        if self.output_activation not in allowed:
            raise ValueError(
                f"cost {self.cost} is not defined for {self.output_activation} outputs; "
                f"output_activation may be {' or '.join(allowed)}"
            )
        return self

    @model_validator(mode="after")
    def _wrong_error_is_wrong(self) -> Self:
        pair = (self.output_activation, self.cost)
        if self.output_error == "true_output_only" and pair != ("softmax", "log_likelihood"):
            exact = pair == ("sigmoid", "log_likelihood")
            raise ValueError(
                "output_error true_output_only is the exact error of this pair already; leave output_error out"
                if exact
                else "output_error true_output_only is for softmax outputs with cost log_likelihood, "
                f"not for {self.output_activation} with {self.cost}"
            )
        return self


class Constant(Section):
    """The same learning rate in every epoch."""

    kind: Literal["constant"] = "constant"


class Step(Section):
    """Times `factor` after each `every` epochs."""

    kind: Literal["step"]
    every: PositiveInt
    factor: Fraction


class Exponential(Section):
    """Times `factor` after each epoch."""

    kind: Literal["exponential"]
    factor: Fraction


class Halving(Section):
    """Halved when validation accuracy has not improved for `patience` epochs; the run ends below 1/`stop_at`
    of the first rate (the book's problem in chapter 3, "Learning rate schedules")."""

    kind: Literal["halving"]
    patience: PositiveInt
    stop_at: Annotated[Number, Field(gt=1)] = 128.0


class EarlyStopping(Section):
    """Stop when validation accuracy has not improved for `patience` epochs; the best parameters are kept."""

    patience: PositiveInt


class Training(Section):
    """How it is trained."""

    epochs: PositiveInt
    mini_batch_size: PositiveInt
    learning_rate: Positive
    schedule: Annotated[Constant | Step | Exponential | Halving, Field(discriminator="kind")] = Constant()
    momentum: Annotated[Number, Field(ge=0, lt=1)] = 0.0
    l2: NotNegative = 0.0
    """lambda of eq. (85): the penalty is lambda/2n times the sum of squared weights."""
    l1: NotNegative = 0.0
    """lambda of eq. (95): the penalty is lambda/n times the sum of absolute weights."""
    early_stopping: EarlyStopping | None = None
    dtype: Literal["float32", "float64"] = "float32"
    monitor: tuple[Metric, ...] = ("train_cost", "validation_accuracy", "test_accuracy")
    """What is measured after every epoch."""
    monitor_every: PositiveInt = 1
    """Measure only after every n-th epoch, and after the last."""
    on_overflow: Literal["stop", "go_on"] = "stop"
    """What to do when a cost or a parameter is no longer finite; a few of the book's runs are meant to overflow."""
    rounding: Literal["fast", "book"] = "fast"
    """`book` rounds in the order of the book's programs: gradients are summed and then multiplied by eta/m.
    The last bits differ, which a long run without regularisation amplifies; for replays in float64."""

    @model_validator(mode="after")
    def _watched_metric_is_measured(self) -> Self:
        watches = self.early_stopping is not None or self.schedule.kind == "halving"
        if watches and "validation_accuracy" not in self.monitor:
            raise ValueError("early_stopping and the halving schedule need validation_accuracy in monitor")
        if watches and self.monitor_every > 1:
            raise ValueError("early_stopping and the halving schedule need monitor_every to be 1")
        return self

    @model_validator(mode="after")
    def _book_has_neither_momentum_nor_l1(self) -> Self:
        if self.rounding == "book" and (self.momentum or self.l1):
            raise ValueError(
                "rounding: book goes without momentum and l1, which the book's programs do not have"
            )
        return self


class Streams(Section):
    """Independent streams from one seed, one for each use (training/randomness.py)."""

    kind: Literal["streams"] = "streams"


class EarlierRun(Section):
    """What a run that the author's program trained before this one took out of the two generators."""

    initializer: Literal["scaled", "large"]
    images: PositiveInt
    epochs: PositiveInt


class BookStreams(Section):
    """The generators of the book's programs, for exact replays (training/book_streams.py)."""

    kind: Literal["book"]
    earlier_runs: tuple[EarlierRun, ...] = ()
    order_goes_on: bool = False
    """Whether the first epoch shuffles the order that the earlier runs left, and not the order of the file."""


def _by_name(value: Any) -> Any:
    """`randomness: book` is short for `randomness: {kind: book}`."""
    return {"kind": value} if isinstance(value, str) else value


class Output(Section):
    """Where results go: `<directory>/<name of the config>/seed-<n>/`."""

    directory: PathName = "runs"


class Config(Section):
    """One run."""

    seed: Annotated[Integer, Field(ge=0)] = 0
    randomness: Annotated[Streams | BookStreams, Field(discriminator="kind"), BeforeValidator(_by_name)] = (
        Streams()
    )
    data: Data = Data()
    network: Network
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
        return self

    @model_validator(mode="after")
    def _norms_are_of_hidden_layers(self) -> Self:
        if "train_gradient_norms" in self.training.monitor and len(self.network.layers) < 3:
            raise ValueError("monitor train_gradient_norms needs a hidden layer in network.layers")
        return self

    def to_yaml(self) -> str:
        """The whole config, defaults written out, as YAML that `load_config` reads back to an equal one."""
        content = self.model_dump(mode="json", exclude={"book"})
        if self.book is not None:
            content["book"] = (
                self.book
            )  # as it was written: JSON would make words of the numbers among its keys
        return yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=110)
