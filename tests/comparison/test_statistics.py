"""Means, intervals, paired tests and Holm's adjustment: by hand, by SciPy's own routes, and by simulation."""

import numpy as np
import pytest
from scipy import stats

from mnist_softmax.comparison.statistics import holm, mean_interval, paired


def test_mean_and_interval_by_hand():
    """1 to 5: mean 3, sd sqrt(2.5); t of 4 degrees of freedom at 97.5 % is 2.776 (any table)."""
    facts = mean_interval([1, 2, 3, 4, 5])
    assert facts["mean"] == 3
    assert facts["sd"] == pytest.approx(2.5**0.5)
    assert facts["low"] == pytest.approx(3 - 2.776 * (2.5 / 5) ** 0.5, abs=1e-3)
    assert facts["high"] == pytest.approx(3 + 2.776 * (2.5 / 5) ** 0.5, abs=1e-3)


def test_of_one_value_there_is_a_mean_and_no_interval_and_of_none_nothing():
    assert mean_interval([0.5]) == {"n": 1, "mean": 0.5, "sd": None, "low": None, "high": None}
    assert mean_interval([])["mean"] is None


def test_paired_differences_agree_with_scipy_by_another_route():
    rng = np.random.default_rng(1)
    b = rng.normal(0.96, 0.01, 12)
    a = b + rng.normal(0.003, 0.002, 12)
    facts = paired(a, b)
    whole = stats.ttest_rel(a, b)
    interval = whole.confidence_interval(0.95)
    assert (facts["low"], facts["high"]) == pytest.approx((interval.low, interval.high), abs=1e-9)
    assert facts["p_t"] == pytest.approx(whole.pvalue, rel=1e-5)
    assert facts["p_wilcoxon"] == pytest.approx(stats.wilcoxon(a, b).pvalue, rel=1e-9)
    assert facts["above"] == np.count_nonzero(a > b)


def test_wilcoxon_by_hand():
    """Six differences, all above 0: of the 2^6 ways to sign the ranks two are as extreme."""
    facts = paired([2, 3, 4, 5, 6, 7.5], [1, 1, 1, 1, 1, 1])
    assert facts["p_wilcoxon"] == pytest.approx(2 / 64)


def test_equal_pairs_are_no_difference_and_a_constant_one_is_certain():
    assert paired([1, 2, 3], [1, 2, 3])["p_t"] == 1
    constant = paired([2, 3, 4], [1, 2, 3])
    assert (constant["low"], constant["high"], constant["p_t"]) == (1, 1, 0)


def test_one_pair_has_no_test():
    facts = paired([1.0], [0.5])
    assert (facts["mean"], facts["p_t"], facts["p_wilcoxon"], facts["low"]) == (0.5, None, None, None)


def test_accuracies_that_tie_on_paper_tie_here():
    """0.9719 - 0.9711 and 0.9708 - 0.97 differ in floating point and are both 8 images."""
    a, b = [0.9719, 0.9708, 0.9700], [0.9711, 0.9700, 0.9705]
    assert paired(a, b)["p_wilcoxon"] == stats.wilcoxon([8, 8, -5]).pvalue


def test_holm_by_hand():
    """0.01, 0.02, 0.03, 0.04: times 4, 3, 2, 1 is 0.04, 0.06, 0.06, 0.04, and the last may not fall below."""
    assert holm([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.7, 0.6]) == [1.0, 1.0]
    assert holm([None, 0.01]) == [None, 0.01]


def test_the_interval_covers_a_known_difference_about_95_times_in_100():
    """500 pairs of costs 0.3 points apart, 10 seeds each, which share what their seed does to them."""
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(500):
        seed_effect = rng.normal(0.96, 0.002, 10)
        a = seed_effect + 0.003 + rng.normal(0, 0.001, 10)
        facts = paired(a, seed_effect + rng.normal(0, 0.001, 10))
        covered += facts["low"] <= 0.003 <= facts["high"]
    assert 0.92 < covered / 500 < 0.98  # three binomial standard deviations


def test_the_tests_find_a_difference_that_is_not_there_about_5_times_in_100():
    rng = np.random.default_rng(3)
    found = sum(paired(*rng.normal(0.96, 0.001, (2, 10)))["p_t"] < 0.05 for _ in range(500))
    assert 0.02 < found / 500 < 0.08
