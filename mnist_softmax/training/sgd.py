"""Mini-batch stochastic gradient descent (the book's chapters 1 to 3): the algorithm, and what it goes down.

How a step is taken, with momentum or as Adam does, is in optimizers.py; the plainest is `Pass.descend`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from mnist_softmax.config.training import Training
from mnist_softmax.network.network import Pass
from mnist_softmax.network.parameters import Parameters

MiniBatches = Iterable[tuple[np.ndarray, np.ndarray]]


def train_epoch(
    mini_batches: MiniBatches,
    passes: Mapping[int, Pass],
    step: Callable[[Pass], None],
    rngs: Sequence[np.random.Generator],
) -> None:
    """An epoch of mini-batch stochastic gradient descent: x (..., m, n_in), one-hot y (..., m, K).

    `passes` has a pass for each size m of mini-batch; `step` takes one that has come back, such as `Descent.step`;
    `rngs` has the epoch's generator of dropout for each replica.
    """
    for x, y in mini_batches:
        p = passes[x.shape[-2]]
        p.draw(rngs)
        p.forward(x)  # a of every layer, eq. (25)
        p.backward(y)  # delta of every layer, (BP1) and (BP2)
        step(p)  # w and b down the gradient, (BP3), (BP4) and eqs. (20), (21)


@np.errstate(over="ignore", invalid="ignore")  # of a run that diverged it may be infinite
def penalty(parameters: Parameters, settings: Training, n: int) -> float:
    """Eqs. (85) and (95): lambda/2n sum w^2 + lambda/n sum |w|."""
    w = parameters.weights.astype(np.float64, copy=False)
    return float(settings.l2 / (2 * n) * np.sum(w * w) + settings.l1 / n * np.sum(np.abs(w)))
