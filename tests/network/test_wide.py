"""A dense layer in chunks of neurons is the same layer, to rounding; alone and in a cohort to the bit."""

import numpy as np
import pytest
from layer_stack import dense

from mnist_softmax.network import wide as wide_module
from mnist_softmax.network.dense import DensePass
from mnist_softmax.network.parameters import Parameters
from mnist_softmax.network.wide import WideDensePass, chunks

LAYER = dense(30, 24, "tanh")
M = 5
ETA, DECAY = [0.1, 0.2, 0.3], [1.0, 0.9, 0.8]


class Step:
    """One step of layer l by `make(layer, l, parameters, examples)`; a replica is drawn, and decays, by its seed."""

    count = 1

    def __init__(self, make, replicas=(), seeds=(0,), dtype="float64", l=1) -> None:
        shapes = [LAYER.arrays, LAYER.arrays]
        self.parameters, self.gradient = (Parameters.zeros(shapes, dtype, replicas) for _ in range(2))
        rows = []
        for seed, flat in zip(seeds, np.atleast_2d(self.parameters.flat), strict=True):
            rng = np.random.default_rng(seed)
            flat[...] = rng.normal(0, 0.2, flat.shape)
            rows.append((rng.normal(size=(M, LAYER.n_in)), rng.normal(size=(M, LAYER.n_out))))
        x, g = (np.reshape(each, (*replicas, M, -1)).astype(dtype) for each in zip(*rows, strict=True))
        layer = make(LAYER, l, self.parameters, (*replicas, M))
        eta, decay = ([values[seed] for seed in seeds] for values in (ETA, DECAY))
        self.a = layer.forward(x).copy()
        layer.backward(g)
        layer.gradient(self.gradient.layers[l])
        self.grad_in = layer.back_to_input().copy() if l else np.empty(0)
        layer.add_gradient(self.parameters.layers[l], [-rate for rate in eta], decay, [1.0] * len(eta))

    def results(self) -> list[np.ndarray]:
        return [self.a, self.grad_in, self.gradient.flat, self.parameters.flat]


@pytest.fixture
def small_layers_are_cut(monkeypatch):
    """LAYER is cut into as many chunks as a test says, and on the way back into ones of four neurons at most."""
    monkeypatch.setattr(wide_module, "chunks", lambda m, n_in, n_out: Step.count)
    monkeypatch.setattr(wide_module, "LEAST", 1)
    monkeypatch.setattr(wide_module, "MOST_BACK", 4)


def wide(count):
    def make(*words):
        Step.count = count
        return WideDensePass(*words)

    return make


@pytest.mark.usefixtures("small_layers_are_cut")
@pytest.mark.parametrize("count", [1, 2, 3, 24])
@pytest.mark.parametrize("l", [0, 1])
@pytest.mark.parametrize("seed", [0, 1], ids=["kept", "decaying"])
def test_chunks_of_neurons_give_the_layer_to_rounding(count, l, seed):
    ours, right = (Step(make, seeds=(seed,), l=l).results() for make in (wide(count), DensePass))
    for one, other in zip(ours, right, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


@pytest.mark.usefixtures("small_layers_are_cut")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_each_of_a_cohort_has_the_bits_of_the_run_alone(dtype):
    together = Step(wide(4), (3,), (0, 1, 2), dtype).results()
    for seed in range(3):
        alone = Step(wide(4), (), (seed,), dtype).results()
        for one, cohort in zip(alone, together, strict=True):
            np.testing.assert_array_equal(one, cohort[seed])


@pytest.mark.parametrize("hidden", [30, 100])
def test_the_networks_of_chapters_1_to_3_stay_whole_at_every_m(hidden):
    assert {chunks(m, *sizes) for m in range(1, 1001) for sizes in ((784, hidden), (hidden, 10))} == {1}


@pytest.mark.parametrize("m", [1, 4, 10, 20, 48, 50, 1000])
@pytest.mark.parametrize(("n_in", "n_out"), [(784, 300), (784, 1000), (2880, 100), (1000, 1000), (784, 997)])
def test_chunks_are_equal_and_small_enough_for_the_small_kernels_or_there_is_one(m, n_in, n_out):
    count = chunks(m, n_in, n_out)
    assert n_out % count == 0
    if count > 1:
        assert m * n_in * n_out // count <= 1_000_000
        assert m * n_out // count <= 1_200
        assert n_out // count >= 25


def test_wide_layers_are_cut_at_the_books_mini_batch(monkeypatch):
    monkeypatch.setattr(wide_module, "has_small_products", lambda: True)
    assert [chunks(10, *n) for n in ((784, 300), (784, 1000), (2880, 100), (1000, 1000))] == [3, 10, 4, 10]


@pytest.mark.parametrize(("n_out", "neurons"), [(1000, 25), (300, 30), (100, 25), (784, 28)])
def test_on_the_way_back_the_chunks_are_thinner(monkeypatch, n_out, neurons):
    monkeypatch.setattr(wide_module, "chunks", lambda m, n_in, n_out: 2)
    layer = dense(4, n_out, "tanh")
    parameters = Parameters.zeros([{}, layer.arrays], "float32")
    assert n_out // WideDensePass(layer, 1, parameters, (M,)).count_back == neurons
