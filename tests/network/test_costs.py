"""Costs by hand, by scipy and by scikit-learn, at chance and where outputs saturate."""

import numpy as np
import pytest
import scipy.special
import sklearn.metrics
from small_network import PAIRS

from mnist_softmax.network.output import Output

LN = np.log


@np.errstate(over="ignore")  # e^1000, which a sigmoid takes as infinite
def costs_of(activation: str, cost: str, z: np.ndarray, y: np.ndarray) -> np.ndarray:
    output = Output(activation, cost)
    return output.cost(z, output.activate(z, np.empty_like(z)), y)


def drawn(m: int = 20, k: int = 10) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(6)
    labels = rng.permuted(np.arange(m) % k)
    return 3 * rng.standard_normal((m, k)), np.eye(k)[labels], labels


# Softmax of (0, ln 2, ln 5) is (1, 2, 5)/8; sigmoid of it is (1/2, 2/3, 5/6). The digit is the second.
BY_HAND = {
    ("quadratic", "softmax"): (1 + 36 + 25) / 64 / 2,
    ("quadratic", "sigmoid"): (1 / 4 + 1 / 9 + 25 / 36) / 2,
    ("quadratic", "tanh"): (0 + (3 / 5 - 1) ** 2 + (12 / 13) ** 2) / 2,  # tanh ln t = (t^2 - 1) / (t^2 + 1)
    ("quadratic", "relu"): (0 + (LN(2) - 1) ** 2 + LN(5) ** 2) / 2,
    ("quadratic", "linear"): (0 + (LN(2) - 1) ** 2 + LN(5) ** 2) / 2,
    ("cross_entropy", "softmax"): -LN(7 / 8) - LN(2 / 8) - LN(3 / 8),
    ("cross_entropy", "sigmoid"): -LN(1 / 2) - LN(2 / 3) - LN(1 / 6),
    ("log_likelihood", "softmax"): -LN(2 / 8),
    ("log_likelihood", "sigmoid"): -LN(2 / 3),
}


@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_cost_by_hand(cost, output):
    z, y = np.array([[0.0, LN(2), LN(5)]]), np.array([[0.0, 1.0, 0.0]])
    assert costs_of(output, cost, z, y) == pytest.approx([BY_HAND[cost, output]], rel=1e-14)


@pytest.mark.parametrize("digit", range(10))
def test_log_likelihood_at_chance_is_ln_10(digit):
    cost = costs_of("softmax", "log_likelihood", np.zeros((1, 10)), np.eye(10)[[digit]])
    assert cost == pytest.approx([2.302585092994046], rel=1e-15)


@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_one_cost_for_each_example_whatever_stands_beside_it(cost, output):
    z, y, _ = drawn()
    together = costs_of(output, cost, z, y)
    assert together.shape == (20,)
    alone = [costs_of(output, cost, z[i : i + 1], y[i : i + 1])[0] for i in range(20)]
    np.testing.assert_allclose(together, alone, rtol=1e-13)


def test_log_likelihood_equals_scipy_and_scikit_learn():
    z, y, labels = drawn()
    found = costs_of("softmax", "log_likelihood", z, y)
    np.testing.assert_allclose(found, -scipy.special.log_softmax(z, axis=1)[np.arange(20), labels], rtol=1e-13)
    assert found.mean() == pytest.approx(sklearn.metrics.log_loss(labels, scipy.special.softmax(z, axis=1)))


def test_cross_entropy_of_sigmoid_outputs_equals_scikit_learn_summed_over_outputs():
    z, y, _ = drawn()
    a = scipy.special.expit(z)
    by_output = [sklearn.metrics.log_loss(y[:, j], a[:, j], labels=[0, 1]) for j in range(10)]
    assert costs_of("sigmoid", "cross_entropy", z, y).mean() == pytest.approx(sum(by_output))


@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_cross_entropy_equals_its_formula(output):
    z, y, _ = drawn()
    a = scipy.special.softmax(z, axis=1) if output == "softmax" else scipy.special.expit(z)
    expected = -(scipy.special.xlogy(y, a) + scipy.special.xlog1py(1 - y, -a)).sum(axis=1)
    np.testing.assert_allclose(costs_of(output, "cross_entropy", z, y), expected, rtol=1e-12)


@pytest.mark.parametrize("cost", ["quadratic", "cross_entropy", "log_likelihood"])
def test_adding_a_constant_to_all_logits_changes_nothing(cost):
    z, y, _ = drawn()
    for constant in (-700.0, 3.0, 700.0):
        moved = costs_of("softmax", cost, z + constant, y)  # z itself is rounded at 700 to about 1e-13
        np.testing.assert_allclose(moved, costs_of("softmax", cost, z, y), rtol=0, atol=2e-12)


# z = (1000, 0, 0) and the digit is the second, and z = (0, -1000, 0) the same: sure of a mistake.
WRONG = {
    ("quadratic", "softmax"): (1.0, (1 / 4 + 1 + 1 / 4) / 2),
    ("quadratic", "sigmoid"): ((1 + 1 / 4 + 1 / 4) / 2, (1 / 4 + 1 + 1 / 4) / 2),
    ("quadratic", "tanh"): (1.0, 2.0),
    ("quadratic", "relu"): ((1e6 + 1) / 2, 1 / 2),
    ("quadratic", "linear"): ((1e6 + 1) / 2, 1001**2 / 2),
    ("cross_entropy", "softmax"): (1000 + 1000 - LN(2), 1000 + 2 * LN(2) + LN(2)),
    ("cross_entropy", "sigmoid"): (1000 + 2 * LN(2), 1000 + 2 * LN(2)),
    ("log_likelihood", "softmax"): (1000, 1000 + LN(2)),
    ("log_likelihood", "sigmoid"): (LN(2), 1000),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_cost_of_a_sure_mistake_is_about_z_and_finite(cost, output, dtype):
    z = np.array([[1000.0, 0, 0], [0, -1000.0, 0]], dtype)
    y = np.array([[0, 1, 0], [0, 1, 0]], dtype)
    found = costs_of(output, cost, z, y)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, WRONG[cost, output], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
@pytest.mark.parametrize("cost", ["cross_entropy", "log_likelihood"])
def test_cost_of_being_right_and_sure_is_zero(cost, output, dtype):
    z = np.array([[-1000.0, 1000.0, -1000.0]], dtype)
    assert costs_of(output, cost, z, np.array([[0, 1, 0]], dtype)) == pytest.approx([0], abs=1e-30)
