"""When to stop (a problem of chapter 3): rules tried on the same long runs, after the fact."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar, Literal

import numpy as np

from mnist_softmax.book.answer import Answer, interval
from mnist_softmax.book.claim import Evidence, Finding, Prospect
from mnist_softmax.book.selected import VALIDATION


class Stopping(Answer):
    """Rules of when to stop, tried on the same long runs: epochs trained, and validation accuracy that is kept.

    Each rule keeps the parameters of the best epoch so far, as early stopping does.
    """

    kind: Literal["stopping"] = "stopping"
    least_runs: ClassVar[int] = 2

    def check(self, prospect: Prospect) -> None:
        prospect.check(VALIDATION)
        prospect.check_whole()

    def judge(self, evidence: Evidence) -> Finding:
        curves = [[record[VALIDATION] for record in history] for history in evidence.histories()]
        found = {}
        for name, rule in RULES.items():
            ends = [next((k for k in range(1, len(c)) if rule(c[:k])), len(c)) for c in curves]
            kept = np.array([100 * max(c[:end]) for c, end in zip(curves, ends, strict=True)])
            found[name] = {"epochs": ends, "kept": kept.tolist()}
        first, *others = found
        sentences = [
            f"{first}: {np.mean(found[first]['epochs']):.0f} epochs, {np.mean(found[first]['kept']):.2f} %"
        ]
        for name in others:
            mean, low, high = interval(np.subtract(found[name]["kept"], found[first]["kept"]))
            sentences.append(
                f"{name}: {np.mean(found[name]['epochs']):.0f} epochs, {mean:+.2f} points "
                f"(95 % interval {low:+.2f} to {high:+.2f})"
            )
        verdict = f"{'; '.join(sentences)} ({len(curves)} runs of {len(curves[0])} epochs)"
        return {"rules": found, "n": len(curves), "verdict": verdict, "agrees": None}


def no_improvement(curve: list[float], patience: int) -> bool:
    """The best epoch is so many epochs ago."""
    return len(curve) - 1 - int(np.argmax(curve)) >= patience


def flat_mean(curve: list[float], window: int = 5, gain: float = 0.0002) -> bool:
    """The mean of the last five epochs is not two images of 10,000 above that of the five before."""
    return len(curve) >= 2 * window and bool(
        np.mean(curve[-window:]) < np.mean(curve[-2 * window : -window]) + gain
    )


def patience_of_a_third(curve: list[float]) -> bool:
    """The best epoch is longer ago than a third of the epochs so far, and five at least."""
    return no_improvement(curve, max(5, len(curve) // 3))


RULES: dict[str, Callable[[list[float]], bool]] = {
    "no improvement in ten": partial(no_improvement, patience=10),
    "no improvement in a third of the epochs so far, five at least": patience_of_a_third,
    "the mean of five epochs no longer rises": flat_mean,
}
