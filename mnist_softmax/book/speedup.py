"""Chapter 2's problem: backpropagation for a whole mini-batch by matrices, beside a loop over examples."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from time import process_time
from typing import Literal

import numpy as np
from threadpoolctl import threadpool_limits

from mnist_softmax.book.claim import Claim, Evidence, Finding, Prospect, Row
from mnist_softmax.config.schema import Positive
from mnist_softmax.plain import Arrays, sigma, update

SIZES, M, ETA, LMBDA = (784, 30, 10), 10, 0.5, 5.0
TURNS, MINI_BATCHES = 21, 100  # a turn times both, one after the other, so that a busy machine slows both


class Speedup(Claim):
    """How many times as fast the matrices are, in CPU time; "about" is within a factor of sqrt(2)."""

    kind: Literal["speedup"] = "speedup"
    says: str
    factor: Positive

    def check(self, prospect: Prospect) -> None:
        """It needs no run."""

    def judge(self, evidence: Evidence) -> Finding:
        train = evidence.dataset.train.first(M * MINI_BATCHES)
        ratios = measured(train.images / train.scale, np.eye(SIZES[-1])[train.labels])
        middle = float(np.median(ratios))
        agrees = self.factor / np.sqrt(2) <= middle <= self.factor * np.sqrt(2)
        return {
            "says": self.says,
            "book": self.factor,
            "median": middle,
            "smallest": min(ratios),
            "largest": max(ratios),
            "n": len(ratios),
            "verdict": "about as much" if agrees else "more" if middle > self.factor else "less",
            "agrees": bool(agrees),
        }

    @staticmethod
    def row(finding: Finding) -> Row:
        return Row.of(
            finding,
            f'"{finding["says"]}" (CPU time of the loop over that of the matrices, turns of 100 mini-batches)',
            f"{finding['book']:g}",
            f"{finding['median']:.1f}",
            f"{finding['smallest']:.1f} to {finding['largest']:.1f} (all turns)",
        )


def measured(images: np.ndarray, y: np.ndarray, clock: Callable[[], float] = process_time) -> list[float]:
    """The ratio of each turn. Images (n, 784) and one-hot y (n, 10) are shown M at a time, the same to both."""
    rng = np.random.default_rng(0)
    w = [rng.normal(0, 1 / np.sqrt(a), (b, a)) for a, b in pairwise(SIZES)]
    b = [rng.normal(0, 1, size) for size in SIZES[1:]]
    starts = range(0, len(images), M)
    examples = [list(zip(images[k : k + M], y[k : k + M], strict=True)) for k in starts]
    matrices = [(np.ascontiguousarray(images[k : k + M].T), y[k : k + M].T) for k in starts]
    ratios = []
    with threadpool_limits(limits=1, user_api="blas"):
        for _ in range(TURNS):
            began = clock()
            for mini_batch in examples:
                update(w, b, mini_batch, ETA, LMBDA, len(images))
            middle = clock()
            for x, targets in matrices:
                update_by_matrices(w, b, x, targets, ETA, LMBDA, len(images))
            ratios.append((middle - began) / (clock() - middle))
    return ratios


def update_by_matrices(
    w: Arrays, b: Arrays, x: np.ndarray, y: np.ndarray, eta: float, lmbda: float, n: int
) -> None:
    """The step of plain.update, where x (784, m) and y (10, m) have a column for each example: no loop over them."""
    m, a = x.shape[1], [x]
    for l in range(len(w)):
        z = w[l] @ a[l] + b[l][:, None]
        a.append(sigma(z) if l < len(w) - 1 else _softmax(z))
    delta = a[-1] - y  # (BP1), a column for each example
    for l in reversed(range(len(w))):
        nabla_w, nabla_b = delta @ a[l].T, delta.sum(axis=1)  # (BP4) and (BP3), summed over the examples
        delta = (w[l].T @ delta) * a[l] * (1 - a[l])  # (BP2)
        w[l] = (1 - eta * lmbda / n) * w[l] - eta / m * nabla_w
        b[l] = b[l] - eta / m * nabla_b


def _softmax(z: np.ndarray) -> np.ndarray:
    e: np.ndarray = np.exp(z - z.max(axis=0))
    a: np.ndarray = e / e.sum(axis=0)
    return a
