"""Chapter 5: how long dC/db is in each hidden layer, before training and in its course."""

from __future__ import annotations

import numpy as np

from mnist_softmax.config.config import Config
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.training.evaluation import bias_gradients, gradient_norms
from mnist_softmax.training.loop import start

NORMS = "train_gradient_norms"


def course(run: RunDirectory, dataset: Dataset) -> np.ndarray:
    """The norms before training and after each of the epochs, (1 + epochs, hidden layers).

    The book's programs recorded them before each epoch. What they were before the first is found from the
    config, for it depends on nothing else.
    """
    norms = [record[NORMS] for record in run.read_metrics() if NORMS in record]
    return np.array([initial_norms(run.read_config(), dataset), *norms])


def initial_norms(settings: Config, dataset: Dataset) -> np.ndarray:
    """The norm of each hidden layer before training."""
    return gradient_norms(start(settings).network, dataset.train)


def initial_gradients(settings: Config, dataset: Dataset, neurons: int) -> np.ndarray:
    """dC/db of the first so many neurons of each hidden layer before training, (hidden layers, neurons)."""
    gradients = bias_gradients(start(settings).network, dataset.train)
    return np.array([gradient[:neurons] for gradient in gradients[:-1]])
