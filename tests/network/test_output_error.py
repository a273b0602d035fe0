"""The error that is wrong on purpose: what it is, where it is refused, and that it is no gradient at all."""

import numpy as np
import pytest
from pydantic import ValidationError
from small_network import PAIRS, batch, gradient, small_network

from mnist_softmax.config.network import Architecture
from mnist_softmax.network.network import Network
from mnist_softmax.network.output import Output


def described(output: str, cost: str, **more) -> Architecture:
    return Architecture(layers=(6, 5, 4), output_activation=output, cost=cost, **more)


def test_true_output_only_by_hand():
    z, y = np.array([[0.0, np.log(3.0)]]), np.array([[1.0, 0.0]])  # a = 1/4, 3/4
    output = Output("softmax", "log_likelihood", "true_output_only")
    a = output.activate(z, np.empty_like(z))
    np.testing.assert_allclose(a, [[0.25, 0.75]])
    np.testing.assert_allclose(output.delta(z, a, y, np.empty_like(z)), [[-0.75, 0.0]])
    np.testing.assert_allclose(output.cost(z, a, y), [np.log(4)])  # the cost itself is the right one


def test_it_reaches_backpropagation_and_leaves_the_forward_pass_alone():
    right, wrong = (
        Network(described("softmax", "log_likelihood", output_error=error), "float64")
        for error in ("exact", "true_output_only")
    )
    for network in (right, wrong):
        network.initialize(np.random.default_rng(0))
    x, y = batch(right, 5)
    np.testing.assert_array_equal(right.outputs(x), wrong.outputs(x))
    np.testing.assert_array_equal(right.costs(x, y), wrong.costs(x, y))
    last = gradient(wrong, x, y).layers[-1]["b"]
    np.testing.assert_allclose(last, (y * (wrong.outputs(x) - 1)).mean(axis=0), rtol=1e-14)
    assert abs(last - gradient(right, x, y).layers[-1]["b"]).max() > 0.1


@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_allowed_for_softmax_with_log_likelihood_alone(cost, output):
    assert described(output, cost).output_error == "exact"
    if (output, cost) == ("softmax", "log_likelihood"):
        described(output, cost, output_error="true_output_only")
        return
    with pytest.raises(ValidationError, match="true_output_only is"):
        described(output, cost, output_error="true_output_only")


def test_with_sigmoid_outputs_the_same_formula_is_the_exact_one():
    with pytest.raises(ValidationError, match="exact error of this pair already"):
        described("sigmoid", "log_likelihood", output_error="true_output_only")
    x, y = batch(small_network(), 5)
    network = small_network(output="sigmoid", cost="log_likelihood")
    expected = (y * (network.outputs(x) - 1)).mean(axis=0)
    np.testing.assert_allclose(gradient(network, x, y).layers[-1]["b"], expected, rtol=1e-14)
