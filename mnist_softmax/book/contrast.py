"""Exercises that try one thing against another: how much higher a run is, and which of several is best."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from mnist_softmax.book.answer import Answer, interval
from mnist_softmax.book.claim import Evidence, Finding, Prospect
from mnist_softmax.book.gradients import NORMS
from mnist_softmax.book.selected import VALIDATION, Selected, select
from mnist_softmax.config.schema import PositiveInt
from mnist_softmax.metrics import METRICS

WHEN = {
    "first": " after the first epoch",
    "final": " after the last epoch",
    "peak": " at the best epoch",
    "by_validation": "",
}


class Difference(Answer, Selected):
    """How much higher one run is than another with the same seed."""

    kind: Literal["difference"] = "difference"
    minus: str
    least_runs: ClassVar[int] = 2

    def check(self, prospect: Prospect) -> None:
        super().check(prospect)
        prospect.check(self.metric, self.minus, "minus")
        self._check_layer(self.layer, prospect, self.minus)

    def judge(self, evidence: Evidence) -> Finding:
        pairs = self.values(evidence, self.run, self.layer) - self.values(evidence, self.minus, self.layer)
        mean, low, high = interval(pairs)
        title = METRICS[self.metric].title + WHEN[self.select]
        seen = f"{abs(mean):.2f} points {'above' if mean > 0 else 'below'} `{self.minus}`"
        doubt = "" if low * high > 0 else "; the sign is not sure"
        verdict = (
            f"`{self.run}` is {seen} in {title} (95 % interval of the difference {low:+.2f} to {high:+.2f}, "
            f"{len(pairs)} pairs{doubt})"
        )
        figures = {"mean": mean, "low": low, "high": high, "n": len(pairs)}
        return figures | {"verdict": verdict, "agrees": None}


class Chosen(Answer):
    """The run that is best on validation, and what it has on test at the epochs chosen by validation."""

    kind: Literal["chosen"] = "chosen"
    least_runs: ClassVar[int] = 2

    def check(self, prospect: Prospect) -> None:
        for run in prospect.seeded:
            prospect.check(VALIDATION, run)
            prospect.check("test_accuracy", run)

    def judge(self, evidence: Evidence) -> Finding:
        means = {
            run: float(np.mean([select(history, VALIDATION, "peak") for history in evidence.histories(run)]))
            for run in evidence.seeded
        }
        best = max(means, key=means.__getitem__)
        test = np.array(
            [select(history, "test_accuracy", "by_validation") for history in evidence.histories(best)]
        )
        mean, low, high = interval(test)
        others = ", ".join(f"`{run}` {value:.2f} %" for run, value in means.items() if run != best)
        verdict = (
            f"best on validation is `{best}` ({means[best]:.2f} %; {others}); it has {mean:.2f} % on test "
            f"(95 % interval {low:.2f} to {high:.2f}, {len(test)} seeds)"
        )
        figures = {"chosen": best, "validation": means, "mean": mean, "low": low, "high": high}
        return figures | {"n": len(test), "verdict": verdict, "agrees": None}


class Ratio(Answer):
    """How much larger the gradient of one hidden layer is than that of another, before training."""

    kind: Literal["ratio"] = "ratio"
    least_runs: ClassVar[int] = 2
    run: str
    layer: PositiveInt
    over_layer: PositiveInt

    def check(self, prospect: Prospect) -> None:
        prospect.check(NORMS, self.run, "run")
        prospect.check_layer(self.layer, self.run)
        prospect.check_layer(self.over_layer, self.run, "over_layer")

    def judge(self, evidence: Evidence) -> Finding:
        before = np.array([course[0] for course in evidence.courses(self.run)])
        logs = np.log(before[:, self.layer - 1] / before[:, self.over_layer - 1])
        mean, low, high = (float(np.exp(value)) for value in interval(logs))
        verdict = (
            f"`{self.run}`: dC/db of hidden layer {self.layer} is {mean:.3g} times as long as that of hidden layer "
            f"{self.over_layer} (95 % interval of the geometric mean {low:.3g} to {high:.3g}, {len(logs)} seeds)"
        )
        return {"mean": mean, "low": low, "high": high, "n": len(logs), "verdict": verdict, "agrees": None}


class Length(Answer):
    """How many epochs a run is trained that ends by itself."""

    kind: Literal["length"] = "length"
    least_runs: ClassVar[int] = 2
    run: str

    def check(self, prospect: Prospect) -> None:
        prospect.check(None, self.run, "run")

    def judge(self, evidence: Evidence) -> Finding:
        epochs = np.array([len(history) for history in evidence.histories(self.run)])
        mean, low, high = interval(epochs)
        of = f"95 % interval {low:.0f} to {high:.0f}, {len(epochs)} seeds"
        verdict = f"`{self.run}` is trained {mean:.0f} epochs ({of})"
        return {"mean": mean, "low": low, "high": high, "n": len(epochs), "verdict": verdict, "agrees": None}


Kinds = Difference | Chosen | Ratio | Length
