"""One example at a time, as the book's programs go: columns, float64, gradients summed over the mini-batch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.work import ETA, M, Work


def start(work: Work) -> Callable[[int], float]:
    """A function that trains an epoch."""
    weights = [work.start[f"w{l}"].T.astype(np.float64) for l in (1, 2)]
    biases = [work.start[f"b{l}"][:, None].astype(np.float64) for l in (1, 2)]
    examples = [(x[:, None], y[:, None]) for x, y in zip(work.x, work.y, strict=True)]

    def activations(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        a1 = 1 / (1 + np.exp(-(weights[0] @ x + biases[0])))
        z = weights[1] @ a1 + biases[1]
        e = np.exp(z - z.max(axis=0))
        return a1, e / e.sum(axis=0)

    def epoch(number: int) -> float:
        order = work.order(number)
        for k in range(0, len(order), M):
            sums = [np.zeros_like(array) for array in (*weights, *biases)]
            for i in order[k : k + M]:
                x, y = examples[i]
                a1, a2 = activations(x)
                delta2 = a2 - y
                delta1 = weights[1].T @ delta2 * a1 * (1 - a1)
                for total, nabla in zip(sums, (delta1 @ x.T, delta2 @ a1.T, delta1, delta2), strict=True):
                    total += nabla
            for array, total in zip((*weights, *biases), sums, strict=True):
                array -= ETA / M * total
        right = sum(
            activations(x[:, None])[1].argmax() == label
            for x, label in zip(work.x_test, work.labels_test, strict=True)
        )
        return right / len(work.labels_test)

    return epoch
