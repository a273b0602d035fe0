"""Chapter 2's problem: the matrices give the loop's step, and the ratio is of the loop's time."""

from itertools import count, pairwise

import numpy as np

from mnist_softmax.book import speedup
from mnist_softmax.book.claim import Evidence
from mnist_softmax.book.speedup import SIZES, TURNS, M, Speedup, measured, update_by_matrices
from mnist_softmax.plain import update


def test_a_step_by_matrices_is_that_of_the_loop():
    rng = np.random.default_rng(0)
    w = [rng.normal(size=(n, n_in)) for n_in, n in pairwise(SIZES)]
    b = [rng.normal(size=n) for n in SIZES[1:]]
    x, y = rng.random((M, SIZES[0])), np.eye(SIZES[-1])[rng.integers(0, 10, M)]
    w_loop, w_matrices = [each.copy() for each in w], [each.copy() for each in w]
    b_loop, b_matrices = [each.copy() for each in b], [each.copy() for each in b]
    update(w_loop, b_loop, list(zip(x, y, strict=True)), 0.5, 5.0, 100)
    update_by_matrices(w_matrices, b_matrices, x.T, y.T, 0.5, 5.0, 100)
    for here, there in zip(w_matrices + b_matrices, w_loop + b_loop, strict=True):
        np.testing.assert_allclose(here, there, rtol=1e-12, atol=1e-14)
    assert not np.allclose(w_loop[0], w[0])


def test_each_turn_is_a_ratio_of_two_times():
    """A clock that is read three times a turn, and gives 0, 6, 8, then 100, 106, 108: 6 / 2 each time."""
    times = (turn * 100 + at for turn in count() for at in (0, 6, 8))
    rng = np.random.default_rng(0)
    ratios = measured(
        rng.random((2 * M, SIZES[0])), np.eye(10)[rng.integers(0, 10, 2 * M)], lambda: next(times)
    )
    assert ratios == [3.0] * TURNS


def test_about_is_within_a_factor_of_the_root_of_two(monkeypatch, dataset):
    evidence = Evidence({}, {}, [], dataset, 60)
    for ratio, agrees in ((1.42, True), (2.8, True), (1.40, False), (2.9, False)):
        monkeypatch.setattr(speedup, "measured", lambda *_, ratio=ratio: [ratio])
        assert Speedup(says="so", factor=2).judge(evidence)["agrees"] == agrees
