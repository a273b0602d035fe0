"""Two networks epoch by epoch: which learns faster, and which ends higher."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from mnist_softmax.book.axes import legend, new_axes
from mnist_softmax.book.claim import ONLY, Claim, Evidence, Finding, Prospect, Row
from mnist_softmax.book.prediction import FEW, TOO_FEW
from mnist_softmax.book.selected import VALIDATION
from mnist_softmax.config.schema import Misfit, Number
from mnist_softmax.figures import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Race(Claim):
    """One run learns faster than another: with the same seed it reaches a mark on validation in fewer epochs.

    It agrees where that is so in at least half of the pairs.
    """

    kind: Literal["race"] = "race"
    says: str
    run: str | None = None
    against: str
    mark: Annotated[Number, Field(gt=0, lt=100)]
    """In percent of the validation images."""

    def check(self, prospect: Prospect) -> None:
        prospect.check(VALIDATION, self.run, "run")
        prospect.check(VALIDATION, self.against, "against")
        prospect.check_whole(self.run, "run")
        prospect.check_whole(self.against, "against")
        if len({prospect.seeded[run or ONLY].training.epochs for run in (self.run, self.against)}) > 1:
            raise Misfit("against", f"{self.against} has another number of epochs")

    def _curves(self, evidence: Evidence, run: str | None) -> np.ndarray:
        """Validation accuracy in percent, (seeds, epochs)."""
        return np.array([[100 * record[VALIDATION] for record in h] for h in evidence.histories(run)])

    def judge(self, evidence: Evidence) -> Finding:
        here, there = self._curves(evidence, self.run), self._curves(evidence, self.against)
        n = min(len(here), len(there))
        here, there = here[:n], there[:n]
        epochs = [_until(here, self.mark), _until(there, self.mark)]
        sooner = sum(a < b for a, b in zip(*epochs, strict=True))
        above = (here.mean(axis=0) > there.mean(axis=0)).tolist()
        return {
            "says": self.says,
            "run": self.run or "this",
            "against": self.against,
            "mark": self.mark,
            "epochs": [float(np.mean(each)) for each in epochs],
            "above": above,
            "final": float((here - there)[:, -1].mean()),
            "n": n,
            "verdict": f"sooner in {sooner} of {n} pairs; the mean is higher at {_ranges(above)}"
            + TOO_FEW * (n < FEW),
            "agrees": None if n < FEW else 2 * sooner >= n,
        }

    @staticmethod
    def row(finding: Finding) -> Row:
        here, there = (f"{epochs:.1f}" for epochs in finding["epochs"])
        return Row.of(
            finding,
            f'"{finding["says"]}" (epochs to {finding["mark"]:g} % on validation, here and {finding["against"]})',
            "fewer",
            f"{here} against {there}",
            "",
            f"{finding['final']:+.2f} in the end",
        )

    def figures(self, evidence: Evidence, title: str) -> list[tuple[str, Figure]]:
        figure, axes = new_axes(title, "epoch", "validation accuracy, %")
        for run, colour in ((self.run, COLOURS[1]), (self.against, COLOURS[0])):
            label = evidence.seeded[run or ONLY][0].read_config().network.hidden_activation
            for k, curve in enumerate(self._curves(evidence, run)):
                axes.plot(curve, color=colour, linewidth=0.9, label=f"_{label}" if k else label)
        axes.set_ylim(96, 99.5)
        legend(axes, loc="lower right")
        return [("tanh_or_sigmoid", figure)]


def _ranges(above: list[bool]) -> str:
    """The epochs at which it is so, such as 0 to 3, 7."""
    runs = [
        [epoch for epoch, _ in group] for so, group in groupby(enumerate(above), lambda each: each[1]) if so
    ]
    said = [f"{run[0]} to {run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs]
    epochs = "epochs" if sum(above) > 1 else "epoch"
    return f"{epochs} {', '.join(said)} (of 0 to {len(above) - 1})" if said else "no epoch"


def _until(curves: np.ndarray, mark: float) -> list[int]:
    """Epochs until each curve first reaches the mark; one more than there are where it does not."""
    return [int(np.argmax(curve >= mark)) + 1 if (curve >= mark).any() else len(curve) + 1 for curve in curves]
