"""Mini-batch stochastic gradient descent (the book's chapters 1 to 3): the algorithm, and what it goes down.

How a step is taken, with momentum or as Adam does, is in optimizers.py; the plainest is `Pass.descend`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from mnist_softmax.config.training import Training
from mnist_softmax.network.calls import Recording, play, recorded
from mnist_softmax.network.network import Pass
from mnist_softmax.network.parameters import Parameters

MiniBatch = tuple[np.ndarray, np.ndarray]
Recordings = dict[
    tuple[int, int], tuple[MiniBatch, Recording]
]  # by the identity of x and y: both, and the calls


def train_epoch(
    mini_batches: Iterable[MiniBatch],
    passes: Mapping[int, Pass],
    step: Callable[[Pass], None],
    recordings: Recordings,
) -> None:
    """An epoch of mini-batch stochastic gradient descent: x (..., m, n_in), one-hot y (..., m, K).

    `passes` has a pass for each size m of mini-batch; `step` takes one that has come back, such as `Descent.step`.
    Mini-batches that come in the same arrays as an earlier one take the same calls. These are kept in `recordings`,
    empty at first, and played; whoever changes what `step` does must empty it again.
    """
    for x, y in mini_batches:
        if known := recordings.get((id(x), id(y))):
            play(known[1])
            continue
        with recorded() as recording:
            p = passes[x.shape[-2]]
            p.draw()  # the neurons that dropout leaves out
            p.forward(x)  # a of every layer, eq. (25)
            p.backward(y)  # delta of every layer, (BP1) and (BP2)
            step(p)  # w and b down the gradient, (BP3), (BP4) and eqs. (20), (21)
        recordings[id(x), id(y)] = (x, y), recording  # kept, so that no other arrays have their ids


@np.errstate(over="ignore", invalid="ignore")  # of a run that diverged it may be infinite
def penalty(parameters: Parameters, settings: Training, n: int) -> float:
    """Eqs. (85) and (95): lambda/2n sum w^2 + lambda/n sum |w|."""
    w = parameters.weights.astype(np.float64, copy=False)
    return float(settings.l2 / (2 * n) * np.sum(w * w) + settings.l1 / n * np.sum(np.abs(w)))
