"""Starting weights: their shapes and their spread."""

import numpy as np
import pytest

from mnist_softmax.config.network import Architecture
from mnist_softmax.network.initializers import INITIALIZERS
from mnist_softmax.network.network import Network

N_IN, N_OUT = 300, 400

SPREAD = {  # standard deviation of weights and of biases
    "scaled": (1 / np.sqrt(300), 1.0),
    "large": (1.0, 1.0),
    "zeros": (0.0, 0.0),
    "he": (np.sqrt(2 / 300), 0.0),
    "glorot": (np.sqrt(2 / 700), 0.0),
    "fan_out": (1 / np.sqrt(400), 1.0),
}


@pytest.mark.parametrize("name", INITIALIZERS)
def test_shapes_mean_and_standard_deviation(name):
    w, b = INITIALIZERS[name](np.random.default_rng(0), (N_IN, N_OUT), N_IN, N_OUT)
    assert (w.shape, b.shape) == ((N_IN, N_OUT), (N_OUT,))
    for array, spread in zip((w, b), SPREAD[name], strict=True):
        four_sigma = 4 / np.sqrt(array.size)
        assert abs(array.mean()) <= four_sigma * spread
        assert abs(array.std() - spread) <= four_sigma * spread


@pytest.mark.parametrize("name", INITIALIZERS)
def test_same_seed_same_draw_and_another_seed_another(name):
    draw = INITIALIZERS[name]
    first, again, other = (draw(np.random.default_rng(seed), (5, 3), 5, 3) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert name == "zeros" or (first[0] != other[0]).all()


def test_glorot_stays_within_its_limit_and_fills_it():
    w, _ = INITIALIZERS["glorot"](np.random.default_rng(0), (N_IN, N_OUT), N_IN, N_OUT)
    limit = np.sqrt(6 / 700)
    assert 0.999 * limit < abs(w).max() <= limit


@pytest.mark.parametrize("name", ["scaled", "large", "he"])
def test_normal_weights_have_the_tails_of_a_normal_distribution(name):
    w, _ = INITIALIZERS[name](np.random.default_rng(0), (N_IN, N_OUT), N_IN, N_OUT)
    beyond_two_sigma = np.mean(abs(w) > 2 * SPREAD[name][0])
    assert beyond_two_sigma == pytest.approx(0.0455, abs=0.003)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_network_uses_the_fans_of_each_layer(name):
    network = Network(
        Architecture(layers=(300, 400, 300), output_activation="softmax", cost="quadratic", initializer=name),
        "float64",
    )
    network.initialize(np.random.default_rng(0))
    spread = {"scaled": 1 / np.sqrt(400), "he": np.sqrt(2 / 400), "fan_out": 1 / np.sqrt(300)}.get(
        name, SPREAD[name][0]
    )
    assert network.parameters.layers[0]["w"].std() == pytest.approx(SPREAD[name][0], rel=0.02)
    assert network.parameters.layers[1]["w"].std() == pytest.approx(spread, rel=0.02)


def test_float32_and_float64_networks_start_from_the_same_numbers():
    description = Architecture(layers=(7, 5, 3), output_activation="softmax", cost="quadratic")
    single, double = (Network(description, dtype) for dtype in ("float32", "float64"))
    for network in (single, double):
        network.initialize(np.random.default_rng(3))
    assert single.parameters.flat.dtype == np.float32
    np.testing.assert_array_equal(single.parameters.flat, double.parameters.flat.astype(np.float32))
