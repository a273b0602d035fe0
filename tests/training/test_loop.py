"""The training loop: against a per-example loop and scikit-learn, its order, its bits, and how it ends."""

import dataclasses
import json
import math

import numpy as np
import pytest
from book_loop import ERRORS, sgd_epoch, train_watched
from sklearn.neural_network import MLPClassifier

from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.errors import Diverged
from mnist_softmax.metrics import METRICS
from mnist_softmax.training.evaluation import evaluate
from mnist_softmax.training.loop import epochs, start


def trained(dataset, chosen):
    state = start(chosen)
    list(epochs(state, dataset, chosen))
    return state


def shortened(dataset: Dataset, n: int) -> Dataset:
    return dataclasses.replace(dataset, train=dataset.train.first(n))


# Oracles


@pytest.mark.parametrize("layers", [(12, 4), (12, 6, 4), (12, 6, 5, 4)])
@pytest.mark.parametrize("m", [1, 8, 10, 64])  # 10 does not divide 64
@pytest.mark.parametrize(("output", "cost"), ERRORS)
def test_an_epoch_equals_a_loop_over_examples(dataset, settings, output, cost, m, layers):
    chosen = settings(
        epochs=1, mini_batch_size=m, l2=0.3, output_activation=output, cost=cost, layers=layers, scale=256
    )
    state = start(chosen)
    weights = [layer["w"].T.copy() for layer in state.network.parameters.layers]
    biases = [layer["b"][:, None].copy() for layer in state.network.parameters.layers]
    (order,) = train_watched(state, dataset.scaled(256), chosen)

    images, labels = dataset.train.images / 256, np.eye(4)[dataset.train.labels]
    batches = [[(images[i][:, None], labels[i][:, None]) for i in numbers] for numbers in order]
    sgd_epoch(weights, biases, batches, 0.5, 0.3, 64, output, cost)
    for layer, w, b in zip(state.network.parameters.layers, weights, biases, strict=True):
        np.testing.assert_allclose(layer["w"], w.T, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(layer["b"], b[:, 0], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {}),
        ({"momentum": 0.5}, {"momentum": 0.5, "nesterovs_momentum": False}),
        ({"hidden_activation": "tanh"}, {"activation": "tanh"}),
        ({"hidden_activation": "relu"}, {"activation": "relu"}),
    ],
)
def test_three_steps_equal_scikit_learn(dataset, settings, ours, theirs):
    n, m, lmbda = 60, 20, 2.4
    data = shortened(dataset, n)
    chosen = settings(epochs=1, mini_batch_size=m, l2=lmbda, layers=(12, 7, 5, 4), **ours)
    state = start(chosen)
    arguments = {
        "hidden_layer_sizes": (7, 5),
        "activation": "logistic",
        "solver": "sgd",
        "alpha": lmbda * m / n,  # scikit-learn divides it by the mini-batch's size
        "batch_size": m,
        "learning_rate_init": 0.5,
        "momentum": 0.0,
        "shuffle": False,
    } | theirs
    oracle = MLPClassifier(**arguments)
    images = data.train.images / 255
    oracle.partial_fit(images, data.train.labels, classes=range(4))  # only to make its arrays
    for theirs_w, theirs_b, layer in zip(
        oracle.coefs_, oracle.intercepts_, state.network.parameters.layers, strict=True
    ):
        theirs_w[...], theirs_b[...] = layer["w"], layer["b"]
    for velocity in oracle._optimizer.velocities:
        velocity[...] = 0

    (order,) = train_watched(state, data, chosen)
    assert [len(numbers) for numbers in order] == [20, 20, 20]
    rows = np.concatenate(order)
    oracle.partial_fit(images[rows], data.train.labels[rows])
    for theirs_w, theirs_b, layer in zip(
        oracle.coefs_, oracle.intercepts_, state.network.parameters.layers, strict=True
    ):
        np.testing.assert_allclose(layer["w"], theirs_w, rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(layer["b"], theirs_b, rtol=1e-10, atol=1e-13)


# Order


@pytest.mark.parametrize(("n", "m"), [(64, 10), (60, 10), (7, 3), (9, 3), (5, 5), (11, 1)])
def test_each_epoch_is_a_permutation_and_no_two_are_alike(dataset, settings, n, m):
    chosen = settings(epochs=4, mini_batch_size=m)
    epochs = train_watched(start(chosen), shortened(dataset, n), chosen)
    whole, rest = divmod(n, m)
    for batches in epochs:
        assert [len(numbers) for numbers in batches] == [m] * whole + [rest] * (rest > 0)
        assert sorted(np.concatenate(batches)) == list(range(n))
    orders = {tuple(np.concatenate(batches)) for batches in epochs}
    assert len(orders) == 4
    if m > 1 and whole > 1:  # other images stand together, and not the same in another order
        assert len({frozenset(batches[0]) for batches in epochs}) > 1


@pytest.mark.parametrize("n", [2003, 2000])
def test_more_images_than_one_block_are_all_trained_on(settings, n):
    rng = np.random.default_rng(0)
    many = Split(rng.integers(0, 256, (n, 12), np.uint8), rng.integers(0, 4, n).astype(np.uint8))
    dataset = Dataset(many, many.first(10), many.first(10), "npz", "made up", "")
    chosen = settings(epochs=1, mini_batch_size=7)
    (batches,) = train_watched(start(chosen), dataset, chosen)
    assert sorted(np.concatenate(batches)) == list(range(n))


def test_the_smaller_last_mini_batch_is_averaged_over_its_own_size(dataset, settings):
    # one image repeated: every mini-batch has the same gradient, if each is a mean of its own rows
    same = Split(np.tile(dataset.train.images[:1], (5, 1)), np.tile(dataset.train.labels[:1], 5))
    repeated = dataclasses.replace(dataset, train=same)
    last_of_one, two_of_two = (
        trained(data, settings(epochs=1, mini_batch_size=m))
        for data, m in ((dataclasses.replace(repeated, train=same.first(3)), 2), (repeated, 3))
    )
    np.testing.assert_allclose(
        last_of_one.network.parameters.flat, two_of_two.network.parameters.flat, rtol=1e-12
    )


@pytest.mark.parametrize(("output", "cost"), ERRORS)
def test_two_costs_with_one_seed_see_the_same_mini_batches(dataset, settings, output, cost):
    reference, chosen = settings(seed=3), settings(seed=3, output_activation=output, cost=cost)
    expected = train_watched(start(reference), dataset, reference)
    assert train_watched(start(chosen), dataset, chosen) == expected
    other = settings(seed=4)
    assert train_watched(start(other), dataset, other) != expected


# Bits


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_same_seed_same_bits_and_another_seed_others(dataset, settings, dtype, momentum):
    first, again, other = (
        trained(dataset, settings(seed=seed, dtype=dtype, momentum=momentum)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.network.parameters.flat, again.network.parameters.flat)
    assert (first.network.parameters.flat != other.network.parameters.flat).all()

    def without_time(history):
        return [{key: value for key, value in record.items() if key != "seconds"} for record in history]

    assert without_time(first.history) == without_time(again.history)


def test_float32_and_float64_start_from_the_same_numbers_and_stay_together(dataset, settings):
    single, double = (settings(dtype=dtype) for dtype in ("float32", "float64"))
    starts = [start(chosen).network.parameters.flat for chosen in (single, double)]
    np.testing.assert_array_equal(starts[0], starts[1].astype(np.float32))
    ends = [trained(dataset, chosen).network.parameters.flat for chosen in (single, double)]
    assert ends[0].dtype == np.float32
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-4)


def test_what_is_monitored_does_not_change_what_is_trained(dataset, settings):
    everything = tuple(METRICS)
    states = [trained(dataset, settings(monitor=monitor)) for monitor in ((), everything)]
    np.testing.assert_array_equal(*(state.network.parameters.flat for state in states))


SCHEDULES = [
    {"kind": "step", "every": 1, "factor": 0.5},
    {"kind": "step", "every": 2, "factor": 0.5},
    {"kind": "step", "every": 1, "factor": 0.25},
    {"kind": "exponential", "factor": 0.9},
    {"kind": "exponential", "factor": 0.8},
]


def test_every_schedule_is_followed_and_recorded(dataset, settings):
    ends = set()
    for schedule in [{"kind": "constant"}, *SCHEDULES]:
        state = trained(dataset, settings(schedule=schedule))
        ends.add(state.network.parameters.flat.tobytes())
    assert len(ends) == 6
    state = trained(dataset, settings(schedule=SCHEDULES[0]))
    assert [record["learning_rate"] for record in state.history] == [0.5, 0.25, 0.125]


# Records


def test_records_hold_what_is_monitored_measured_after_the_epoch(dataset, settings):
    chosen = settings(monitor=tuple(METRICS), l2=0.3, l1=0.2)
    state = start(chosen)
    for number, record in enumerate(epochs(state, dataset, chosen), start=1):
        assert list(record)[0] == "epoch"
        assert record["epoch"] == number
        assert record is state.history[-1]
        for name in ("train", "validation", "test"):
            result = evaluate(state.network, getattr(dataset, name))
            assert record[f"{name}_accuracy"] == result.correct / result.n
            assert record[f"{name}_cost"] == result.cost
        weights = np.concatenate([layer["w"].ravel() for layer in state.network.parameters.layers])
        by_hand = 0.3 / 128 * (weights**2).sum() + 0.2 / 64 * abs(weights).sum()
        assert record["penalty"] == pytest.approx(by_hand, rel=1e-12)
        assert record["seconds"] > 0
    assert number == 3


def test_records_are_plain_numbers_that_json_keeps(dataset, settings):
    state = trained(dataset, settings(dtype="float32", monitor=tuple(METRICS)))
    assert json.loads(json.dumps(state.history)) == state.history
    values = [value for record in state.history for value in record.values()]
    plain = [each for value in values for each in (value if isinstance(value, list) else [value])]
    assert {type(each) for each in plain} <= {int, float}


def test_only_what_is_monitored_is_measured(dataset, settings):
    state = trained(dataset, settings(monitor=("test_accuracy",)))
    assert set(state.history[0]) == {"epoch", "test_accuracy", "penalty", "learning_rate", "seconds"}


# Ends


def test_twenty_images_are_learnt_by_heart(dataset, settings):
    few = shortened(dataset, 20)
    chosen = settings(
        epochs=300, mini_batch_size=5, layers=(12, 20, 4), monitor=("train_accuracy", "train_cost")
    )
    state = trained(few, chosen)
    assert state.history[-1]["train_accuracy"] == 1.0
    assert state.history[-1]["train_cost"] < 0.05


def test_cost_before_training_is_that_of_chance(dataset, settings):
    state = start(settings(initializer="zeros"))
    assert evaluate(state.network, dataset.train).cost == pytest.approx(math.log(4), rel=1e-14)


def test_a_stronger_penalty_gives_smaller_weights(dataset, settings):
    for penalty in ("l2", "l1"):
        sizes = [
            abs(trained(dataset, settings(epochs=20, **{penalty: strength})).network.parameters.weights).sum()
            for strength in (0.0, 0.5, 2.0)
        ]
        assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_divergence_is_raised_with_its_epoch_and_rate_and_the_history_ends_before_it(dataset, settings, dtype):
    chosen = settings(
        epochs=1000,
        learning_rate=1.5,
        layers=(12, 4),
        output_activation="linear",
        cost="quadratic",
        dtype=dtype,
    )
    state, yielded = start(chosen), []
    with pytest.raises(Diverged) as caught:
        for record in epochs(state, dataset, chosen):
            yielded.append(record)
    assert 1 <= len(yielded) < 1000
    assert state.history == yielded
    assert all(math.isfinite(value) for record in yielded for value in record.values())
    text, last = str(caught.value), len(yielded)
    assert f"diverged in epoch {last + 1}" in text
    assert "learning rate 1.5" in text
    assert f"epoch {last} was the last good one" in text
    assert "\n" not in text


@pytest.mark.parametrize("monitor", [(), ("test_accuracy",), ("train_cost",)])
def test_divergence_in_the_first_epoch_is_seen_whatever_is_monitored(dataset, settings, monitor):
    chosen = settings(
        learning_rate=1e300, output_activation="linear", cost="quadratic", dtype="float32", monitor=monitor
    )
    state = start(chosen)
    with pytest.raises(Diverged, match=r"diverged in epoch 1: .* learning rate 1e\+300; no epoch was good"):
        list(epochs(state, dataset, chosen))
    assert state.history == []


@pytest.mark.filterwarnings("error")
def test_divergence_comes_without_warnings(dataset, settings):
    for output, cost in (("linear", "quadratic"), ("softmax", "cross_entropy"), ("sigmoid", "cross_entropy")):
        for extra in ({}, {"momentum": 0.9, "l1": 1.0}):
            chosen = settings(
                epochs=20,
                learning_rate=1e37,
                output_activation=output,
                cost=cost,
                dtype="float32",
                l2=50.0,
                **extra,
            )
            with pytest.raises(Diverged):
                list(epochs(start(chosen), dataset, chosen))


# The real digits


@pytest.mark.full_mnist
def test_one_epoch_of_the_first_digits_recognises_most_of_the_others(full_mnist, settings):
    # chance is 10 %; after one epoch of all 50,000 the book's first network has 9129 of 10,000
    chosen = settings(layers=(784, 30, 10), epochs=1, monitor=("test_accuracy",), dtype="float32")
    state = trained(shortened(full_mnist, 10_000), chosen)
    assert 0.8 < state.history[0]["test_accuracy"] < 0.95
