"""Means over seeds with their intervals, and paired differences with their tests. SciPy does the statistics."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from scipy import stats

from mnist_softmax.comparison.comparison import Facts
from mnist_softmax.text import percent

CONFIDENCE = 0.95


def mean_interval(values: Sequence[float]) -> Facts:
    """n, mean, sd (n - 1 below) and the t-interval low to high; of one value there is no sd and no interval.

    What is too large for a number is None, too.
    """
    n = len(values)
    facts: Facts = dict.fromkeys(("mean", "sd", "low", "high"))
    with np.errstate(over="ignore", invalid="ignore"):
        if n > 0:
            mean = facts["mean"] = float(np.mean(values))
        if n > 1:
            facts["sd"] = sd = float(np.std(values, ddof=1))
            half = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) * sd / np.sqrt(n)
            facts |= {"low": mean - half, "high": mean + half}
    return {"n": n} | {key: x if x is not None and np.isfinite(x) else None for key, x in facts.items()}


def mean(facts: Facts, form: str = "") -> str:
    """A mean in the format `form`, by default as percent; "-" where there is none."""
    if facts["mean"] is None:
        return "-"
    return format(facts["mean"], form) if form else percent(facts["mean"])


def interval(facts: Facts) -> str:
    """In percent, such as "97.10 to 97.28"."""
    return "-" if facts["low"] is None else f"{100 * facts['low']:.2f} to {100 * facts['high']:.2f}"


def paired(a: Sequence[float], b: Sequence[float]) -> Facts:
    """Of a - b, pair by pair: `mean_interval`, how often a was above, and p of the paired t and Wilcoxon tests.

    A p is None where there is nothing to test: fewer than two pairs. Where all pairs are equal both are 1.
    """
    # rounded, for 0.9719 - 0.9711 and 0.9708 - 0.9700 are a tie, though not in floating point
    differences = np.subtract(a, b).round(10)
    facts = mean_interval(differences.tolist()) | {"above": int(np.count_nonzero(differences > 0))}
    if len(differences) < 2:
        return facts | {"p_t": None, "p_wilcoxon": None}
    if not differences.any():
        return facts | {"p_t": 1.0, "p_wilcoxon": 1.0}
    with warnings.catch_warnings():  # of equal differences t is infinite and its p is 0, and SciPy says so
        warnings.simplefilter("ignore", RuntimeWarning)
        p_t = float(stats.ttest_1samp(differences, 0).pvalue)
        p_wilcoxon = float(stats.wilcoxon(differences).pvalue)
    return facts | {"p_t": p_t, "p_wilcoxon": p_wilcoxon}


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """p-values adjusted by Holm (1979): the k-th smallest of n times n - k + 1, never below one before it."""
    known = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for k, (p, i) in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - k) * p))
        adjusted[i] = highest
    return adjusted
