"""The book's figures, drawn from run directories: our curves as lines, the author's recorded figures as points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_softmax.book import baselines
from mnist_softmax.book.axes import AUTHOR, author_points, legend, new_axes
from mnist_softmax.book.claim import ONLY, Evidence
from mnist_softmax.book.experiment import Experiment
from mnist_softmax.book.plan import Plan
from mnist_softmax.book.reference import recordings_of
from mnist_softmax.book.replay import book_cost, reference_curves
from mnist_softmax.figures import COLOURS, STYLE, drawing, save
from mnist_softmax.metrics import METRICS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, *_ = COLOURS


def draw(plan: Plan, evidence: Mapping[str, Evidence], folder: Path) -> dict[str, list[str]]:
    """Draw what belongs to the plan's experiments as PNG and SVG; the names of the figures by experiment."""
    drawn: dict[str, list[str]] = {}
    with drawing(STYLE | {"font.size": 9, "axes.titlesize": 9}):
        for experiment in plan.experiments:
            if experiment.is_exercise:
                continue
            for name, figure in _figures(experiment, evidence[experiment.id], plan.baselines):
                save(figure, folder / f"{name}.svg")
                save(figure, folder / f"{name}.png")
                drawn.setdefault(experiment.id, []).append(name)
    return drawn


def _figures(experiment: Experiment, evidence: Evidence, baselines: Path) -> list[tuple[str, Figure]]:
    recording, title = experiment.book.recording, experiment.book.title
    figures = []
    if recording and recording.figures in RECORDED:
        replayed = Replayed(recording.figures, title, evidence, baselines)
        figures = [(name, paint(replayed)) for name, paint in RECORDED[recording.figures]]
    for claim in experiment.book.claims:
        figures += claim.figures(evidence, title)
    return figures


class Replayed:
    """The replayed runs of an experiment, and the author's figures for them."""

    def __init__(self, figures: str, title: str, evidence: Evidence, baselines: Path) -> None:
        self.title, self.evidence, self.baselines = title, evidence, baselines
        self.known = reference_curves(figures)

    def ours(self, run: str, metric: str) -> np.ndarray:
        """After every epoch; accuracies in percent, costs as the book reports them."""
        directory = self.evidence.recorded[run]
        records = [record for record in directory.read_metrics() if metric in record]
        if METRICS[metric].is_accuracy:
            return np.array([100 * record[metric] for record in records])
        return np.array([book_cost(record, metric, self.evidence.sizes(directory)) for record in records])

    def theirs(self, run: str, metric: str) -> tuple[np.ndarray, np.ndarray]:
        """Epochs, and the author's values there, in the same units."""
        epochs, values = self.known.get(run, {}).get(metric, ([], []))
        n = self.evidence.sizes(self.evidence.recorded[run])[METRICS[metric].split]
        return np.array(epochs), np.array(values, float) * (100 / n if METRICS[metric].is_accuracy else 1)


Painter = Callable[[Replayed], "Figure"]


def _lines(title: str, y: str, *lines: tuple[str, str, str, str], **options: Any) -> Painter:
    """A painter of curves over the epochs: run, metric, label and colour of each.

    `first` is the epoch to begin with, `ylim` and `loc` are matplotlib's; "{}" in the title is the experiment's.
    """

    def paint(replayed: Replayed) -> Figure:
        figure, axes = new_axes(title.format(replayed.title), "epoch", y)
        first = options.get("first", 0)
        for run, metric, label, colour in lines:
            ours = replayed.ours(run, metric)
            axes.plot(np.arange(first, len(ours)), ours[first:], color=colour, linewidth=1.2, label=label)
            epochs, theirs = replayed.theirs(run, metric)
            if (shown := epochs >= first).any():
                author_points(axes, epochs[shown], theirs[shown])
        axes.set_ylim(*options.get("ylim", (None, None)))
        legend(axes, loc=options.get("loc", "best"), ncols=options.get("ncols", 1))
        return figure

    return paint


def _replayed(metric: str, title: str, y: str, first: int = 0) -> Painter:
    return _lines(title, y, (ONLY, metric, "replayed", BLUE), first=first)


def _more_data(scale: str, with_svm: bool) -> Painter:
    def paint(replayed: Replayed) -> Figure:
        title = "Accuracy against the size of the training set"
        figure, axes = new_axes(title, "training images", "validation accuracy, %")
        runs, metric = list(replayed.evidence.recorded), "validation_accuracy"
        final = [replayed.ours(run, metric)[-1] for run in runs]
        axes.plot([*map(int, runs)], final, "o-", color=ORANGE, markersize=4, label="784-30-10, replayed")
        for run in runs:
            if len(theirs := replayed.theirs(run, metric)[1]):
                wide: dict[str, Any] = {"markersize": 8, "markeredgewidth": 1}
                author_points(axes, int(run), theirs[-1], "printed in the book", **wide)
        if with_svm:
            _svm(axes, replayed)
        axes.set_xscale(scale)
        legend(axes, loc="lower right")
        return figure

    return paint


def _svm(axes: Any, replayed: Replayed) -> None:
    n = replayed.evidence.sizes()["validation"]
    found = baselines.found("svm", replayed.baselines)
    points = sorted((each["size"], 100 * each["validation"] / n) for each in found)
    if points:
        axes.plot(*zip(*points, strict=True), "s-", color=BLUE, markersize=4, label="SVM, gamma = 1/784")
    recorded = recordings_of("percent")["more_data_svm"]
    author_points(axes, [*map(int, recorded)], [*recorded.values()], f"SVM, {AUTHOR}", "s", markersize=7)


TRAIN_AND_TEST = _lines(
    "Accuracy, {}", "accuracy, %",
    (ONLY, "train_accuracy", "training, replayed", ORANGE), (ONLY, "test_accuracy", "test, replayed", BLUE),
    ylim=(90, 100), loc="lower right",
)  # fmt: skip
STARTING_WEIGHTS = _lines(
    "{}", "validation accuracy, %",
    ("large", "validation_accuracy", "N(0, 1), replayed", BLUE),
    ("default", "validation_accuracy", "N(0, 1/n_in), replayed", ORANGE),
    ylim=(85, 100), loc="lower right",
)  # fmt: skip
RATES = [
    (rate, "train_cost", f"eta = {rate}", colour)
    for rate, colour in zip(("0.025", "0.25", "2.5"), COLOURS, strict=False)
]
TRAINING_COST, TEST_ACCURACY = "Cost on the training data", "Accuracy on the test data"

RECORDED: dict[str, list[tuple[str, Painter]]] = {
    "overfitting": [
        ("overfitting1", _replayed("train_cost", TRAINING_COST, "cost", 200)),
        ("overfitting2", _replayed("test_accuracy", TEST_ACCURACY, "accuracy, %", 200)),
        ("overfitting3", _replayed("test_cost", "Cost on the test data", "cost")),
        ("overfitting4", _replayed("train_accuracy", "Accuracy on the training data", "accuracy, %")),
    ],
    "overfitting_full": [("overfitting_full", TRAIN_AND_TEST)],
    "regularized": [
        ("regularized1", _replayed("train_cost", f"{TRAINING_COST}, lambda = 0.1", "cost with penalty", 200)),
        ("regularized2", _replayed("test_accuracy", f"{TEST_ACCURACY}, lambda = 0.1", "accuracy, %", 200)),
    ],
    "regularized_full": [("regularized_full", TRAIN_AND_TEST)],
    "more_data": [
        ("more_data", _more_data("linear", False)),
        ("more_data_log", _more_data("log", False)),
        ("more_data_comparison", _more_data("log", True)),
    ],
    "weight_initialization_30": [("weight_initialization_30", STARTING_WEIGHTS)],
    "weight_initialization_100": [("weight_initialization_100", STARTING_WEIGHTS)],
    "multiple_eta": [
        ("multiple_eta", _lines("Training cost at three learning rates", "cost with penalty", *RATES,
                                ylim=(None, 1.45), loc="upper right", ncols=2)),  # room for the legend
    ],
}  # fmt: skip
"""By the name of the recording: the figures that show it."""
