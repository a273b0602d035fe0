"""docs/equations.md: every equation is there, every name in it exists; and toy equations hold that no code needs."""

import ast
import importlib
import re
from functools import cache
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from mnist_softmax import plain
from mnist_softmax.network.activations import ACTIVATIONS
from mnist_softmax.network.costs import COSTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "equations.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| \((\w+)\) \| (.+?) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)


def test_every_equation_of_the_book_is_there_once():
    numbers = [number for number, *_ in ROWS]
    assert [n for n in numbers if n.isdigit()] == [str(k) for k in range(1, 126)]
    assert sorted(n for n in numbers if not n.isdigit()) == ["BP1", "BP1a", "BP2", "BP3", "BP4"]


def names(column: int) -> list[str]:
    return sorted({name for row in ROWS for name in re.findall(r"`([^`]+)`", row[column])})


@pytest.mark.parametrize("name", names(2))
def test_the_code_that_is_named_exists(name):
    module, found = None, None
    for k in range(name.count(".") + 1, 0, -1):
        parts = name.split(".")
        try:
            module = importlib.import_module(".".join(["mnist_softmax", *parts[:k]]))
        except ModuleNotFoundError:
            continue
        found = module
        for part in parts[k:]:
            found = getattr(found, part, None)
        break
    assert module is not None
    assert callable(found)


@cache
def functions(path: Path) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }


@pytest.mark.parametrize("name", names(3))
def test_the_test_that_is_named_exists(name):
    file, _, function = name.partition("::")
    assert function.startswith("test_")
    assert function in functions(ROOT / file)


def test_most_equations_have_code_or_a_test():
    with_neither = [number for number, _, code, test in ROWS if (code, test) == ("none", "none")]
    assert len(with_neither) < 35


# ---- toy equations


def test_3_the_sigmoid():
    z = np.array([-700.0, -2.0, 0.0, 0.5, 3.0])
    a = plain.sigma(z)
    np.testing.assert_allclose(a, expit(z))
    np.testing.assert_allclose(
        ACTIVATIONS["sigmoid"].vjp(a, np.ones(5), np.empty(5)), expit(z) * expit(-z), rtol=1e-12
    )  # sigma' = sigma (1 - sigma), and 1 - sigma(z) = sigma(-z)


def test_53_the_gradient_is_the_sum_over_all_paths():
    """3-2-2-3, sigmoid and softmax outputs: from one weight over every neuron to every output and to C."""
    rng = np.random.default_rng(0)
    sizes = (3, 2, 2, 3)
    w = [rng.normal(size=(n, n_in)) for n_in, n in pairwise(sizes)]
    b = [rng.normal(size=n) for n in sizes[1:]]
    x, y = rng.random(3), np.array([0.0, 1.0, 0.0])
    a = plain.feedforward(w, b, x)
    slope_c = -y / a[3]
    to_output = (np.diag(a[3]) - np.outer(a[3], a[3])) @ w[2]  # da^3_m / da^2_q, softmax
    to_second = (a[2] * (1 - a[2]))[:, None] * w[1]  # da^2_q / da^1_j
    j, k = 1, 2
    first = a[1][j] * (1 - a[1][j]) * x[k]  # da^1_j / dw_jk
    paths = [slope_c[m] * to_output[m, q] * to_second[q, j] * first for m, q in product(range(3), range(2))]
    nabla_w, _ = plain.backprop(w, b, x, y)
    assert sum(paths) == pytest.approx(nabla_w[0][j, k], rel=1e-12)


def slope(f, at: float, h: float = 1e-6) -> float:
    return (f(at + h) - f(at - h)) / (2 * h)


@pytest.mark.parametrize("y", [0.0, 1.0])
def test_55_to_62_one_neuron(y):
    x, w, b = 1.7, 0.6, 0.9
    a = expit(w * x + b)
    for cost, dc_da in (
        (lambda a: (y - a) ** 2 / 2, a - y),
        (lambda a: -(y * np.log(a) + (1 - y) * np.log(1 - a)), (a - y) / (a * (1 - a))),
    ):
        in_w = slope(lambda w, cost=cost: cost(expit(w * x + b)), w)
        in_b = slope(lambda b, cost=cost: cost(expit(w * x + b)), b)
        assert in_w == pytest.approx(dc_da * a * (1 - a) * x, rel=1e-7)
        assert in_b == pytest.approx(dc_da * a * (1 - a), rel=1e-7)
    assert (in_w, in_b) == pytest.approx((x * (a - y), a - y), rel=1e-7)  # the cross-entropy: it cancels


@pytest.mark.parametrize("y", [0.1, 0.5, 0.93])
def test_64_the_least_cross_entropy_is_the_entropy_of_y(y):
    def cost(a):
        z = np.log(a / (1 - a))[:, None]
        return COSTS["cross_entropy"].value("sigmoid", z, a[:, None], np.full_like(z, y))

    entropy = -(y * np.log(y) + (1 - y) * np.log(1 - y))
    assert cost(np.array([y]))[0] == pytest.approx(entropy, rel=1e-12)
    assert cost(np.linspace(0.001, 0.999, 999)).min() >= entropy - 1e-12


@pytest.mark.parametrize("y", [0.0, 1.0])
def test_75_the_slope_of_the_cross_entropy(y):
    a = np.array([[0.2], [0.7]])
    z = np.log(a / (1 - a))
    ours = COSTS["cross_entropy"].gradient("sigmoid", z, a, np.full_like(a, y))
    np.testing.assert_allclose(ours, (a - y) / (a * (1 - a)), rtol=1e-12)


def test_102_a_mini_batch_with_m_times_the_rate_sums_the_steps():
    rng = np.random.default_rng(1)
    w, b = [rng.normal(size=(3, 4))], [rng.normal(size=3)]
    examples = [(rng.random(4), np.eye(3)[k % 3]) for k in range(100)]
    steps = sum(-0.1 * plain.backprop(w, b, x, y)[0][0] for x, y in examples)
    before = w[0].copy()
    plain.update(w, b, examples, 100 * 0.1, 0.0, 100)
    np.testing.assert_allclose(w[0] - before, steps, rtol=1e-10)


def test_106_the_step_of_newton():
    """On a quadratic function, where (105) is exact, one step is at the minimum."""
    hessian, minimum = np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([0.3, -0.8])
    start = np.array([5.0, 4.0])
    gradient = hessian @ (start - minimum)
    np.testing.assert_allclose(start - np.linalg.inv(hessian) @ gradient, minimum)


def test_110_and_111_tanh():
    z = np.linspace(-5, 5, 21)
    ours = ACTIVATIONS["tanh"].f(z, np.empty_like(z))
    np.testing.assert_allclose(ours, (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)), atol=1e-15)
    half = ACTIVATIONS["tanh"].f(z / 2, np.empty_like(z))
    np.testing.assert_allclose(ACTIVATIONS["sigmoid"].f(z, np.empty_like(z)), (1 + half) / 2, rtol=1e-12)


def test_114_to_122_one_neuron_in_each_layer():
    w, b, x = np.array([0.0, 0.7, -1.3, 0.9, 1.8]), np.array([0.0, 0.2, -0.4, 0.1, 0.3]), 0.5

    def last(b_1):
        a = x
        for l in range(1, 5):
            a = expit(w[l] * a + (b_1 if l == 1 else b[l]))
        return a

    a, factors = x, []
    for l in range(1, 5):
        a = expit(w[l] * a + b[l])
        factors += [w[l] if l > 1 else 1.0, a * (1 - a)]
    dc_da = a - 1  # C = (1 - a_4)^2 / 2
    assert slope(lambda b_1: (1 - last(b_1)) ** 2 / 2, b[1]) == pytest.approx(
        np.prod(factors) * dc_da, rel=1e-6
    )


def test_123_the_range_is_at_most_0_45():
    w = np.linspace(4, 30, 10_001)
    width = 2 / w * np.log(w * (1 + np.sqrt(1 - 4 / w)) / 2 - 1)
    assert width.max() == pytest.approx(0.45, abs=0.005)
    assert w[width.argmax()] == pytest.approx(6.9, abs=0.05)
    a = np.linspace(-1, 1, 200_001)  # b = 0: the inputs for which |w sigma'(w a)| >= 1
    inside = 8 * expit(8 * a) * expit(-8 * a) >= 1
    at_8 = 2 / 8 * np.log(8 * (1 + np.sqrt(1 - 4 / 8)) / 2 - 1)
    assert np.ptp(a[inside]) == pytest.approx(at_8, abs=1e-4)
