"""How fast each layer learns, as the book's chapter 5 measures it: the gradient dC/db, averaged over a split."""

from __future__ import annotations

import numpy as np

from mnist_softmax.data.dataset import Split
from mnist_softmax.data.minibatches import MiniBatches
from mnist_softmax.network.network import Network, Workspace
from mnist_softmax.training.evaluation import ROWS


def bias_gradients(network: Network, split: Split, scale: float) -> list[np.ndarray]:
    """For each layer dC/db = delta, (..., n_out): the mean over `split` of the errors, without penalties."""
    batches = MiniBatches(split, min(ROWS, len(split)), network.num_outputs, scale, network.dtype)
    workspaces = {m: Workspace(network, m, mean=False) for m in batches.sizes(len(split))}
    sums = [np.zeros((*network.replicas, layer.n_out)) for layer in network.layers]
    with np.errstate(over="ignore"):
        for x, labels in batches.in_order():
            workspace = workspaces[len(x)]
            network.forward(x, workspace)
            network.backward(batches.one_hot[labels], workspace)
            for total, layer in zip(sums, workspace.layers, strict=True):
                total += layer.delta.sum(axis=-2, dtype=np.float64)
    return [total / len(split) for total in sums]


def gradient_norms(network: Network, split: Split, scale: float) -> np.ndarray:
    """The Euclidean length of dC/db of each hidden layer, (..., number of hidden layers), first layer first."""
    hidden = bias_gradients(network, split, scale)[:-1]
    return np.stack([np.linalg.norm(gradient, axis=-1) for gradient in hidden], axis=-1)
