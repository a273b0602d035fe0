"""The interval for one more report: the textbook one, and what it becomes where a report is the best of several."""

import tracemalloc
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from mnist_softmax.book.prediction import one_more_report

RUNS = [95.1, 95.3, 95.2, 95.6, 95.4, 95.0, 95.5, 95.3, 95.2, 95.4]


def test_of_single_runs_it_is_the_textbook_prediction_interval():
    """By hand for n = 4: mean 3, s^2 = 20/3, t of 3 degrees of freedom 3.182446."""
    found = one_more_report([0.0, 2.0, 4.0, 6.0])
    assert (found.mean, found.deviation) == pytest.approx((3.0, np.sqrt(20 / 3)))
    half = 3.182446305 * np.sqrt(20 / 3) * np.sqrt(1.25)
    assert (found.low, found.high) == pytest.approx((3 - half, 3 + half), rel=1e-8)


def test_it_holds_one_more_run_as_often_as_it_says():
    rng = np.random.default_rng(1)
    inside = [
        found.low < new < found.high
        for new, *runs in rng.normal(size=(4000, 11))
        for found in [one_more_report(runs)]
    ]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)


def test_best_of_three_reports_are_all_the_triples():
    found = one_more_report(RUNS, best_of=3)
    best = [max(triple) for triple in combinations(RUNS, 3)]
    assert found.times.sum() == len(best) == 120
    assert np.repeat(found.values, found.times.astype(int)).tolist() == sorted(best)
    assert found.mean == pytest.approx(np.mean(best))
    margin = stats.t.ppf(0.975, 3) * np.std(best, ddof=1) * np.sqrt(1.3)
    assert (found.low, found.high) == pytest.approx((found.mean - margin, found.mean + margin))


def test_of_runs_that_are_equally_good_the_earliest_is_reported():
    merit, value = [1, 2, 2, 1, 2], [10.0, 20.0, 30.0, 40.0, 50.0]
    chosen = [value[max(runs, key=merit.__getitem__)] for runs in combinations(range(5), 3)]
    found = one_more_report(value, 3, merit)
    assert sorted(np.repeat(found.values, found.times.astype(int))) == sorted(chosen)
    assert found.quantile(25) == np.mean(np.array(chosen) <= 25)


def test_the_triples_of_a_thousand_runs_are_counted_and_not_made():
    runs = np.arange(1000.0)
    tracemalloc.start()
    found = one_more_report(runs.tolist(), best_of=3)
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()
    assert found.times.sum() == 166_167_000
    assert found.mean == pytest.approx(
        3 / 4 * 1001 - 1
    )  # of the largest of 3 out of 1 to N it is 3 (N + 1) / 4


@pytest.mark.parametrize("tail", ["normal", "some runs much worse"])
def test_it_holds_one_more_best_of_three_as_often(tail):
    rng = np.random.default_rng(2)
    every_run = rng.normal(size=(2000, 13))
    if tail != "normal":
        every_run -= 8 * (rng.random(every_run.shape) < 0.3)
    inside = []
    for runs in every_run:
        found = one_more_report(runs[3:].tolist(), best_of=3)
        inside.append(found.low < runs[:3].max() < found.high)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(95.3, "consistent"), (95.85, "lower by 0.55"), (94.7, "higher by 0.60"), (99.0, "lower by 3.70")],
)
def test_verdicts(value, verdict):
    assert one_more_report(RUNS).verdict(value, 2) == verdict


def test_a_number_may_be_rounded_into_the_interval():
    found = one_more_report([0.0660, 0.0662, 0.0661, 0.0663])
    assert found.high < 0.07
    assert found.verdict(0.07, 2) == "consistent"  # anything from 0.065 to 0.075 is printed so
    assert found.verdict(0.070, 3) == "lower by 0.004"


def test_the_quantile_is_the_share_of_reports_at_or_below():
    assert one_more_report(RUNS).quantile(95.2) == 0.4
