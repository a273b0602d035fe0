"""Several networks that vote, and the images that they get wrong together (chapter 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from mnist_softmax.book.axes import pictures
from mnist_softmax.book.claim import Claim, Count, Evidence, Finding, Prospect, Row
from mnist_softmax.config.schema import PositiveInt
from mnist_softmax.runs.answers import load_network, outputs
from mnist_softmax.runs.vote import majority

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACROSS = 8  # images in a row of the figure


class Vote(Claim):
    """Test images that a vote of so many networks of `run` gets wrong, with the weights of their last epochs."""

    kind: Literal["vote"] = "vote"
    run: str
    members: PositiveInt
    errors: Count
    """That the book has."""

    def check(self, prospect: Prospect) -> None:
        prospect.check("test_accuracy", self.run, "run")

    def _voted(self, evidence: Evidence) -> np.ndarray:
        members = evidence.seeded[self.run][: self.members]
        test = evidence.dataset.test
        return majority(np.stack([outputs(load_network(member), test) for member in members]))

    def judge(self, evidence: Evidence) -> Finding:
        labels, voted = evidence.dataset.test.labels, self._voted(evidence)
        wrong = np.flatnonzero(voted != labels)
        members = min(self.members, len(evidence.seeded[self.run]))
        return {
            "book": self.errors,
            "of": len(labels),
            "wrong": [
                {"image": int(k), "digit": int(labels[k]), "answer": int(voted[k])} for k in wrong.tolist()
            ],
            "members": members,
            "n": 1,
            "verdict": f"not judged: the plain difference of one vote of {members} networks",
            "agrees": None,
        }

    @staticmethod
    def row(finding: Finding) -> Row:
        ours, n = len(finding["wrong"]), finding["of"]
        book, here = (f"{wrong} ({100 * (1 - wrong / n):.2f} % right)" for wrong in (finding["book"], ours))
        what = f"test images that a vote of {finding['members']} networks gets wrong"
        return Row.of(finding, what, book, here, "", f"{ours - finding['book']:+d}")

    def figures(self, evidence: Evidence, title: str) -> list[tuple[str, Figure]]:
        test, voted = evidence.dataset.test, self._voted(evidence)
        wrong = np.flatnonzero(voted != test.labels)
        side = int(np.sqrt(test.images.shape[1]))
        figure, panels = pictures(test.images[wrong].reshape(-1, side, side), ACROSS)
        for axes, k in zip(panels, wrong, strict=True):  # as in the book: the truth above, the answer below
            axes.text(1.02, 0.95, test.labels[k], transform=axes.transAxes, va="top")
            axes.text(1.02, 0.05, voted[k], transform=axes.transAxes, va="bottom")
        return [("ensemble_errors", figure)]
