"""Backpropagation against centred differences of the cost, for everything a config can ask for."""

import numpy as np
import pytest
from small_network import PAIRS, batch, gradient, small_network

from mnist_softmax.config.network import Activation
from mnist_softmax.network.network import Network, Pass

H = 1e-5
DEPTHS = {"no hidden layer": (6, 4), "one": (6, 5, 4), "two": (6, 5, 7, 4), "three": (6, 5, 7, 3, 4)}


def mean_cost(network: Network, x: np.ndarray, y: np.ndarray) -> float:
    return float(network.costs(x, y).mean())


def worst_relative_error(network: Network, x: np.ndarray, y: np.ndarray, entries: int = 8) -> float:
    """Over some entries of every parameter array; 1 where a whole array shows no gradient to check."""
    rng = np.random.default_rng(2)
    worst = 0.0
    by_backpropagation = dict(gradient(network, x, y).named())
    for name, array in network.parameters.named():
        analytic, numeric = [], []
        for k in rng.choice(array.size, min(entries, array.size), replace=False):
            at = np.unravel_index(k, array.shape)
            was = array[at]
            array[at] = was + H
            above = mean_cost(network, x, y)
            array[at] = was - H
            below = mean_cost(network, x, y)
            array[at] = was
            numeric.append((above - below) / (2 * H))
            analytic.append(by_backpropagation[name][at])
        analytic, numeric = np.array(analytic), np.array(numeric)
        size = np.maximum(abs(analytic), abs(numeric))
        if size.max() < 1e-6:
            return 1.0
        # below 1e-4 rounding (about 1e-11, from 1e-16 / H) would be all that is seen
        worst = max(worst, float(np.max(abs(analytic - numeric) / np.maximum(size, 1e-4))))
    return worst


@pytest.mark.parametrize("layers", DEPTHS.values(), ids=DEPTHS)
@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_gradient_of_every_pair_at_every_depth(cost, output, layers):
    network = small_network(layers, output, cost)
    assert worst_relative_error(network, *batch(network, 5)) < 1e-6


@pytest.mark.parametrize("layers", DEPTHS.values(), ids=DEPTHS)
@pytest.mark.parametrize("hidden", Activation.__args__)
def test_gradient_of_every_hidden_activation_at_every_depth(hidden, layers):
    network = small_network(layers, hidden=hidden, seed=3)
    assert worst_relative_error(network, *batch(network, 5)) < 1e-6


@pytest.mark.parametrize("m", [1, 2, 7])
def test_gradient_of_every_size_of_batch(m):
    network = small_network()
    assert worst_relative_error(network, *batch(network, m)) < 1e-6


def test_the_check_itself_sees_a_gradient_that_is_wrong_by_a_thousandth(monkeypatch):
    network = small_network()
    backward = Pass.backward
    monkeypatch.setattr(Pass, "backward", lambda self, y: backward(self, y * 1.001))
    assert worst_relative_error(network, *batch(network, 5)) > 1e-5


@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_gradient_is_of_the_mean_so_that_the_batch_twice_over_gives_the_same(cost, output):
    network = small_network(output=output, cost=cost)
    x, y = batch(network, 5)
    once, twice = gradient(network, x, y), gradient(network, np.vstack([x, x]), np.vstack([y, y]))
    np.testing.assert_allclose(twice.flat, once.flat, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_gradient_of_a_batch_is_the_mean_of_its_examples(cost, output):
    network = small_network(output=output, cost=cost)
    x, y = batch(network, 5)
    alone = [gradient(network, x[i : i + 1], y[i : i + 1]).flat for i in range(5)]
    np.testing.assert_allclose(gradient(network, x, y).flat, sum(alone) / 5, rtol=1e-12, atol=1e-15)
