"""mnist_softmax itself, alone and as a cohort."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from benchmarks.work import ETA, M, Work
from mnist_softmax.config.config import Config
from mnist_softmax.training.loop import start as fresh
from mnist_softmax.training.loop import train_cohort


class Orders:
    """The orders of the work in place of a random stream of our own."""

    def __init__(self, work: Work) -> None:
        self.work, self.epoch = work, -1

    def permutation(self, n: int) -> np.ndarray:
        """That of the next epoch; the first is number 0."""
        self.epoch += 1
        return self.work.order(self.epoch)


def start(work: Work, replicas: int = 1) -> Callable[[int], float]:
    """A function that trains an epoch of every replica."""
    settings = Config.model_validate(
        {
            "network": work.description.model_dump(),
            "training": {
                "epochs": 10**6,
                "mini_batch_size": M,
                "learning_rate": ETA,
                "monitor": ["test_accuracy"],
            },
        }
    )
    states = [fresh(settings) for _ in range(replicas)]
    for state in states:
        state.order = Orders(work)
        for name, view in state.network.parameters.named():
            view[...] = work.start[name]
    outcomes = train_cohort(states, work.dataset, [settings] * replicas)

    def epoch(_: int) -> float:
        accuracies = {outcome["test_accuracy"] for _, outcome in _take(outcomes, replicas)}
        [accuracy] = accuracies  # the replicas are all alike
        return accuracy

    return epoch


def _take(outcomes: Iterable, count: int) -> list:
    return [next(iter(outcomes)) for _ in range(count)]


def start_cohort(work: Work) -> Callable[[int], float]:
    """A cohort of ten."""
    return start(work, 10)
