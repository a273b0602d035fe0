"""The book's figures, drawn from run directories: our curves as lines, the author's recorded figures as points."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from mnist_softmax.book import block, gradients
from mnist_softmax.book.experiment import ONLY, Experiment, reference
from mnist_softmax.book.plan import Plan, load_whole
from mnist_softmax.book.replay import book_cost
from mnist_softmax.figures import COLOURS, SIZE, STYLE, save
from mnist_softmax.runs.directory import RunDirectory

GREY = "#8a8a8a"
BLUE, ORANGE, *_ = COLOURS


def draw(plan: Plan, folder: Path) -> dict[str, list[str]]:
    """Draw what belongs to the plan's experiments as PNG and SVG; the names of the figures by experiment."""
    drawn: dict[str, list[str]] = {}
    with matplotlib.rc_context(STYLE | {"font.size": 9, "axes.titlesize": 9}):
        for experiment in plan.experiments:
            for name, figure in _figures(experiment, plan):
                save(figure, folder / f"{name}.svg")
                save(figure, folder / f"{name}.png")
                drawn.setdefault(experiment.id, []).append(name)
    return drawn


def _figures(experiment: Experiment, plan: Plan) -> list[tuple[str, Figure]]:
    recording = experiment.book.recording
    if recording and recording.figures in RECORDED:
        curves = Curves(experiment, plan)
        return [(name, paint(curves)) for name, paint in RECORDED[recording.figures]]
    figures = []
    for claim in experiment.book.claims:
        if isinstance(claim, block.Curves):
            name = claim.recording.replace("norms_during_training", "training_speed")
            figures.append((name, _speed(experiment, plan, claim)))
        elif isinstance(claim, block.Bars):
            figures.append((claim.recording, _initial_bars(experiment, plan, claim)))
    return figures


class Curves:
    """The recorded runs of an experiment, and the author's figures for them."""

    def __init__(self, experiment: Experiment, plan: Plan) -> None:
        self.output, self.title = plan.output, experiment.book.title
        tasks = plan.tasks[experiment.id].recorded
        self.runs = {
            run: RunDirectory(task.directory) for run, task in zip(experiment.runs, tasks, strict=True)
        }
        whole = load_whole(experiment)
        self.sizes = {name: len(getattr(whole, name)) for name in ("train", "validation", "test")}
        assert experiment.book.recording is not None
        self.known = reference()["recordings"].get(
            experiment.book.recording.figures, {"epochs": [], "runs": {}}
        )

    def ours(self, run: str, metric: str) -> np.ndarray:
        """After every epoch; accuracies in percent, costs as the book reports them."""
        directory = self.runs[run]
        sizes = self.sizes | {"train": directory.read_config().data.training_size or self.sizes["train"]}
        values = [
            100 * record[metric] if metric.endswith("accuracy") else book_cost(record, metric, sizes)
            for record in directory.read_metrics()
            if metric in record
        ]
        return np.array(values)

    def theirs(self, run: str, metric: str) -> tuple[np.ndarray, np.ndarray]:
        """Epochs, and the author's values there, in the same units."""
        values = np.array(self.known["runs"].get(run, {}).get(metric, []), float)
        if metric.endswith("accuracy"):
            split = metric.partition("_")[0]
            n = self.runs[run].read_config().data.training_size if split == "train" else None
            values *= 100 / (n or self.sizes[split])
        return np.array(self.known["epochs"][: len(values)]), values


def _axes(title: str, x: str, y: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=SIZE)
    axes = figure.add_subplot(title=title, xlabel=x, ylabel=y)
    return figure, axes


def _plot(axes: Any, curves: Curves, run: str, metric: str, label: str, colour: str, first: int = 0) -> None:
    ours = curves.ours(run, metric)
    axes.plot(np.arange(first, len(ours)), ours[first:], color=colour, linewidth=1.2, label=label)
    epochs, theirs = curves.theirs(run, metric)
    shown = epochs >= first
    if shown.any():
        axes.plot(
            epochs[shown], theirs[shown], "o", markersize=3, markerfacecolor="none", markeredgecolor="black",
            markeredgewidth=0.6, label=_once(axes, "recorded by the book's author"),
        )  # fmt: skip


def _legend(axes: Any, **where: Any) -> None:
    """Our curves first, the author's points last."""
    entries = sorted(
        zip(*axes.get_legend_handles_labels(), strict=True), key=lambda entry: "author" in entry[1]
    )
    axes.legend(*zip(*entries, strict=True), **where)


def _once(axes: Any, label: str) -> str:
    return f"_{label}" if label in axes.get_legend_handles_labels()[1] else label


def _single(metric: str, title: str, y: str, first: int) -> Callable[[Curves], Figure]:
    def paint(curves: Curves) -> Figure:
        figure, axes = _axes(title, "epoch", y)
        _plot(axes, curves, ONLY, metric, "replayed", BLUE, first)
        _legend(axes)
        return figure

    return paint


def _train_and_test(curves: Curves) -> Figure:
    figure, axes = _axes("Accuracy, " + curves.title, "epoch", "accuracy, %")
    _plot(axes, curves, ONLY, "train_accuracy", "training, replayed", ORANGE)
    _plot(axes, curves, ONLY, "test_accuracy", "test, replayed", BLUE)
    axes.set_ylim(90, 100)
    _legend(axes, loc="lower right")
    return figure


def _starting_weights(curves: Curves) -> Figure:
    figure, axes = _axes(curves.title, "epoch", "validation accuracy, %")
    _plot(axes, curves, "large", "validation_accuracy", "N(0, 1), replayed", BLUE)
    _plot(axes, curves, "default", "validation_accuracy", "N(0, 1/n_in), replayed", ORANGE)
    axes.set_ylim(85, 100)
    _legend(axes, loc="lower right")
    return figure


def _learning_rates(curves: Curves) -> Figure:
    figure, axes = _axes("Training cost at three learning rates", "epoch", "cost with penalty")
    for run, colour in zip(curves.runs, COLOURS, strict=False):
        _plot(axes, curves, run, "train_cost", f"eta = {run}", colour)
    axes.set_ylim(top=1.45)  # room for the legend
    _legend(axes, ncols=2, loc="upper right")
    return figure


def _more_data(scale: str, with_svm: bool) -> Callable[[Curves], Figure]:
    def paint(curves: Curves) -> Figure:
        figure, axes = _axes(
            "Accuracy against the size of the training set", "training images", "validation accuracy, %"
        )
        sizes = [int(run) for run in curves.runs]
        final = [curves.ours(run, "validation_accuracy")[-1] for run in curves.runs]
        axes.plot(sizes, final, "o-", color=ORANGE, markersize=4, label="784-30-10, replayed")
        for run in curves.runs:
            _, theirs = curves.theirs(run, "validation_accuracy")
            if len(theirs):
                axes.plot(int(run), theirs[-1], "o", markersize=8, markerfacecolor="none", markeredgecolor="black",
                          label=_once(axes, "printed in the book"))  # fmt: skip
        if with_svm:
            _svm(axes, curves)
        axes.set_xscale(scale)
        _legend(axes, loc="lower right")
        return figure

    return paint


def _svm(axes: Any, curves: Curves) -> None:
    recorded = reference()["recordings"]["more_data_svm"]["percent"]
    found = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in (curves.output / "baselines").glob("svm-*.json")
    ]
    points = sorted((each["size"], 100 * each["validation"] / curves.sizes["validation"]) for each in found)
    if points:
        axes.plot(*zip(*points, strict=True), "s-", color=BLUE, markersize=4, label="SVM, gamma = 1/784")
    axes.plot([int(size) for size in recorded], list(recorded.values()), "s", markersize=7, markerfacecolor="none",
              markeredgecolor="black", markeredgewidth=0.6, label="SVM, recorded by the book's author")  # fmt: skip


def _speed(experiment: Experiment, plan: Plan, claim: block.Curves) -> Figure:
    figure, axes = _axes(experiment.book.title, "epoch", "norm of dC/db")
    courses = [
        gradients.course(RunDirectory(task.directory), plan.datasets[experiment.data])
        for task in plan.tasks[experiment.id].seeded
    ]
    logs = np.log10(courses)
    recorded = reference()["recordings"][claim.recording]
    epochs = np.array(
        [k for k in range(logs.shape[1]) if k < 60 or k % 10 == 0]
    )  # where curves are bent, and less
    for layer in range(logs.shape[-1]):
        colour = COLOURS[layer]
        low, middle, high = 10 ** np.quantile(logs[:, epochs, layer], (0, 0.5, 1), axis=0)
        axes.fill_between(epochs, low, high, color=colour, alpha=0.2, linewidth=0)
        axes.plot(epochs, middle, color=colour, linewidth=1.2, label=f"hidden layer {layer + 1}")
        theirs = [norms[layer] for norms in recorded["norms"]]
        axes.plot(recorded["epochs"], theirs, "o", markersize=3, markerfacecolor="none", markeredgecolor="black",
                  markeredgewidth=0.6, label=_once(axes, "recorded by the book's author"))  # fmt: skip
    axes.set_yscale("log")
    _legend(
        axes, ncols=2, loc="upper right", title=f"median and range of {len(courses)} runs", title_fontsize=8
    )
    return figure


def _initial_bars(experiment: Experiment, plan: Plan, claim: block.Bars) -> Figure:
    theirs = np.array(reference()["recordings"][claim.recording]["gradients"])
    settings = RunDirectory(plan.tasks[experiment.id].seeded[0].directory).read_config()
    ours = gradients.initial_gradients(settings, plan.datasets[experiment.data], claim.neurons)
    figure = Figure(figsize=SIZE)
    neurons = np.arange(1, claim.neurons + 1)
    panels: Sequence[Any] = figure.subplots(1, len(ours), sharey=True)
    for layer, axes in enumerate(panels):
        axes.bar(neurons - 0.2, ours[layer], 0.4, color=BLUE, label=f"ours, seed {settings.seed}")
        axes.bar(neurons + 0.2, theirs[layer], 0.4, color=GREY, label="recorded by the book's author")
        axes.set(title=f"hidden layer {layer + 1}", xlabel="neuron", xticks=neurons)
    panels[0].set_ylabel("dC/db before training")
    panels[0].legend(loc="lower left")
    return figure


RECORDED: dict[str, list[tuple[str, Callable[[Curves], Figure]]]] = {
    "overfitting": [
        ("overfitting1", _single("train_cost", "Cost on the training data", "cost", 200)),
        ("overfitting2", _single("test_accuracy", "Accuracy on the test data", "accuracy, %", 200)),
        ("overfitting3", _single("test_cost", "Cost on the test data", "cost", 0)),
        ("overfitting4", _single("train_accuracy", "Accuracy on the training data", "accuracy, %", 0)),
    ],
    "overfitting_full": [("overfitting_full", _train_and_test)],
    "regularized": [
        (
            "regularized1",
            _single("train_cost", "Cost on the training data, lambda = 0.1", "cost with penalty", 200),
        ),
        (
            "regularized2",
            _single("test_accuracy", "Accuracy on the test data, lambda = 0.1", "accuracy, %", 200),
        ),
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
