"""What one report like the book's would be, judged from n runs of our own.

The book prints one number, of one run or of the best of a few. So the question is not where our mean lies, but
whether the book's number is one that such a report may well give: whether it lies in the 95 % prediction
interval for one more report, mean +- t s sqrt(1 + k/n). Here k is the number of runs in a report, and mean and s
are those of the reports that can be made of n runs, k of them at a time (for k = 1, of the runs themselves).
For k = 1 this is the textbook interval for one further normal observation. For more, k/n bounds the variance of
such a mean (Hoeffding 1948, A class of statistics with asymptotically normal distribution, theorem 5.2), and t has
(n - 1)/k degrees of freedom, for the reports overlap: with these the interval holds one more report in 94 to 96
of 100 cases, of normal runs and of ones with a long lower tail (a test counts).

Of three runs there is but one best of three, which has no spread. So of fewer than four runs, in whatever report,
only the plain difference is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from scipy import stats

LEVEL = 0.95
LEAST_SEEDS = 4  # of fewer runs there is no interval: a best of three has no spread then
FEW = 3  # of fewer runs a statement is not judged
TOO_FEW = ": too few to judge"


@dataclass(frozen=True)
class Prediction:
    """Of the reports that n runs give: mean, standard deviation, and the interval for one more.

    `deviation`, `low` and `high` are None where the runs are too few for them.
    """

    n: int
    mean: float
    deviation: float | None
    low: float | None
    high: float | None
    values: np.ndarray
    times: np.ndarray
    """How many reports have each of the values."""

    def quantile(self, value: float) -> float:
        """The share of reports at or below `value`."""
        return float(self.times[self.values <= value].sum() / self.times.sum())

    def beside(self, book: float) -> dict[str, float | None]:
        """These figures beside the book's, as findings hold them."""
        figures = {"book": book, "mean": self.mean, "low": self.low, "high": self.high}
        return figures | {"quantile": self.quantile(book)}

    def agrees(self, value: float, decimals: int) -> bool | None:
        """Whether the book's `value`, printed with so many decimals, can well be a report; None: too few runs."""
        if self.low is None or self.high is None:
            return None
        half = 0.5 * 10.0**-decimals  # it may be rounded by as much
        return self.low - half <= value <= self.high + half

    def verdict(self, value: float, decimals: int) -> str:
        """`agrees` in words."""
        agrees, difference = self.agrees(value, decimals), self.mean - value
        if agrees is None:
            return f"not judged: the plain difference of {self.n} run{'s' * (self.n > 1)}"
        if agrees:
            return "consistent"
        return f"{'higher' if difference > 0 else 'lower'} by {abs(difference):.{max(decimals, 2)}f}"


def one_more_report(
    values: Sequence[float], best_of: int = 1, chosen_by: Sequence[float] | None = None
) -> Prediction:
    """From one value of each of n runs.

    A report is the value of the best of `best_of` runs: the best by `chosen_by`, where that is given, such as
    accuracy on validation for a value on test. Where runs are fewer it is of all that there are.
    """
    n, k = len(values), min(best_of, len(values))
    merit = values if chosen_by is None else chosen_by
    order = sorted(range(n), key=lambda run: (merit[run], -run))  # the best last, of equals the earliest
    reported = np.array(values, float)[order[k - 1 :]]
    # each is the best of as many sets of k runs as there are of k - 1 worse ones
    times = np.array([comb(worse, k - 1) for worse in range(k - 1, n)], float)
    mean = float(np.average(reported, weights=times))
    if n < LEAST_SEEDS:
        return Prediction(n, mean, None, None, None, reported, times)
    deviation = float(np.sqrt(times @ (reported - mean) ** 2 / (times.sum() - 1)))
    t = float(stats.t.ppf((1 + LEVEL) / 2, (n - 1) / best_of))
    margin = t * deviation * np.sqrt(1 + best_of / n)
    return Prediction(n, mean, deviation, float(mean - margin), float(mean + margin), reported, times)
