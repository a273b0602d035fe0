"""The gradient norms of chapter 5: the mean of dC/db over a split, by centred differences."""

import numpy as np
import pytest

from mnist_softmax.training.evaluation import bias_gradients, evaluate, gradient_norms
from mnist_softmax.training.loop import epochs, start


@pytest.mark.parametrize(("output", "cost"), [("sigmoid", "cross_entropy"), ("softmax", "log_likelihood")])
def test_bias_gradients_are_those_of_the_mean_cost(dataset, settings, output, cost):
    network = start(settings(layers=(12, 5, 6, 4), output_activation=output, cost=cost, l2=3.0)).network
    for gradient, arrays in zip(bias_gradients(network, dataset.train), network.parameters.layers, strict=True):
        for j in range(len(gradient)):
            costs = []
            for step in (1e-5, -2e-5):
                arrays["b"][j] += step
                costs.append(evaluate(network, dataset.train).cost)
            arrays["b"][j] += 1e-5
            assert gradient[j] == pytest.approx((costs[0] - costs[1]) / 2e-5, rel=1e-6, abs=1e-9)


def test_norms_are_of_the_hidden_layers(dataset, settings):
    network = start(settings(layers=(12, 5, 6, 4))).network
    first, second, _ = bias_gradients(network, dataset.train)
    expected = [np.sqrt((first**2).sum()), np.sqrt((second**2).sum())]
    np.testing.assert_allclose(gradient_norms(network, dataset.train), expected, rtol=1e-12)


def test_a_run_records_them_after_every_epoch(dataset, settings):
    chosen = settings(layers=(12, 5, 6, 4), monitor=("train_gradient_norms",))
    state = start(chosen)
    for record in epochs(state, dataset, chosen):
        expected = gradient_norms(state.network, dataset.train)
        assert record["train_gradient_norms"] == pytest.approx(expected.tolist(), rel=1e-12)
