"""Cohorts: every member gets the bits of its run alone, whoever else is there and whoever leaves."""

from itertools import islice

import numpy as np
import pytest

from mnist_softmax.config.config import Config
from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.errors import Diverged
from mnist_softmax.training.cohort import State, cohort_key, suitable_cohort
from mnist_softmax.training.loop import epochs, put_back_best, start, train_cohort

EVERYTHING = (
    "train_cost", "train_accuracy", "validation_cost", "validation_accuracy", "test_cost", "test_accuracy",
    "test_mean_output", "test_mean_true_output",
)  # fmt: skip


def alone(dataset, chosen) -> State:
    state = start(chosen)
    list(epochs(state, dataset, chosen))
    return state


def together(dataset, settings, states=None) -> list[State]:
    states = states or [start(each) for each in settings]
    assert len({cohort_key(each) for each in settings}) == 1
    list(train_cohort(states, dataset, settings))
    for state in states:
        put_back_best(state)
    return states


def without_time(history):
    return [{key: value for key, value in record.items() if key != "seconds"} for record in history]


def assert_equal(one: State, other: State) -> None:
    np.testing.assert_array_equal(one.network.parameters.flat, other.network.parameters.flat)
    assert without_time(one.history) == without_time(other.history)
    assert one.order.state == other.order.state
    assert one.slots.keys() == other.slots.keys()
    for name, slot in one.slots.items():
        np.testing.assert_array_equal(slot.flat, other.slots[name].flat)


def digits_of_full_width(n: int) -> Dataset:
    rng = np.random.default_rng(4)
    splits = [
        Split(rng.integers(0, 256, (size, 784), np.uint8), rng.integers(0, 10, size, np.uint8))
        for size in (n, 37, 1203)
    ]
    return Dataset(*splits, source="npz", location="made up", checksum="")


@pytest.mark.parametrize("num_replicas", [2, *(pytest.param(n, marks=pytest.mark.slow) for n in (3, 10))])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("output", "cost"),
    [("softmax", "log_likelihood"), ("sigmoid", "cross_entropy"), ("sigmoid", "quadratic"),
     ("softmax", "cross_entropy"), ("linear", "quadratic")],
)  # fmt: skip
@pytest.mark.parametrize("m", [1, 7, 10])
def test_every_member_has_the_bits_of_its_run_alone(settings, num_replicas, dtype, output, cost, m):
    digits = digits_of_full_width(53)
    chosen = [
        settings(
            seed=r, layers=(784, 30, 10), output_activation=output, cost=cost, dtype=dtype, mini_batch_size=m,
            epochs=2, learning_rate=0.01 * (r + 1), l2=0.1 * r, monitor=EVERYTHING,
        )
        for r in range(num_replicas)
    ]  # fmt: skip
    for state, each in zip(together(digits, chosen), chosen, strict=True):
        assert_equal(state, alone(digits, each))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "shared",
    [{"l1": 0.3}, {"momentum": 0.9}, {"l1": 0.3, "momentum": 0.5},
     {"momentum": 0.9, "optimizer": {"kind": "sgd", "nesterov": True}},
     {"optimizer": {"kind": "adam"}}, {"optimizer": {"kind": "adam"}, "l1": 0.3}, {"hidden_activation": "tanh"},
     {"hidden_activation": "relu"}, {"layers": (12, 9, 7, 4)}, {"layers": (12, 4)}, {"initializer": "large"}],
)  # fmt: skip
def test_so_it_is_with_every_kind_of_step_and_network(dataset, settings, shared, dtype):
    schedules = [{"kind": "constant"}, {"kind": "exponential", "factor": 0.5},
                 {"kind": "halving", "patience": 1}, {"kind": "step", "every": 1, "factor": 0.9}]  # fmt: skip
    own = [{"seed": r, "l2": 0.1 * r, "schedule": schedule} for r, schedule in enumerate(schedules)]
    chosen = [settings(dtype=dtype, **shared, **each) for each in own]
    for state, each in zip(together(dataset, chosen), chosen, strict=True):
        assert_equal(state, alone(dataset, each))


def test_momentum_and_l1_may_differ_within_a_cohort(dataset, settings):
    chosen = [settings(seed=r, momentum=0.1 + 0.2 * r, l1=0.1 + 0.1 * r) for r in range(3)]
    for state, each in zip(together(dataset, chosen), chosen, strict=True):
        assert_equal(state, alone(dataset, each))


def test_rates_and_memories_of_adam_may_differ_within_a_cohort(dataset, settings):
    chosen = [
        settings(
            seed=r, learning_rate=0.01 * (r + 1), dtype="float32", l1=0.1 * r,
            optimizer={"kind": "adam", "beta1": 0.3 * r, "beta2": 0.9 + 0.03 * r, "epsilon": 10.0 ** -(r + 4)},
        )
        for r in range(3)
    ]  # fmt: skip
    for state, each in zip(together(dataset, chosen), chosen, strict=True):
        assert_equal(state, alone(dataset, each))


def test_one_that_diverges_leaves_and_the_others_do_not_notice(dataset, settings):
    rates = (0.01, 1e20, 0.02)
    chosen = [
        settings(seed=r, learning_rate=rate, output_activation="linear", cost="quadratic", dtype="float32")
        for r, rate in enumerate(rates)
    ]
    states = [start(each) for each in chosen]
    outcomes = list(train_cohort(states, dataset, chosen))
    assert [r for r, outcome in outcomes if isinstance(outcome, Diverged)] == [1]
    assert [r for r, _ in outcomes] == [0, 1, 2, 0, 2, 0, 2]
    assert states[1].history == []
    for r in (0, 2):
        assert_equal(states[r], alone(dataset, chosen[r]))


def test_those_that_stop_early_or_have_fewer_epochs_leave(dataset, settings):
    chosen = [settings(seed=r, epochs=3 + 3 * r, early_stopping={"patience": 2}) for r in range(4)]
    lengths = set()
    for state, each in zip(together(dataset, chosen), chosen, strict=True):
        assert_equal(state, alone(dataset, each))
        lengths.add(len(state.history))
    assert len(lengths) > 1


@pytest.mark.parametrize("training", [{}, {"momentum": 0.5}, {"optimizer": {"kind": "adam"}}])
def test_members_may_join_at_different_epochs(dataset, settings, training):
    chosen = [settings(seed=r, epochs=5, **training) for r in range(3)]
    states = [start(each) for each in chosen]
    for r, state in enumerate(states):
        list(islice(epochs(state, dataset, chosen[r]), 2 * r))  # 0, 2 and 4 epochs behind them
    for state, each in zip(together(dataset, chosen, states), chosen, strict=True):
        assert_equal(state, alone(dataset, each))


@pytest.mark.full_mnist
def test_so_it_is_with_the_digits_themselves(full_mnist, settings):
    chosen = [settings(seed=r, layers=(784, 30, 10), epochs=1, dtype="float32", l2=5.0) for r in range(3)]
    for state, each in zip(together(full_mnist, chosen), chosen, strict=True):
        assert_equal(state, alone(full_mnist, each))


def test_a_cohort_is_as_large_as_finds_room_in_the_second_level_cache():
    def of(hidden: int, **training) -> int:
        network = {"layers": [784, hidden, 10], "output_activation": "softmax", "cost": "log_likelihood"}
        chosen = {"epochs": 1, "mini_batch_size": 10, "learning_rate": 0.5} | training
        return suitable_cohort(Config.model_validate({"network": network, "training": chosen}))

    assert of(10, mini_batch_size=1) == 10  # no more, though there is room for twenty
    assert of(30) == 5  # 95 kB of parameters each, 39 of images
    assert of(30, momentum=0.5) == 3
    assert of(30, dtype="float64") == 2
    assert of(30, mini_batch_size=1) == 7
    assert of(30, mini_batch_size=100) == 1  # the images of one take 392 kB, and two do not fit
    assert of(100) == 2
    assert of(1000) == 1
