"""NumPy as a textbook has it: vectorised over the mini-batch, a new array for every result."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.work import ETA, M, Work


def start(work: Work) -> Callable[[int], float]:
    """A function that trains an epoch."""
    w1, b1, w2, b2 = (work.start[name].copy() for name in ("w1", "b1", "w2", "b2"))

    def hidden(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-(x @ w1 + b1)))

    def epoch(number: int) -> float:
        nonlocal w1, b1, w2, b2
        order = work.order(number)
        for k in range(0, len(order), M):
            x, y = work.x[order[k : k + M]], work.y[order[k : k + M]]
            a1 = hidden(x)
            z = a1 @ w2 + b2
            e = np.exp(z - z.max(axis=1, keepdims=True))
            a2 = e / e.sum(axis=1, keepdims=True)
            delta2 = (a2 - y) / len(x)
            delta1 = delta2 @ w2.T * a1 * (1 - a1)
            w2 = w2 - ETA * a1.T @ delta2
            b2 = b2 - ETA * delta2.sum(axis=0)
            w1 = w1 - ETA * x.T @ delta1
            b1 = b1 - ETA * delta1.sum(axis=0)
        answers = (hidden(work.x_test) @ w2 + b2).argmax(axis=1)
        return float((answers == work.labels_test).mean())

    return epoch
