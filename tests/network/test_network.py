"""The network as a whole: by hand, undisturbed by other passes, in replicas, and descending in place."""

import math

import numpy as np
import pytest
from small_network import PAIRS, batch, gradient, small_network

from mnist_softmax.config.network import Activation
from mnist_softmax.network.network import Network


def sigma(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def test_forward_and_gradient_of_a_2_2_2_network_by_hand():
    network = small_network((2, 2, 2))
    first, last = network.parameters.layers
    first["w"][...], first["b"][...] = [[0.1, -0.2], [0.3, 0.4]], [0.5, -0.6]
    last["w"][...], last["b"][...] = [[0.7, -0.8], [0.9, 1.0]], [-1.1, 1.2]

    h1 = sigma(1 * 0.1 + 2 * 0.3 + 0.5)
    h2 = sigma(1 * -0.2 + 2 * 0.4 - 0.6)
    e1 = math.exp(h1 * 0.7 + h2 * 0.9 - 1.1)
    e2 = math.exp(h1 * -0.8 + h2 * 1.0 + 1.2)
    a1, a2 = e1 / (e1 + e2), e2 / (e1 + e2)
    x, y = np.array([[1.0, 2.0]]), np.array([[1.0, 0.0]])
    np.testing.assert_allclose(network.outputs(x), [[a1, a2]], rtol=1e-14)
    np.testing.assert_allclose(network.costs(x, y), [-math.log(a1)], rtol=1e-14)

    d1, d2 = a1 - 1, a2  # (81)
    g1 = (0.7 * d1 - 0.8 * d2) * h1 * (1 - h1)  # (BP2)
    g2 = (0.9 * d1 + 1.0 * d2) * h2 * (1 - h2)
    found = dict(gradient(network, x, y).named())
    np.testing.assert_allclose(found["b2"], [d1, d2], rtol=1e-14)
    np.testing.assert_allclose(found["w2"], [[h1 * d1, h1 * d2], [h2 * d1, h2 * d2]], rtol=1e-14)
    np.testing.assert_allclose(found["b1"], [g1, g2], rtol=1e-13)
    np.testing.assert_allclose(found["w1"], [[g1, g2], [2 * g1, 2 * g2]], rtol=1e-13)


@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_asking_for_outputs_between_forward_and_backward_changes_nothing(cost, output):
    network = small_network(output=output, cost=cost)
    x, y = batch(network, 5)
    expected = gradient(network, x, y).flat
    p, found = network.new_pass(5), network.new_parameters()
    p.forward(x)
    network.outputs(batch(network, 5, seed=9)[0])
    network.costs(*batch(network, 8, seed=9))
    p.backward(y)
    network.outputs(batch(network, 5, seed=9)[0])
    p.gradient(found)
    np.testing.assert_array_equal(found.flat, expected)


@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_forward_and_backward_twice_give_what_they_gave_once(cost, output):
    network = small_network(output=output, cost=cost)
    x, y = batch(network, 5)
    expected = gradient(network, x, y).flat
    p, found = network.new_pass(5), network.new_parameters()
    for _ in range(2):
        p.forward(x)
        for _ in range(2):
            p.backward(y)
            p.gradient(found)
            np.testing.assert_array_equal(found.flat, expected)


def test_a_used_pass_gives_what_a_new_one_gives():
    network = small_network()
    (x1, y1), (x2, y2) = batch(network, 5), batch(network, 5, seed=9)
    p, found = network.new_pass(5), network.new_parameters()
    for x, y in ((x1, y1), (x2, y2)):
        p.forward(x)
        p.backward(y)
        p.gradient(found)
    np.testing.assert_array_equal(found.flat, gradient(network, x2, y2).flat)


def test_a_pass_writes_neither_into_the_batch_nor_into_the_parameters():
    network = small_network()
    x, y = batch(network, 5)
    before = [array.copy() for array in (x, y, network.parameters.flat)]
    for array in (x, y, network.parameters.flat):
        array.flags.writeable = False
    gradient(network, x, y)
    for array, was in zip((x, y, network.parameters.flat), before, strict=True):
        np.testing.assert_array_equal(array, was)


def test_outputs_are_an_array_of_its_own():
    network = small_network()
    x, _ = batch(network, 5)
    first = network.outputs(x)
    kept = first.copy()
    network.outputs(batch(network, 5, seed=9)[0])
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("shape", [(5, 7), (5, 1), (6,), (6, 1), ()])
def test_wrong_width_of_input_is_refused_with_both_widths(shape):
    network = small_network((6, 5, 4))
    y = np.eye(4)[:1]
    for ask in (network.outputs, lambda x: network.costs(x, y)):
        with pytest.raises(ValueError, match=r"x has shape .*; expected rows of 6 inputs, \(m, 6\)") as caught:
            ask(np.zeros(shape))
        assert str(shape) in str(caught.value)


# Replicas


def three_single_networks_and_one_of_three(layers, output, cost, dtype, hidden="sigmoid"):
    singles = [small_network(layers, output, cost, hidden, dtype, seed=seed) for seed in range(3)]
    together = small_network(layers, output, cost, hidden, dtype, replicas=(3,))
    for r, single in enumerate(singles):
        together.parameters.flat[r] = single.parameters.flat
    return singles, together


def assert_replicas_have_the_bits_of_single_networks(singles: list[Network], together: Network, m: int) -> None:
    x, y = batch(together, m)
    p, found = together.new_pass(m), together.new_parameters()
    a = p.forward(x)
    p.backward(y)
    p.gradient(found)
    costs = together.costs(x, y)
    for r, single in enumerate(singles):
        alone = single.new_pass(m)
        np.testing.assert_array_equal(a[r], alone.forward(x[r]))
        alone.backward(y[r])
        for layer, layer_alone in zip(p.layers, alone.layers, strict=True):
            np.testing.assert_array_equal(layer.delta[r], layer_alone.delta)
        np.testing.assert_array_equal(found.flat[r], gradient(single, x[r], y[r]).flat)
        np.testing.assert_array_equal(costs[r], single.costs(x[r], y[r]))


@pytest.mark.parametrize("m", [1, 7, 10])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_replicas_have_the_bits_of_single_networks(cost, output, dtype, m):
    networks = three_single_networks_and_one_of_three((784, 30, 10), output, cost, dtype)
    assert_replicas_have_the_bits_of_single_networks(*networks, m)


@pytest.mark.parametrize("hidden", Activation.__args__)
@pytest.mark.parametrize("layers", [(784, 10), (784, 30, 30, 10)])
def test_replicas_of_other_networks_have_the_bits_of_single_ones(layers, hidden):
    networks = three_single_networks_and_one_of_three(layers, "softmax", "log_likelihood", "float32", hidden)
    assert_replicas_have_the_bits_of_single_networks(*networks, 10)


# Descending


@pytest.mark.parametrize("layers", [(6, 4), (6, 5, 4), (6, 1, 4), (6, 5, 7, 4)])
@pytest.mark.parametrize("m", [1, 2, 10])
@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-12), ("float32", 2e-5)])
def test_descend_equals_the_gradient_and_a_step_by_hand(layers, m, dtype, rtol):
    network, eta, decay = small_network(layers, dtype=dtype), 0.7, 0.9
    x, y = batch(network, m)
    slope = dict(gradient(network, x, y).named())
    expected = {
        name: (decay if name.startswith("w") else 1) * view - eta * slope[name]
        for name, view in network.parameters.named()
    }
    flat, views = network.parameters.flat, dict(network.parameters.named())
    p = network.new_pass(m)
    p.forward(x)
    p.backward(y)
    p.descend([eta], [decay])
    assert network.parameters.flat is flat
    for name, view in network.parameters.named():
        assert view is views[name]  # in place: nothing was put somewhere else
        np.testing.assert_allclose(view, expected[name], rtol=rtol, atol=rtol, err_msg=name)


def test_descending_again_and_again_lowers_the_cost():
    network = small_network()
    x, y = batch(network, 10)
    p, costs = network.new_pass(10), []
    for _ in range(20):
        costs.append(float(network.costs(x, y).mean()))
        p.forward(x)
        p.backward(y)
        p.descend([0.1], [1.0])
    assert (np.diff(costs) < 0).all()
