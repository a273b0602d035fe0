"""numba: the textbook's program compiled, an epoch a call, np.dot on mini-batches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit

from benchmarks.work import ETA, M, Work

ONE, STEP = np.float32(1), np.float32(ETA / M)  # a plain 1 would make the arrays float64


@njit(fastmath=True)
def hidden(x, w1, b1):
    return ONE / (ONE + np.exp(-(np.dot(x, w1) + b1)))


@njit(fastmath=True)
def train(x, y, order, w1, b1, w2, b2):
    for k in range(0, len(order), M):
        chosen = order[k : k + M]
        x_in = x[chosen]
        a1 = hidden(x_in, w1, b1)
        delta2 = np.dot(a1, w2) + b2
        for i in range(len(chosen)):
            e = np.exp(delta2[i] - delta2[i].max())
            delta2[i] = e / e.sum() - y[chosen[i]]
        delta1 = np.dot(delta2, w2.T) * a1 * (ONE - a1)
        w2 -= STEP * np.dot(a1.T, delta2)
        b2 -= STEP * delta2.sum(axis=0)
        w1 -= STEP * np.dot(x_in.T, delta1)
        b1 -= STEP * delta1.sum(axis=0)


def start(work: Work) -> Callable[[int], float]:
    """A function that trains an epoch; the first compiles."""
    w1, b1, w2, b2 = (work.start[name].copy() for name in ("w1", "b1", "w2", "b2"))

    def epoch(number: int) -> float:
        train(work.x, work.y, work.order(number), w1, b1, w2, b2)
        answers = (np.dot(hidden(work.x_test, w1, b1), w2) + b2).argmax(axis=1)
        return float((answers == work.labels_test).mean())

    return epoch
