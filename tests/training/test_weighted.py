"""Rows with weights, and the running cost of an epoch."""

from functools import partial

import numpy as np
import pytest

from mnist_softmax.training.evaluation import evaluate
from mnist_softmax.training.loop import start, train_cohort
from mnist_softmax.training.weighted import WeightedCohort

STANDING = {"learning_rate": 1e-300, "monitor": ()}  # nothing moves


def trained(dataset, chosen, weights=None):
    states = [start(each) for each in chosen]
    list(train_cohort(states, dataset, chosen, make_cohort=partial(WeightedCohort, weights=weights)))
    return states


@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize("m", [1, 7, 10, 64])  # 7 and 10 do not divide 64
def test_the_running_cost_of_a_network_that_stands_is_its_cost(dataset, settings, m, replicas):
    chosen = [settings(seed=r, epochs=2, mini_batch_size=m, **STANDING) for r in range(replicas)]
    for state in trained(dataset, chosen):
        expected = evaluate(state.network, dataset.train).cost
        assert [record["running_cost"] for record in state.history] == pytest.approx([expected] * 2, rel=1e-13)


@pytest.mark.parametrize("m", [7, 64])
def test_with_weights_it_is_the_weighted_mean(dataset, settings, m):
    weights = np.random.default_rng(0).random(64)
    weights[:9] = 0
    [state] = trained(dataset, [settings(epochs=1, mini_batch_size=m, **STANDING)], weights / weights.mean())
    costs = state.network.costs(dataset.train.images / 255, np.eye(4)[dataset.train.labels])
    assert state.history[0]["running_cost"] == pytest.approx(np.average(costs, weights=weights), rel=1e-13)


def test_weights_of_one_and_none_train_alike(dataset, settings):
    chosen = [settings(seed=r, l2=0.1 * r) for r in range(3)]
    for one, none in zip(trained(dataset, chosen, np.ones(64)), trained(dataset, chosen), strict=True):
        np.testing.assert_array_equal(one.network.parameters.flat, none.network.parameters.flat)


def test_a_step_follows_the_gradient_of_the_weighted_mean_cost(dataset, settings):
    """By PyTorch's autograd, whose cross entropy is told of the rows one by one."""
    torch = pytest.importorskip("torch")
    chosen = settings(epochs=1, mini_batch_size=64, learning_rate=0.5, layers=(12, 4), monitor=())
    state = start(chosen)
    layer = state.network.parameters.layers[0]
    w, b = (torch.tensor(layer[name].copy(), requires_grad=True) for name in "wb")
    weights = np.random.default_rng(1).random(64)
    weights[3] = 0
    z = torch.tensor(dataset.train.images / 255) @ w + b
    labels = torch.tensor(dataset.train.labels.astype(np.int64))
    costs = torch.nn.functional.cross_entropy(z, labels, reduction="none")
    ((torch.tensor(weights) * costs).sum() / weights.sum()).backward()
    [state] = trained(dataset, [chosen], weights / weights.mean())
    layer = state.network.parameters.layers[0]
    np.testing.assert_allclose(layer["w"], (w - 0.5 * w.grad).detach(), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(layer["b"], (b - 0.5 * b.grad).detach(), rtol=1e-12, atol=1e-15)
