"""mnist_softmax itself: one network, and ten in the cohorts that the program makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from benchmarks.work import ETA, M, Work
from mnist_softmax.config.config import Config
from mnist_softmax.training.cohort import suitable_cohort
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


def start(work: Work) -> Callable[[int], float]:
    """One network."""
    return _start(work, 1, 1)


def start_cohort(work: Work) -> Callable[[int], float]:
    """Ten networks."""
    return _start(work, 10, suitable_cohort(_settings(work)))


def _settings(work: Work) -> Config:
    return Config.model_validate(
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


def _start(work: Work, replicas: int, most: int) -> Callable[[int], float]:
    """A function that trains an epoch of every replica, in cohorts of at most `most`."""
    settings = _settings(work)
    states = [fresh(settings) for _ in range(replicas)]
    for state in states:
        state.order = Orders(work)
        for name, view in state.network.parameters.named():
            view[...] = work.start[name]
    count = -(-replicas // most)
    dealt = [states[k::count] for k in range(count)]
    cohorts = [(len(each), train_cohort(each, work.dataset, [settings] * len(each))) for each in dealt]

    def epoch(_: int) -> float:
        accuracies = {
            outcome["test_accuracy"] for size, outcomes in cohorts for _, outcome in _take(outcomes, size)
        }
        [accuracy] = accuracies  # the replicas are all alike
        return accuracy

    return epoch


def _take(outcomes: Iterable, count: int) -> list:
    return [next(iter(outcomes)) for _ in range(count)]
