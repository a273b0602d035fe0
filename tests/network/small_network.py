"""Small networks with drawn parameters, batches for them, and every pair of cost and output that a config allows."""

import numpy as np

from mnist_softmax.config.network import OUTPUT_ACTIVATIONS_OF, Architecture
from mnist_softmax.network.network import Network
from mnist_softmax.network.parameters import Parameters

PAIRS = [(cost, output) for cost, outputs in OUTPUT_ACTIVATIONS_OF.items() for output in outputs]


def small_network(
    layers=(6, 5, 4),
    output="softmax",
    cost="log_likelihood",
    hidden="sigmoid",
    dtype="float64",
    replicas=(),
    seed=0,
) -> Network:
    """All parameters, biases too, are drawn (except in replicas)."""
    description = Architecture(
        layers=layers, hidden_activation=hidden, output_activation=output, cost=cost, initializer="scaled"
    )
    network = Network(description, dtype, replicas)
    if not replicas:
        network.initialize(np.random.default_rng(seed))
    return network


def batch(network: Network, m: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """m inputs between 0 and 1, and one-hot answers."""
    rng = np.random.default_rng(seed)
    x = rng.random((*network.replicas, m, network.num_inputs))
    labels = rng.integers(0, network.num_outputs, (*network.replicas, m))
    return x.astype(network.dtype), np.eye(network.num_outputs, dtype=network.dtype)[labels]


def gradient(network: Network, x: np.ndarray, y: np.ndarray) -> Parameters:
    """dC/dw and dC/db of the mean cost, by backpropagation."""
    p, result = network.new_pass(x.shape[-2]), network.new_parameters()
    p.forward(x)
    p.backward(y)
    p.gradient(result)
    return result
