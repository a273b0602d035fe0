"""Answers to the book's exercises: claims whose verdict is a sentence with its interval, and agrees with nobody."""

from __future__ import annotations

import numpy as np
from scipy import stats

from mnist_softmax.book.claim import Claim, Finding, Row
from mnist_softmax.book.prediction import LEVEL


class Answer(Claim):
    """A claim whose finding has its whole answer as `verdict`."""

    @staticmethod
    def row(finding: Finding) -> Row:
        return Row.of(finding, "answer", "", "")


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and the t-interval for it."""
    mean = float(np.mean(values))
    if np.ptp(values) == 0:
        return mean, mean, mean
    low, high = stats.ttest_1samp(values, 0).confidence_interval(LEVEL)
    return mean, float(low), float(high)
