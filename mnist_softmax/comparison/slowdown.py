"""Learning slowdown: the first mini-batches from saturated outputs, the book's case for the cross-entropy.

With the quadratic cost the error of an output is (a - y) sigma'(z), small where the output is saturated, right or
wrong (eq. 55). With the cross-entropy sigma'(z) cancels (eq. 66). The large initializer saturates outputs.
"""

from __future__ import annotations

from itertools import count, islice
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field, TypeAdapter
from threadpoolctl import threadpool_limits
from typing_extensions import TypedDict

from mnist_softmax.config.config import Config
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.network.calls import call
from mnist_softmax.network.network import Pass
from mnist_softmax.training.cohort import Cohort
from mnist_softmax.training.evaluation import evaluate
from mnist_softmax.training.loop import start
from mnist_softmax.training.randomness import dropout_stream
from mnist_softmax.training.schedules import learning_rate
from mnist_softmax.training.sgd import train_epoch

MINI_BATCHES = 1000
EVERY = 20  # mini-batches between two measurements
IMAGES = 2000  # of the validation split, for the accuracy on the way
SEEDS = 5  # at most
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Slowdown(TypedDict):
    """What slowdown.json has of a config: the lists of a list are those of the seeds."""

    mini_batches: Annotated[list[Annotated[int, Field(ge=0, le=10**9)]], Field(min_length=1)]
    accuracy: Annotated[list[list[Finite]], Field(min_length=1)]
    gradient_norm: Annotated[list[list[Finite | None]], Field(min_length=1)]


def _fits(found: Slowdown) -> Slowdown:
    lengths = {*map(len, found["accuracy"]), *map(len, found["gradient_norm"])}
    if lengths != {len(found["mini_batches"])}:
        raise ValueError("expected a number for each of mini_batches")
    return found


SLOWDOWNS = TypeAdapter(dict[str, Annotated[Slowdown, AfterValidator(_fits)]])


def slowdown(settings: Config, dataset: Dataset, seeds: int) -> Slowdown:
    """Accuracy and the norm of the output layer's gradient over the first 1,000 mini-batches of an epoch.

    Initializer `large`, everything else as in `settings`; seeds 0, 1, ... in one cohort. Gives `mini_batches`
    (from 0), `accuracy` (a list for each seed) on the first validation images, and `gradient_norm` (likewise),
    the norm of dC/dw^L of a mini-batch, a mean over the mini-batches since the last measurement (None where it
    is not finite).
    """
    network = settings.network.initialized("large")
    replicas = [
        settings.model_copy(update={"seed": seed, "network": network}) for seed in range(min(seeds, SEEDS))
    ]
    accuracies, norms, numbers = [], [], count()
    with threadpool_limits(limits=1, user_api="blas"), np.errstate(over="ignore", invalid="ignore"):
        cohort = Cohort([start(each) for each in replicas], replicas, dataset)
        cohort.begin_epoch(
            [learning_rate(each.training, []) for each in replicas],
            [dropout_stream(each.seed, 1) for each in replicas],
        )
        gradient = cohort.network.new_parameters().layers[-1]
        since: list[np.ndarray] = []

        def step(p: Pass) -> None:
            """Look, then step: the first measurement is that of the starting weights."""
            p.layers[-1].gradient(gradient)
            call(look, p.m)
            cohort.descent.step(p)

        def look(m: int) -> None:
            nonlocal since
            since.append(np.linalg.norm(gradient["w"], axis=(-2, -1)) / m)
            if next(numbers) % EVERY == 0:
                measured = evaluate(cohort.network, dataset.validation.first(IMAGES), ["accuracy"])
                accuracies.append(measured.accuracy)
                norms.append(np.mean(since, axis=0))
                since = []

        train_epoch(islice(cohort.mini_batches(), MINI_BATCHES + 1), cohort.passes, step, cohort.recordings)
    return {
        "mini_batches": [*range(0, EVERY * len(norms), EVERY)],
        "accuracy": np.array(accuracies).T.tolist(),
        "gradient_norm": [
            [norm if np.isfinite(norm) else None for norm in seed]
            for seed in np.array(norms, np.float64).T.tolist()
        ],
    }
