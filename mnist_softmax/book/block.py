"""The `book:` block of a config: what the book says of the experiment, and how that is to be checked."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from mnist_softmax.book import contrast, exact, filters, norms, printed, race, scaling, speedup, stopping, vote
from mnist_softmax.book.claim import Claim
from mnist_softmax.config.schema import NotNegative, PositiveInt, Section, Seed
from mnist_softmax.config.training import MetricName
from mnist_softmax.files import is_name
from mnist_softmax.messages import shown

AnyClaim = Annotated[
    printed.Kinds
    | exact.Kinds
    | norms.Kinds
    | race.Race
    | vote.Vote
    | filters.Filters
    | speedup.Speedup
    | contrast.Kinds
    | stopping.Stopping
    | scaling.Kinds,
    Field(discriminator="kind"),
]
KINDS: dict[str, type[Claim]] = {
    claim.model_fields["kind"].default: claim for claim in get_args(get_args(AnyClaim)[0])
}


class Recording(Section):
    """Curves that the author's program recorded with seeded generators, which can be replayed exactly."""

    figures: str
    """The name of the author's file, without .json, and of the reference figures."""
    program: str
    metrics: tuple[MetricName, ...]
    """What was recorded."""
    one_list: bool = False
    """Whether the program hands its runs one list, which stays as the last epoch left it, and not slices of it."""
    chaotic: str | None = None
    """Said beforehand: which of it parts from the record by rounding, and why."""
    seed: Seed = 12345678


class Baseline(Section):
    """A classifier that is no network, trained on the first so many images."""

    method: Literal["guess", "darkness", "svm"]
    sizes: Annotated[tuple[PositiveInt, ...], Field(min_length=1)]


class Book(Section):
    """An experiment of the book."""

    chapter: PositiveInt
    section: str
    title: str
    asks: str | None = None
    """Of an exercise: its question, in our words."""
    runs: dict[str, dict[str, Any]] = Field(default={})
    """Several trainings in one experiment: for each name, the keys of the config that it changes."""
    seeded_runs: tuple[str, ...] | None = None
    """Which of `runs` are trained with many seeds; all of them, if nothing is said."""
    seeds: PositiveInt = 10
    """How many, where the command does not say."""
    runs_of: tuple[str, ...] = ()
    """Experiments whose runs the claims are on as well, each by its id as the name of a run."""
    claims: tuple[AnyClaim, ...] = ()
    recording: Recording | None = None
    baseline: Baseline | None = None
    inferred: tuple[str, ...] = ()
    """What the book does not say, and what was taken instead."""
    deviations: tuple[str, ...] = ()
    """Where we knowingly do otherwise."""
    tolerance: NotNegative = 1e-6
    """How far a replayed cost may lie from the recorded one, relative to it."""

    @field_validator("runs", "runs_of")
    @classmethod
    def _are_names_of_folders(cls, names: Collection[str]) -> Collection[str]:
        for name in names:
            if not is_name(name):
                raise ValueError(f"{shown(name)} cannot be the name of a run, for its folder is called so")
        return names

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        unknown = set(self.seeded_runs or ()) - set(self.runs)
        if unknown:
            raise ValueError(f"there is no run {', '.join(sorted(unknown))} in runs")
        return self
