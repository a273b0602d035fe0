"""What all kinds of claim share.

A kind is one class: its fields in the `book:` block, what it lacks, its verdict, its words and its figures. A line
of block.py makes it known.

Epochs count from 0 here, as the book's do. Figures stand as printed: accuracies in percent, or as counts of images
where the book gives counts.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

import numpy as np
from pydantic import Field

from mnist_softmax.book import gradients
from mnist_softmax.config.config import Config
from mnist_softmax.config.schema import Misfit, NotBoolean, Section
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.metrics import METRICS
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.training.history import History

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ONLY = "only"  # the name of the run where there is but one

Finding = dict[str, Any]


Count = Annotated[int, Field(ge=0), NotBoolean]


@dataclass(frozen=True)
class Prospect:
    """What an experiment will leave on disk."""

    seeded: dict[str, Config]
    """Of each run that is trained with many seeds."""
    recorded: Mapping[str, Collection[str]]
    """For each run that the author recorded, the metrics of his record."""
    sizes: Collection[int]
    """The sizes of training set of a baseline."""

    def check(self, metric: str | None, run: str | None = None, key: str = "kind") -> None:
        """Raises Misfit, at the claim's `key`, where a seeded run, or the `metric` of it, will not be there."""
        settings = self.seeded.get(run or ONLY)
        if settings is None:
            there = f"there is no {f'run {run}' if run else 'single run'} with many seeds"
            raise Misfit(key, f"{there}; expected one of {', '.join(self.seeded)}" if self.seeded else there)
        if metric and metric not in settings.training.monitor:
            raise Misfit("metric", f"is not among what the run measures; add {metric} to training.monitor")

    def measured(self, run: str | None = None) -> list[int]:
        """The epochs of a run that are sure to be measured."""
        training = self.seeded[run or ONLY].training
        may_end_early = training.early_stopping is not None or training.schedule.kind == "halving"
        n, every = 0 if may_end_early else training.epochs, training.monitor_every
        return [epoch for epoch in range(n) if (epoch + 1) % every == 0 or epoch + 1 == n]

    def check_whole(self, run: str | None = None, key: str = "kind") -> None:
        """Raises Misfit, at the claim's `key`, where a run may end early or leave out the measuring of an epoch."""
        epochs = self.seeded[run or ONLY].training.epochs
        if len(self.measured(run)) < epochs:
            raise Misfit(key, f"needs a run of all its {epochs} epochs, each of them measured")

    def check_layer(self, layer: int | None, run: str | None = None, key: str = "layer") -> None:
        """Raises Misfit, at the claim's `key`, where a run has no such hidden layer; the first is 1."""
        if layer and layer > (n := len(self.hidden(run))):
            raise Misfit(key, f"there are {n} hidden layers")

    def hidden(self, run: str | None = None) -> list[int]:
        """Neurons of each hidden layer."""
        return [layer.n_out for layer in self.seeded[run or ONLY].network.hidden()]


@dataclass(frozen=True)
class Evidence:
    """What an experiment has left on disk."""

    seeded: dict[str, list[RunDirectory]]
    """For each run, one directory a seed."""
    recorded: dict[str, RunDirectory]
    baseline: list[dict[str, Any]]
    dataset: Dataset
    whole: int
    """Images of the training set, before any of them were left out."""
    parted: Collection[tuple[str, str]] = ()
    """Run and metric of replays that part from what the author recorded."""

    def histories(self, run: str | None = None) -> list[History]:
        """Of each seed."""
        return [directory.read_metrics() for directory in self.seeded[run or ONLY]]

    def courses(self, run: str | None = None) -> list[np.ndarray]:
        """Gradient norms of each seed, (1 + epochs, hidden layers)."""
        return [gradients.course(directory, self.dataset) for directory in self.seeded[run or ONLY]]

    def sizes(self, run: RunDirectory | None = None) -> dict[str, int]:
        """Images of each split, of the training set those that `run` was trained on."""
        train = (run.read_config().data.training_size if run else None) or self.whole
        return {"train": train, "validation": len(self.dataset.validation), "test": len(self.dataset.test)}


class Row(NamedTuple):
    """A line of a table."""

    claim: str
    book: str
    here: str
    interval: str
    n: str
    difference: str
    verdict: str

    @classmethod
    def of(
        cls, finding: Finding, claim: str, book: str, here: str, interval: str = "", difference: str = ""
    ) -> Row:
        """With the finding's own `n` and `verdict`."""
        return cls(claim, book, here, interval, str(finding["n"]), difference, finding["verdict"])


class Claim(Section):
    """Something that the book says, in a form that can be checked."""

    kind: str
    least_runs: ClassVar[int] = 1
    """Below so many seeds nothing can be said."""

    @abstractmethod
    def check(self, prospect: Prospect) -> None:
        """Raises Misfit where this claim could not be judged once everything is trained."""

    @abstractmethod
    def judge(self, evidence: Evidence) -> Finding:
        """What was claimed and what was found, plain numbers; `n`, `verdict`, and whether it `agrees`.

        `agrees` is None where there is nothing to judge, or not yet.
        """

    @staticmethod
    @abstractmethod
    def row(finding: Finding) -> Row:
        """A finding in words, of nothing but what `judge` has put into it."""

    def figures(self, evidence: Evidence, title: str) -> list[tuple[str, Figure]]:
        """The book's figures that belong to this claim, by name."""
        return []


def unit(metric: str) -> str:
    """What stands after a figure."""
    return " %" if METRICS[metric].is_accuracy else ""


def of_run(run: str | None) -> str:
    """The name of a run, to be put after something; nothing where there is but one."""
    return "" if run in (None, ONLY) else f" {run}"


def listed(form: str, entries: Iterable[Mapping[str, Any]]) -> str:
    """`form`, such as "{book:.2f}", of each of the entries."""
    return ", ".join(form.format_map(entry) for entry in entries)
