"""The book's figures, drawn from run directories: our curves as lines, the author's recorded figures as points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from mnist_softmax.book import baselines
from mnist_softmax.book.axes import AUTHOR, author_points, legend, new_axes
from mnist_softmax.book.claim import ONLY, Evidence
from mnist_softmax.book.experiment import Experiment
from mnist_softmax.book.plan import Plan
from mnist_softmax.book.reference import recordings_of
from mnist_softmax.book.replay import book_cost, reference_curves
from mnist_softmax.figures import COLOURS, STYLE, save
from mnist_softmax.metrics import METRICS

BLUE, ORANGE, *_ = COLOURS


def draw(plan: Plan, evidence: Mapping[str, Evidence], folder: Path) -> dict[str, list[str]]:
    """Draw what belongs to the plan's experiments as PNG and SVG; the names of the figures by experiment."""
    drawn: dict[str, list[str]] = {}
    with matplotlib.rc_context(STYLE | {"font.size": 9, "axes.titlesize": 9}):
        for experiment in plan.experiments:
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


def _plot(axes: Any, curves: Replayed, run: str, metric: str, label: str, colour: str, first: int = 0) -> None:
    ours = curves.ours(run, metric)
    axes.plot(np.arange(first, len(ours)), ours[first:], color=colour, linewidth=1.2, label=label)
    epochs, theirs = curves.theirs(run, metric)
    if (shown := epochs >= first).any():
        author_points(axes, epochs[shown], theirs[shown])


def _single(metric: str, title: str, y: str, first: int) -> Callable[[Replayed], Figure]:
    def paint(curves: Replayed) -> Figure:
        figure, axes = new_axes(title, "epoch", y)
        _plot(axes, curves, ONLY, metric, "replayed", BLUE, first)
        legend(axes)
        return figure

    return paint


def _train_and_test(curves: Replayed) -> Figure:
    figure, axes = new_axes("Accuracy, " + curves.title, "epoch", "accuracy, %")
    _plot(axes, curves, ONLY, "train_accuracy", "training, replayed", ORANGE)
    _plot(axes, curves, ONLY, "test_accuracy", "test, replayed", BLUE)
    axes.set_ylim(90, 100)
    legend(axes, loc="lower right")
    return figure


def _starting_weights(curves: Replayed) -> Figure:
    figure, axes = new_axes(curves.title, "epoch", "validation accuracy, %")
    _plot(axes, curves, "large", "validation_accuracy", "N(0, 1), replayed", BLUE)
    _plot(axes, curves, "default", "validation_accuracy", "N(0, 1/n_in), replayed", ORANGE)
    axes.set_ylim(85, 100)
    legend(axes, loc="lower right")
    return figure


def _learning_rates(curves: Replayed) -> Figure:
    figure, axes = new_axes("Training cost at three learning rates", "epoch", "cost with penalty")
    for run, colour in zip(curves.evidence.recorded, COLOURS, strict=False):
        _plot(axes, curves, run, "train_cost", f"eta = {run}", colour)
    axes.set_ylim(top=1.45)  # room for the legend
    legend(axes, ncols=2, loc="upper right")
    return figure


def _more_data(scale: str, with_svm: bool) -> Callable[[Replayed], Figure]:
    def paint(curves: Replayed) -> Figure:
        title = "Accuracy against the size of the training set"
        figure, axes = new_axes(title, "training images", "validation accuracy, %")
        runs, metric = list(curves.evidence.recorded), "validation_accuracy"
        final = [curves.ours(run, metric)[-1] for run in runs]
        axes.plot([*map(int, runs)], final, "o-", color=ORANGE, markersize=4, label="784-30-10, replayed")
        for run in runs:
            if len(theirs := curves.theirs(run, metric)[1]):
                wide: dict[str, Any] = {"markersize": 8, "markeredgewidth": 1}
                author_points(axes, int(run), theirs[-1], "printed in the book", **wide)
        if with_svm:
            _svm(axes, curves)
        axes.set_xscale(scale)
        legend(axes, loc="lower right")
        return figure

    return paint


def _svm(axes: Any, curves: Replayed) -> None:
    n = curves.evidence.sizes()["validation"]
    found = baselines.found("svm", curves.baselines)
    points = sorted((each["size"], 100 * each["validation"] / n) for each in found)
    if points:
        axes.plot(*zip(*points, strict=True), "s-", color=BLUE, markersize=4, label="SVM, gamma = 1/784")
    recorded = recordings_of("percent")["more_data_svm"]
    author_points(axes, [*map(int, recorded)], [*recorded.values()], f"SVM, {AUTHOR}", "s", markersize=7)


ON_TRAINING, ON_TEST = "Cost on the training data", "Accuracy on the test data"
RECORDED: dict[str, list[tuple[str, Callable[[Replayed], Figure]]]] = {
    "overfitting": [
        ("overfitting1", _single("train_cost", ON_TRAINING, "cost", 200)),
        ("overfitting2", _single("test_accuracy", ON_TEST, "accuracy, %", 200)),
        ("overfitting3", _single("test_cost", "Cost on the test data", "cost", 0)),
        ("overfitting4", _single("train_accuracy", "Accuracy on the training data", "accuracy, %", 0)),
    ],
    "overfitting_full": [("overfitting_full", _train_and_test)],
    "regularized": [
        ("regularized1", _single("train_cost", f"{ON_TRAINING}, lambda = 0.1", "cost with penalty", 200)),
        ("regularized2", _single("test_accuracy", f"{ON_TEST}, lambda = 0.1", "accuracy, %", 200)),
    ],
    "regularized_full": [("regularized_full", _train_and_test)],
    "more_data": [
        ("more_data", _more_data("linear", False)),
        ("more_data_log", _more_data("log", False)),
        ("more_data_comparison", _more_data("log", True)),
    ],
    "weight_initialization_30": [("weight_initialization_30", _starting_weights)],
    "weight_initialization_100": [("weight_initialization_100", _starting_weights)],
    "multiple_eta": [("multiple_eta", _learning_rates)],
}
"""By the name of the recording: the figures that show it."""
