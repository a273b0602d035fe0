"""The true floor: the five products as BLAS does them best, in memory that begins where a cache line does.

Which way a matrix is stored decides how fast a product with it is, and processors differ. So each way is tried, and
the fastest is kept. Calls are bound beforehand. (With more than about 120 hidden neurons products in parts would be
faster still.)
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from itertools import product as ways
from time import perf_counter

import numpy as np

from benchmarks.work import M, Work
from mnist_softmax.buffers import empty
from mnist_softmax.network.calls import Recording, play, product, recorded


def stored(values: np.ndarray, by_columns: bool) -> np.ndarray:
    """The matrix, aligned, and stored by rows or by columns."""
    matrix = empty(values.T.shape, values.dtype).T if by_columns else empty(values.shape, values.dtype)
    matrix[...] = values
    return matrix


def calls(work: Work, *by_columns: bool) -> Recording:
    """A mini-batch's products, where w1, w2, what is of the hidden layer, and what is of the outputs is stored so."""
    w1_so, w2_so, hidden_so, output_so = by_columns
    x, w1, w2 = stored(work.x[:M], False), stored(work.start["w1"], w1_so), stored(work.start["w2"], w2_so)
    a, z = stored(x @ w1, hidden_so), stored(x @ w1 @ w2, output_so)
    grad_w1, grad_w2, grad_a = stored(w1, w1_so), stored(w2, w2_so), stored(a, hidden_so)
    delta = stored(np.full_like(z, 1e-3), output_so)
    with recorded() as recording:
        product(x, w1, a)
        product(a, w2, z)
        product(delta, w2.T, grad_a)
        product(a.T, delta, grad_w2)
        product(x.T, grad_a, grad_w1)
    return recording


def seconds(recording: Recording) -> float:
    """The least of twenty times."""
    times = [perf_counter()]
    for _ in range(20):
        play(recording)
        times.append(perf_counter())
    return min(after - before for before, after in pairwise(times))


def start(work: Work) -> Callable[[int], None]:
    """A function that does an epoch's products."""
    fastest = min((calls(work, *way) for way in ways([False, True], repeat=4)), key=seconds)

    def epoch(_: int) -> None:
        for _ in range(len(work.x) // M):
            play(fastest)

    return epoch
