"""Cost and accuracy of a split: by hand, whatever the blocks, of the split that was asked for."""

import math

import numpy as np
import pytest

from mnist_softmax.config.network import Architecture
from mnist_softmax.data import minibatches
from mnist_softmax.data.dataset import Split
from mnist_softmax.network.network import Network
from mnist_softmax.training import evaluation
from mnist_softmax.training.evaluation import evaluate


@pytest.fixture
def network() -> Network:
    """For `dataset`, with drawn weights."""
    description = Architecture(layers=(12, 5, 4), output_activation="softmax", cost="log_likelihood")
    network = Network(description, "float64")
    network.initialize(np.random.default_rng(8))
    return network


def test_by_hand():
    # two inputs straight into a softmax of two: z = pixels / 200, and the larger pixel wins
    network = Network(
        Architecture(layers=(2, 2), output_activation="softmax", cost="log_likelihood"), "float64"
    )
    network.parameters.layers[0]["w"][...] = np.eye(2)
    images = np.array([[200, 0], [0, 200], [100, 0]], np.uint8)
    result = evaluate(network, Split(images, np.array([0, 0, 1], np.uint8), 200.0))

    def softplus(z):
        return math.log(1 + math.exp(z))

    assert (result.correct, result.n, result.accuracy) == (1, 3, 1 / 3)
    assert result.cost == pytest.approx((softplus(-1) + softplus(1) + softplus(0.5)) / 3, rel=1e-14)


def test_equals_one_image_at_a_time(network, dataset):
    split = dataset.validation
    costs, correct = [], 0
    for image, label in zip(split.images, split.labels, strict=True):
        x, y = image[None] / 255, np.eye(4)[[label]]
        a = network.outputs(x)[0]
        correct += int(np.argmax(a)) == int(label)
        costs.append(-math.log(a[label]))
        assert network.costs(x, y)[0] == pytest.approx(costs[-1])
    result = evaluate(network, split)
    assert result.correct == correct
    assert result.cost == pytest.approx(sum(costs) / 30, rel=1e-13)


@pytest.mark.parametrize("rows", [1, 7, 30, 64, 1000])
@pytest.mark.parametrize("block", [1, 10, 1000])
def test_independent_of_the_sizes_of_blocks(network, dataset, monkeypatch, rows, block):
    whole = evaluate(network, dataset.train)
    monkeypatch.setattr(evaluation, "rows_at_once", lambda layers, itemsize: rows)
    monkeypatch.setattr(minibatches, "BLOCK", block)
    result = evaluate(network, dataset.train)
    assert (result.correct, result.n) == (whole.correct, 64)
    assert result.cost == pytest.approx(whole.cost, rel=1e-14)


def test_more_images_than_one_block_are_all_counted(network, dataset):
    thousands = Split(np.tile(dataset.train.images, (40, 1)), np.tile(dataset.train.labels, 40))
    once, forty_times = (evaluate(network, split) for split in (dataset.train, thousands))
    assert forty_times.n == 2560
    assert forty_times.correct == 40 * once.correct
    assert forty_times.cost == pytest.approx(once.cost, rel=1e-13)


def test_is_of_the_split_it_is_given(network, dataset):
    found = {evaluate(network, split).cost for split in (dataset.train, dataset.validation, dataset.test)}
    assert len(found) == 3


def test_depends_on_the_scale(network, dataset):
    assert evaluate(network, dataset.train).cost != evaluate(network, dataset.scaled(256).train).cost


def test_changes_neither_network_nor_result_when_repeated(network, dataset):
    before = network.parameters.flat.copy()
    assert evaluate(network, dataset.test) == evaluate(network, dataset.test)
    np.testing.assert_array_equal(network.parameters.flat, before)


def test_cost_is_left_out_where_it_is_not_asked_for(network, dataset):
    result = evaluate(network, dataset.test, ["accuracy"])
    assert result.cost is None
    assert result.correct == evaluate(network, dataset.test).correct


def test_mean_outputs_equal_those_of_all_predictions(network, dataset):
    split = dataset.train
    a = network.outputs(split.images / 255)
    result = evaluate(network, split, ["mean_output", "mean_true_output"])
    assert result.mean_output == pytest.approx(0.25, rel=1e-14)  # eq. (79), four classes
    assert result.mean_true_output == pytest.approx(a[np.arange(64), split.labels].mean(), rel=1e-13)
    assert isinstance(result.mean_output, float)


def test_mean_outputs_of_sigmoids_and_of_replicas(dataset):
    description = Architecture(layers=(12, 4), output_activation="sigmoid", cost="log_likelihood")
    network = Network(description, "float64", replicas=(2,))
    network.parameters.layers[0]["b"][1] = np.log([1, 3, 1, 3])  # sigmoid of ln 3 is 3/4
    result = evaluate(network, dataset.test, ["mean_output", "mean_true_output"])
    np.testing.assert_allclose(result.mean_output, [0.5, 0.625], rtol=1e-14)
    odd = (dataset.test.labels % 2).mean()
    np.testing.assert_allclose(result.mean_true_output, [0.5, 0.5 + 0.25 * odd], rtol=1e-14)


def test_mean_outputs_are_left_out_where_they_are_not_asked_for(network, dataset):
    result = evaluate(network, dataset.test)
    assert result.mean_output is None
    assert result.mean_true_output is None
