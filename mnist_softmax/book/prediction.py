"""What one report like the book's would be, judged from n runs of our own.

The book prints one number, of one run or of the best of a few. So the question is not where our mean lies, but
whether the book's number is one that such a report may well give: whether it lies in the 95 % prediction
interval for one more report, mean +- t s sqrt(1 + k/n). Here k is the number of runs in a report, and mean and s
are those of the reports that can be made of n runs, k of them at a time (for k = 1, of the runs themselves).
For k = 1 this is the textbook interval for one further normal observation. For more, k/n bounds the variance of
such a mean (Hoeffding 1948, A class of statistics with asymptotically normal distribution, theorem 5.2), and t has
(n - 1)/k degrees of freedom, for the reports overlap: with these the interval holds one more report in 94 to 96
of 100 cases, of normal runs and of ones with a long lower tail (a test counts).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats

LEVEL = 0.95
LEAST_SEEDS = 4  # below that a best of three has no spread


@dataclass(frozen=True)
class Prediction:
    """Of the reports that n runs give: mean, standard deviation, and the interval for one more."""

    n: int
    mean: float
    deviation: float
    low: float
    high: float
    reports: np.ndarray

    def quantile(self, value: float) -> float:
        """The share of reports at or below `value`."""
        return float(np.mean(self.reports <= value))

    def beside(self, book: float) -> dict[str, float]:
        """These figures beside the book's, as findings hold them."""
        figures = {"book": book, "mean": self.mean, "low": self.low, "high": self.high}
        return figures | {"quantile": self.quantile(book)}

    def verdict(self, value: float, decimals: int) -> str:
        """Whether the book's `value`, printed with so many decimals, is a report that can well be."""
        half = 0.5 * 10.0**-decimals  # it may be rounded by as much
        if self.low - half <= value <= self.high + half:
            return "consistent"
        return f"{'higher' if self.mean > value else 'lower'} by {abs(self.mean - value):.{max(decimals, 2)}f}"


def one_more_report(values: Sequence[float], best_of: int = 1) -> Prediction:
    """From one value of each of n runs, n > best_of and n > 1."""
    n = len(values)
    reports = np.array([max(runs) for runs in combinations(values, best_of)])
    mean, deviation = float(np.mean(reports)), float(np.std(reports, ddof=1))
    t = float(stats.t.ppf((1 + LEVEL) / 2, (n - 1) / best_of))
    margin = t * deviation * np.sqrt(1 + best_of / n)
    return Prediction(n, mean, deviation, float(mean - margin), float(mean + margin), reports)
