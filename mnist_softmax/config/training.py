"""What a config says of the training: how long, how fast, what is measured, when it stops."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mnist_softmax.config.schema import (
    Finite,
    Fraction,
    Misfit,
    NotBoolean,
    NotNegative,
    Positive,
    PositiveInt,
    Section,
    one_of,
)
from mnist_softmax.metrics import METRICS

MetricName = Annotated[str, one_of(METRICS), Field(json_schema_extra={"enum": [*METRICS]})]

Forgetting = Annotated[float, Finite, Field(ge=0, lt=1), NotBoolean]


class Constant(Section):
    """The same learning rate in every epoch."""

    kind: Literal["constant"] = "constant"


class Step(Section):
    """Times `factor` after each `every` epochs."""

    kind: Literal["step"]
    every: PositiveInt
    """So many epochs have the same rate."""
    factor: Fraction
    """What the rate is then multiplied by."""


class Exponential(Section):
    """Times `factor` after each epoch."""

    kind: Literal["exponential"]
    factor: Fraction
    """What the rate is multiplied by."""


class Halving(Section):
    """Halved when validation accuracy has not improved for `patience` epochs; the run ends where that makes it
    1/`stop_at` of the first rate or less (the book's problem in chapter 3, "Learning rate schedules")."""

    kind: Literal["halving"]
    patience: PositiveInt
    """So many epochs without a better one."""
    stop_at: Annotated[float, Finite, Field(gt=1), NotBoolean] = 128.0
    """The first rate over this ends the run."""


class SGD(Section):
    """Stochastic gradient descent, with `training.momentum` as eqs. (107) and (108) have it.

    `nesterov` steps on by the velocity that the next step would have without a gradient, mu v' - eta dC/dw
    (Sutskever et al. 2013).
    """

    kind: Literal["sgd"] = "sgd"
    nesterov: bool = False
    """Whether momentum looks ahead."""


class Adam(Section):
    """Adam (Kingma and Ba 2015, algorithm 1): each parameter has a step of its own, of about the learning rate.

    Means of its gradients and of their squares forget by `beta1` and `beta2` a step. Penalties are part of the
    gradient.
    """

    kind: Literal["adam"]
    beta1: Forgetting = 0.9
    """How much of the mean gradient stays at a step."""
    beta2: Forgetting = 0.999
    """How much of the mean square stays at a step."""
    epsilon: Annotated[float, Finite, Field(ge=1e-30), NotBoolean] = 1e-8
    """Added to the root of the mean square, so that nothing is divided by zero."""


class EarlyStopping(Section):
    """Stop when validation accuracy has not improved for `patience` epochs; the best parameters are kept."""

    patience: PositiveInt
    """So many epochs without a better one."""


class Training(Section):
    """How it is trained."""

    epochs: PositiveInt
    """How often every image is shown."""
    mini_batch_size: PositiveInt
    """m: the images of one step; the last mini-batch of an epoch may be smaller."""
    learning_rate: Positive
    """eta."""
    schedule: Annotated[Constant | Step | Exponential | Halving, Field(discriminator="kind")] = Constant()
    """How eta falls."""
    optimizer: Annotated[SGD | Adam, Field(discriminator="kind")] = SGD()
    """What becomes of a gradient: `sgd` or `adam`."""
    momentum: Forgetting = 0.0
    """mu of eq. (107)."""
    l2: NotNegative = 0.0
    """lambda of eq. (85): the penalty is lambda/2n times the sum of squared weights."""
    l1: NotNegative = 0.0
    """lambda of eq. (95): the penalty is lambda/n times the sum of absolute weights."""
    order: Literal["shuffled", "as_stored"] = "shuffled"
    """Whether every epoch shows the images in a new order, or as they are stored, as the book's network3 does."""
    early_stopping: EarlyStopping | None = None
    """Stop by validation accuracy, and keep the best parameters."""
    dtype: Literal["float32", "float64"] = "float32"
    """Of all numbers in training."""
    monitor: tuple[MetricName, ...] = ("train_cost", "validation_accuracy", "test_accuracy")
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
    def _momentum_is_that_of_sgd(self) -> Self:
        if self.optimizer.kind == "adam" and self.momentum:
            raise Misfit("momentum", "is for optimizer sgd; adam has training.optimizer.beta1 in its place")
        if self.optimizer.kind == "sgd" and self.optimizer.nesterov and not self.momentum:
            raise Misfit("optimizer.nesterov", "needs training.momentum above 0, such as 0.9")
        return self

    @model_validator(mode="after")
    def _book_has_neither_momentum_nor_l1_nor_adam(self) -> Self:
        if self.rounding == "book" and (self.momentum or self.l1 or self.optimizer.kind == "adam"):
            raise ValueError(
                "rounding: book goes without momentum and l1, and without adam, which the book's programs do not have"
            )
        return self
