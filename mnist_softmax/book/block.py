"""The `book:` block of a config: what the book says of the experiment, and how that is to be checked.

Epochs count from 0 here, as the book's do. Figures stand as printed: accuracies in percent, or as counts of
images where the book gives counts.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from mnist_softmax.config.schema import Integer, NotNegative, Number, PositiveInt, Section

Epoch = Annotated[Integer, Field(ge=0)]
Count = Annotated[Integer, Field(ge=0)]
Split = Literal["train", "validation", "test"]


class Selected(Section):
    """One figure of a run: `metric` at one epoch. The best epoch is chosen by the metric itself (`peak`)."""

    metric: str = "test_accuracy"
    select: Literal["peak", "final", "first"] = "peak"
    """`first` is after the first epoch; for gradient norms before it."""
    run: str | None = None
    """Which of `runs`; where there is only one, nothing."""
    layer: PositiveInt | None = None
    """For gradient norms: which hidden layer, the first is 1."""


class Printed(Selected):
    """A number that the book prints, compared with the distribution of what our runs report."""

    kind: Literal["printed"]
    value: Number
    best_of: PositiveInt = 1
    """The book reports the best of so many runs."""


class Statement(Selected):
    """What the book says in words, as bounds within which a run's figure must lie."""

    kind: Literal["statement"]
    says: str
    above: Number | None = None
    below: Number | None = None
    minus: str | None = None
    """Not the figure of `run` but its difference to that of this other run with the same seed."""
    over_layer: PositiveInt | None = None
    """Not the norm of `layer` but its ratio to that of this other hidden layer."""


class Transcript(Section):
    """Right answers that the book prints for single epochs of one run."""

    kind: Literal["transcript"]
    metric: Literal["test_accuracy", "validation_accuracy"] = "test_accuracy"
    counts: dict[Epoch, Count]


class OneClass(Section):
    """Printed counts that are those of a network that gives every image the same answer."""

    kind: Literal["one_class"]
    metric: Literal["test_accuracy", "validation_accuracy"] = "test_accuracy"
    counts: tuple[Count, ...]
    always: Count | None = None
    """Every run must have this count after every epoch; without it any class will do."""


class Exact(Section):
    """What admits no chance: counts or percentages that must come out as printed."""

    kind: Literal["exact"]
    split: Split
    unit: Literal["count", "percent"]
    values: dict[PositiveInt, Number]
    """By the number of training images."""


class Curves(Section):
    """The book's course of the gradient norms, compared at the epochs of the reference figures."""

    kind: Literal["curves"]
    recording: str
    """Its name among the reference figures."""


class Bars(Section):
    """The book's initial gradients of single neurons, of which only the size can be compared."""

    kind: Literal["bars"]
    recording: str
    neurons: PositiveInt


class Outperforms(Section):
    """In the replay every run ends above what another method reached at the same size."""

    kind: Literal["outperforms"]
    says: str
    metric: Literal["test_accuracy", "validation_accuracy"]
    recording: str
    """The other method's percentages, by the name of our run."""


Claim = Annotated[
    Printed | Statement | Transcript | OneClass | Exact | Curves | Bars | Outperforms,
    Field(discriminator="kind"),
]


class Recording(Section):
    """Curves that the author's program recorded with seeded generators, which can be replayed exactly."""

    figures: str
    """The name of the author's file, without .json, and of the reference figures."""
    program: str
    metrics: tuple[str, ...]
    """What was recorded."""
    one_list: bool = False
    """Whether the program hands its runs one list, which stays as the last epoch left it, and not slices of it."""
    chaotic: str | None = None
    """Said beforehand: which of it parts from the record by rounding, and why."""
    seed: Annotated[Integer, Field(ge=0)] = 12345678


class Baseline(Section):
    """A classifier that is no network, trained on the first so many images."""

    method: Literal["guess", "darkness", "svm"]
    sizes: Annotated[tuple[PositiveInt, ...], Field(min_length=1)]


class Book(Section):
    """An experiment of the book."""

    chapter: PositiveInt
    section: str
    title: str
    runs: dict[str, dict[str, Any]] = Field(default={})
    """Several trainings in one experiment: for each name, the keys of the config that it changes."""
    seeded_runs: tuple[str, ...] | None = None
    """Which of `runs` are trained with many seeds; all of them, if nothing is said."""
    claims: tuple[Claim, ...] = ()
    recording: Recording | None = None
    baseline: Baseline | None = None
    inferred: tuple[str, ...] = ()
    """What the book does not say, and what was taken instead."""
    deviations: tuple[str, ...] = ()
    """Where we knowingly do otherwise."""
    tolerance: NotNegative = 1e-6
    """How far a replayed cost may lie from the recorded one, relative to it."""

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        named = [getattr(claim, key, None) for claim in self.claims for key in ("run", "minus")]
        unknown = {name for name in (*named, *(self.seeded_runs or ())) if name} - set(self.runs)
        if unknown:
            raise ValueError(f"there is no run {', '.join(sorted(unknown))} in runs")
        return self
