"""Several networks asked together: the answer that most of them give, as chapter 6 does with five."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mnist_softmax.errors import ConfigError
from mnist_softmax.runs.run import Run


def vote(runs: Sequence[Run], images: np.ndarray) -> np.ndarray:
    """The digit (n,) that most `runs` take each image for.

    Images are as they are stored, (n, width) or (n, rows, columns). Ties go as in `majority`.
    Raises ConfigError: there is no run, or their numbers of classes differ; and like `Run.outputs`.
    """
    outputs = [run.outputs(images) for run in runs]
    if len({each.shape for each in outputs}) != 1:
        found = ", ".join(str(each.shape[1]) for each in outputs) or "no run"
        raise ConfigError(f"vote: expected runs of one number of classes, found {found}")
    return majority(np.stack(outputs))


def majority(outputs: np.ndarray) -> np.ndarray:
    """The answer (n,) with the most votes, out of the outputs (r, n, K) of r networks for n images.

    Among answers with equally many votes it is that with the largest sum of outputs; were these equal, too, the
    smallest digit.
    """
    sums = outputs.sum(axis=0, dtype=np.float64)
    return np.where(leading(outputs), sums, -np.inf).argmax(axis=-1)


def leading(outputs: np.ndarray) -> np.ndarray:
    """Which of the K answers to each image have the most votes, (n, K); more than one where there is a tie."""
    answers = outputs.argmax(axis=-1)
    votes = (answers[..., None] == np.arange(outputs.shape[-1])).sum(axis=0)
    return votes == votes.max(axis=-1, keepdims=True)
