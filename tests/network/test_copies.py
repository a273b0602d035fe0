"""Copies and pickles of networks train as the original does, and disturb nothing."""

import copy
import pickle

import numpy as np
import pytest

from mnist_softmax.network.network import Network
from mnist_softmax.network.parameters import Parameters
from mnist_softmax.training.loop import epochs, start

MEANS = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda each: pickle.loads(pickle.dumps(each)),
    "oldest pickle": lambda each: pickle.loads(pickle.dumps(each, protocol=0)),
}
by_all_means = pytest.mark.parametrize("copied", MEANS.values(), ids=MEANS)


@by_all_means
@pytest.mark.parametrize("replicas", [(), (3,), (2, 3)])
def test_the_views_of_a_copy_are_of_its_own_memory(copied, replicas):
    original = Parameters.zeros([{"w": (2, 3), "b": (3,)}, {}, {"w": (3, 4), "b": (4,)}], "float32", replicas)
    original.flat[...] = np.arange(original.flat.size).reshape(original.flat.shape)
    twin = copied(original)
    assert not np.shares_memory(twin.flat, original.flat)
    assert np.shares_memory(twin.weights, twin.flat)
    for (name, view), (_, expected) in zip(twin.named(), original.named(), strict=True):
        assert np.shares_memory(view, twin.flat)
        np.testing.assert_array_equal(view, expected, err_msg=name)


@by_all_means
@pytest.mark.parametrize(
    "training",
    [{}, {"momentum": 0.5}, {"l1": 0.5}, {"l1": 0.5, "momentum": 0.5}, {"optimizer": {"kind": "adam"}},
     {"early_stopping": {"patience": 1}, "learning_rate": 3.0, "epochs": 9}],
)  # fmt: skip
@pytest.mark.parametrize("done", [0, 1])
def test_a_copied_training_goes_on_to_the_same_bits(dataset, settings, copied, training, done):
    chosen = settings(**training)
    original = start(chosen)
    steps = epochs(original, dataset, chosen)
    for _ in range(done):
        next(steps)
    steps.close()
    twin = copied(original)
    before = original.network.parameters.flat.copy()
    list(epochs(twin, dataset, chosen))
    np.testing.assert_array_equal(original.network.parameters.flat, before)
    assert not np.array_equal(twin.network.parameters.flat, before)
    list(epochs(original, dataset, chosen))
    np.testing.assert_array_equal(twin.network.parameters.flat, original.network.parameters.flat)
    assert [r["penalty"] for r in twin.history] == [r["penalty"] for r in original.history]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_pickle_holds_the_numbers_once(settings, dtype):
    network = Network(settings(layers=(784, 100, 10)).network, dtype)
    size = network.parameters.flat.nbytes
    assert size < len(pickle.dumps(network)) < size + 5000


@by_all_means
def test_convolutional_networks_with_dropout_answer_the_same(settings, copied):
    layers = (
        (8, 8),
        {"kind": "convolution", "maps": 2, "field": 3, "pool": 2},
        {"kind": "dropout", "p": 0.5},
        4,
    )
    network = Network(settings(layers=layers).network, "float32")
    network.initialize(np.random.default_rng(0))
    x = np.random.default_rng(1).random((5, 64))
    np.testing.assert_array_equal(copied(network).outputs(x), network.outputs(x))


def test_a_network_says_in_a_line_what_it_is(settings):
    network = Network(settings(layers=(784, 30, 10)).network, "float32")
    assert repr(network) == "Network(784-30-10, softmax outputs, cost log_likelihood, float32)"
    assert repr(network.parameters) == "Parameters(float32: w1 (784, 30), b1 (30,), w2 (30, 10), b2 (10,))"
