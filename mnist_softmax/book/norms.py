"""What chapter 5 draws of the lengths of dC/db in each hidden layer: their course, and bars before training.

Norms spread by factors, so their logarithms are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from mnist_softmax.book import gradients
from mnist_softmax.book.axes import AUTHOR, author_points, legend, new_axes
from mnist_softmax.book.claim import ONLY, Claim, Evidence, Finding, Prospect, Row, listed
from mnist_softmax.book.prediction import LEAST_SEEDS, one_more_report
from mnist_softmax.book.reference import recordings_of, reference
from mnist_softmax.config.schema import Misfit, PositiveInt, one_of
from mnist_softmax.figures import COLOURS, new_figure
from mnist_softmax.runs.directory import RunDirectory

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COURSES, GRADIENTS = recordings_of("norms"), recordings_of("gradients")
GREY = "#8a8a8a"


def _log10(norms: Any) -> Any:
    """Of a norm that is exactly 0 the logarithm of the smallest number above it."""
    return np.log10(np.maximum(norms, np.finfo(np.float64).tiny))


class Course(Claim):
    """The book's course of the gradient norms, compared at the epochs of the reference figures."""

    kind: Literal["curves"] = "curves"
    least_runs = LEAST_SEEDS
    recording: Annotated[str, one_of(COURSES)]
    """Its name among the reference figures."""

    def check(self, prospect: Prospect) -> None:
        prospect.check(gradients.NORMS)
        _check_layers(COURSES[self.recording][0], prospect)
        last = self._epochs()[-1]  # the norms after all of them, and before the first
        if prospect.measured()[:last] != list(range(last)):
            raise Misfit("recording", f"needs the norms of every epoch up to {last}")

    def _epochs(self) -> list[int]:
        epochs: list[int] = reference()["recordings"][self.recording]["epochs"]
        return epochs

    def judge(self, evidence: Evidence) -> Finding:
        courses = np.array(evidence.courses())
        points = [
            {"epoch": epoch, "layer": layer + 1, **_compared(courses[:, epoch, layer], norm)}
            for epoch, norms in zip(self._epochs(), COURSES[self.recording], strict=True)
            for layer, norm in enumerate(norms)
        ]
        inside = sum(point["consistent"] for point in points)
        return {
            "points": points,
            "n": len(courses),
            "verdict": f"{inside} of {len(points)} points consistent",
            "agrees": inside >= 0.9 * len(points),
        }

    @staticmethod
    def row(finding: Finding) -> Row:
        last = finding["points"][-1]["epoch"]
        ends = [point for point in finding["points"] if point["epoch"] == last]
        return Row.of(
            finding,
            f"norms in the course of training, those at epoch {last}",
            listed("{book:.2g}", ends),
            listed("{mean:.2g}", ends),
            listed("{low:.1g}-{high:.1g}", ends),
        )

    def figures(self, evidence: Evidence, title: str) -> list[tuple[str, Figure]]:
        logs = _log10(evidence.courses())
        _, after, layers = logs.shape
        epochs = np.array([k for k in range(after) if k < 60 or k % 10 == 0])  # more where curves are bent
        figure, axes = new_axes(title, "epoch", "norm of dC/db")
        for layer, colour in zip(range(layers), COLOURS, strict=False):
            low, middle, high = 10 ** np.quantile(logs[:, epochs, layer], (0, 0.5, 1), axis=0)
            axes.fill_between(epochs, low, high, color=colour, alpha=0.2, linewidth=0)
            axes.plot(epochs, middle, color=colour, linewidth=1.2, label=f"hidden layer {layer + 1}")
            author_points(axes, self._epochs(), [norms[layer] for norms in COURSES[self.recording]])
        axes.set_yscale("log")
        runs = f"median and range of {len(logs)} runs"
        legend(axes, ncols=2, loc="upper right", title=runs, title_fontsize=8)
        return [(f"training_speed_{layers}_layers", figure)]


class Bars(Claim):
    """The book's initial gradients of single neurons, of which only the size can be compared.

    Single neurons have no counterpart, so it is the length of the row of bars of each layer.
    """

    kind: Literal["bars"] = "bars"
    least_runs = LEAST_SEEDS
    recording: Annotated[str, one_of(GRADIENTS)]
    neurons: PositiveInt

    def check(self, prospect: Prospect) -> None:
        prospect.check(None)
        _check_layers(GRADIENTS[self.recording], prospect)
        if self.neurons != (n := len(GRADIENTS[self.recording][0])):
            raise Misfit("neurons", f"{self.recording} is of {n}")
        if self.neurons > min(prospect.hidden()):
            raise Misfit("neurons", "a hidden layer has fewer")

    def _ours(self, run: RunDirectory, evidence: Evidence) -> np.ndarray:
        return gradients.initial_gradients(run.read_config(), evidence.dataset, self.neurons)

    def judge(self, evidence: Evidence) -> Finding:
        bars = np.array([self._ours(directory, evidence) for directory in evidence.seeded[ONLY]])
        lengths, recorded = (np.linalg.norm(each, axis=-1) for each in (bars, GRADIENTS[self.recording]))
        layers = [
            {"layer": layer + 1, **_compared(lengths[:, layer], book)} for layer, book in enumerate(recorded)
        ]
        agrees = all(each["consistent"] for each in layers)
        return {
            "neurons": self.neurons,
            "layers": layers,
            "first": bars[0].tolist(),
            "n": len(bars),
            "verdict": "consistent" if agrees else "not consistent",
            "agrees": agrees,
        }

    @staticmethod
    def row(finding: Finding) -> Row:
        layers = finding["layers"]
        return Row.of(
            finding,
            f"length of the first {finding['neurons']} gradients of each hidden layer",
            listed("{book:.3f}", layers),
            listed("{mean:.3f}", layers),
            listed("{low:.3f}-{high:.3f}", layers),
        )

    def figures(self, evidence: Evidence, title: str) -> list[tuple[str, Figure]]:
        first = evidence.seeded[ONLY][0]
        ours, label = self._ours(first, evidence), f"ours, seed {first.read_config().seed}"
        figure, neurons = new_figure(), np.arange(1, self.neurons + 1)
        panels: Any = figure.subplots(1, len(ours), sharey=True)
        for layer, (axes, bars) in enumerate(zip(panels, ours, strict=True)):
            axes.bar(neurons - 0.2, bars, 0.4, color=COLOURS[0], label=label)
            axes.bar(neurons + 0.2, GRADIENTS[self.recording][layer], 0.4, color=GREY, label=AUTHOR)
            axes.set(title=f"hidden layer {layer + 1}", xlabel="neuron", xticks=neurons)
        panels[0].set_ylabel("dC/db before training")
        panels[0].legend(loc="lower left")
        return [(self.recording, figure)]


def _check_layers(recorded: Sequence[Any], prospect: Prospect) -> None:
    if len(prospect.hidden()) != len(recorded):
        raise Misfit(
            "recording", f"is of {len(recorded)} hidden layers, the network has {len(prospect.hidden())}"
        )


def _compared(norms: np.ndarray, book: float) -> Finding:
    """The book's norm among those of our seeds."""
    found = one_more_report(_log10(norms).tolist())
    return {
        "book": float(book),
        **{name: 10 ** getattr(found, name) for name in ("mean", "low", "high")},
        "consistent": bool(found.low <= _log10(book) <= found.high),
    }


Kinds = Course | Bars
