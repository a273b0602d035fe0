"""Stochastic gradient descent in the style of the book's programs: one example at a time, columns, no shortcuts."""

import numpy as np

from mnist_softmax.config.config import Config
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.training.cohort import State
from mnist_softmax.training.loop import epochs

ERRORS = {  # delta^L of eqs. (30), (66) and (81)
    ("sigmoid", "quadratic"): lambda a, y: (a - y) * a * (1 - a),
    ("sigmoid", "cross_entropy"): lambda a, y: a - y,
    ("softmax", "log_likelihood"): lambda a, y: a - y,
}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    return np.exp(z) / np.exp(z).sum()


def sgd_epoch(weights, biases, mini_batches, eta, lmbda, n, output, cost):
    """One epoch over lists of (x, y) columns; `weights` (n_out, n_in) and `biases` (n_out, 1) are changed."""
    last = {"sigmoid": sigmoid, "softmax": softmax}[output]
    for mini_batch in mini_batches:
        nabla_w = [np.zeros(w.shape) for w in weights]
        nabla_b = [np.zeros(b.shape) for b in biases]
        for x, y in mini_batch:
            activations = [x]
            for w, b in zip(weights, biases, strict=True):
                z = w @ activations[-1] + b
                activations.append(last(z) if w is weights[-1] else sigmoid(z))
            delta = ERRORS[output, cost](activations[-1], y)
            for l in reversed(range(len(weights))):
                nabla_b[l] += delta
                nabla_w[l] += delta @ activations[l].T
                a = activations[l]
                delta = (weights[l].T @ delta) * a * (1 - a)
        for l in range(len(weights)):
            decay = 1 - eta * lmbda / n
            weights[l] = decay * weights[l] - eta / len(mini_batch) * nabla_w[l]
            biases[l] = biases[l] - eta / len(mini_batch) * nabla_b[l]


def train_watched(
    state: State, dataset: Dataset, settings: Config, most: int | None = None
) -> list[list[list[int]]]:
    """Train, and say which training images made up each mini-batch of each epoch, found by their pixels."""
    number = {row.tobytes(): i for i, row in enumerate(dataset.train.images)}
    seen: list[list[list[int]]] = []

    def watch(batches, total):
        seen.append([])
        for x, y in batches:
            pixels = np.rint(x[0] * settings.data.scale).astype(np.uint8)
            numbers = [number[row.tobytes()] for row in pixels]
            np.testing.assert_array_equal(y[0], np.eye(y.shape[-1])[dataset.train.labels[numbers]])
            seen[-1].append(numbers)
            yield x, y
        assert len(seen[-1]) == total

    for record in epochs(state, dataset, settings, watch):
        if record["epoch"] == most:
            break
    return seen
