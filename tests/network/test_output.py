"""The error at the outputs: short forms, the general rule, and softmax where an output is nearly 1."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
import scipy.special
from small_network import PAIRS

from mnist_softmax.network.activations import ACTIVATIONS
from mnist_softmax.network.output import SHORT_FORMS, Output


@np.errstate(over="ignore")  # e^1000, which a sigmoid takes as infinite
def outputs_of(output: Output, z: np.ndarray) -> np.ndarray:
    return output.activate(z, np.empty_like(z))


def drawn(m: int = 6, k: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    return 3 * rng.standard_normal((m, k)), np.eye(k)[rng.integers(0, k, m)]


@pytest.mark.parametrize(("activation", "cost"), SHORT_FORMS)
def test_short_form_equals_the_general_rule(activation, cost):
    z, y = drawn()
    output = Output(activation, cost)
    a = outputs_of(output, z)
    short = output.delta(z, a, y, np.empty_like(a))
    general = output.delta_by_general_rule(z, a, y, np.empty_like(a))
    np.testing.assert_allclose(short, general, rtol=1e-12, atol=1e-14)


def test_short_forms_are_what_the_book_says():
    z, y = np.array([[0.0, np.log(3.0)]]), np.array([[1.0, 0.0]])
    expected = {  # softmax gives 1/4, 3/4; sigmoid 1/2, 3/4; linear z itself
        ("softmax", "log_likelihood"): [[-0.75, 0.75]],
        ("sigmoid", "cross_entropy"): [[-0.5, 0.75]],
        ("linear", "quadratic"): [[-1.0, np.log(3.0)]],
        ("sigmoid", "log_likelihood"): [[-0.5, 0.0]],
    }
    for pair in SHORT_FORMS:
        output = Output(*pair)
        delta = output.delta(z, outputs_of(output, z), y, np.empty_like(z))
        np.testing.assert_allclose(delta, expected[pair], rtol=1e-15)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_vjp_equals_the_product_with_the_whole_jacobian_matrix(activation):
    z, _ = drawn()
    g = np.random.default_rng(5).standard_normal(z.shape)
    f, vjp = ACTIVATIONS[activation]
    a = f(z, np.empty_like(z))
    found = vjp(a, g, np.empty_like(z))
    for row in range(len(z)):
        k = z.shape[1]
        jacobian = np.zeros((k, k))  # [i, j] = da_i/dz_j
        for i in range(k):
            for j in range(k):
                a_i, same = a[row, i], float(i == j)
                jacobian[i, j] = {
                    "sigmoid": same * a_i * (1 - a_i),
                    "tanh": same / np.cosh(z[row, i]) ** 2,
                    "relu": same * (z[row, i] > 0),
                    "linear": same,
                    "softmax": a_i * (same - a[row, j]),
                }[activation]
        np.testing.assert_allclose(found[row], g[row] @ jacobian, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activation_may_overwrite_z(activation):
    z, _ = drawn()
    f = ACTIVATIONS[activation].f
    expected = f(z.copy(), np.empty_like(z))
    assert f(z, z) is z
    np.testing.assert_array_equal(z, expected)


def test_softmax_by_hand_and_at_a_thousand():
    z = np.array([[0.0, np.log(2.0), np.log(5.0)], [1000.0, 0.0, -1000.0], [-1000.0, -1000.0, -1000.0]])
    a = outputs_of(Output("softmax", "quadratic"), z)
    np.testing.assert_allclose(a, [[1 / 8, 2 / 8, 5 / 8], [1, 0, 0], [1 / 3, 1 / 3, 1 / 3]], rtol=1e-14)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activations_keep_the_dtype_and_are_finite_at_a_thousand(activation, dtype):
    z = np.array([[1000.0, -1000.0, 0.0]], dtype)
    f, vjp = ACTIVATIONS[activation]
    with np.errstate(over="ignore"):
        a = f(z, np.empty_like(z))
    back = vjp(a, np.ones_like(a), np.empty_like(a))
    assert a.dtype == back.dtype == dtype
    assert np.isfinite(a).all()
    assert np.isfinite(back).all()


def softmax_cross_entropy_error(z: np.ndarray, label: int) -> np.ndarray:
    """dC/dz_j = sum_k dC/da_k a_k (1[k=j] - a_j) for C = -ln a_y - sum_{k!=y} ln(1 - a_k), to a thousand digits."""
    with localcontext() as context:
        context.prec = 1000
        powers = [Decimal(float(value)).exp() for value in z]
        a = [power / sum(powers) for power in powers]
        grad = [-1 / a_k if k == label else 1 / (1 - a_k) for k, a_k in enumerate(a)]
        return np.array(
            [
                float(sum(g * a_k * ((k == j) - a_j) for k, (g, a_k) in enumerate(zip(grad, a, strict=True))))
                for j, a_j in enumerate(a)
            ]
        )


def assert_softmax_with_cross_entropy_is_exact(top: float, label: int, dtype: str, rtol: float) -> None:
    z = np.array([[top, 0.0, -2.5, 1.25]], dtype)
    y = np.eye(4, dtype=dtype)[[label]]
    output = Output("softmax", "cross_entropy")
    found = output.delta(z, outputs_of(output, z), y, np.empty_like(z))[0]
    expected = softmax_cross_entropy_error(z[0], label)
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=float(np.finfo(dtype).tiny))


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize(
    ("dtype", "rtol", "top"),
    [("float32", 2e-6, top) for top in (0, 5, 20, 40, 80)]
    + [("float64", 1e-14, top) for top in (0, 5, 20, 40, 80, 120, 600)],
)
def test_softmax_with_cross_entropy_is_exact_where_one_output_is_nearly_1(dtype, rtol, top, label):
    assert_softmax_with_cross_entropy_is_exact(top, label, dtype, rtol)


@pytest.mark.parametrize(("cost", "output"), PAIRS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_error_is_finite_and_keeps_the_dtype_at_a_thousand(cost, output, dtype):
    z = np.array([[1000.0, -1000.0, 0.0]] * 3, dtype)
    pair = Output(output, cost)
    delta = pair.delta(z, outputs_of(pair, z), np.eye(3, dtype=dtype), np.empty_like(z))
    assert delta.dtype == dtype
    assert np.isfinite(delta).all()


@pytest.mark.parametrize("place", range(0, 1000, 37))
def test_a_replica_that_is_no_number_spoils_no_other_in_a_softmax(place):
    z = np.random.default_rng(place).normal(size=(10, 10, 10)).astype(np.float32)
    z[3], z[7, 4, 4] = np.nan, 200
    z.reshape(-1)[place] = np.nan
    with np.errstate(invalid="ignore"):
        found = ACTIVATIONS["softmax"].f(z, np.empty_like(z))
    numbers = ~np.isnan(z).any(axis=-1)
    expected = scipy.special.softmax(z[numbers].astype(float), axis=-1)
    np.testing.assert_allclose(found[numbers], expected, rtol=1e-5, atol=1e-37)
    assert np.isnan(found[~numbers]).all()


ROWS = [[1e4, 0, 3], [-1e4, 0, 3], [1e4, 1e4, 3], [100, 101, 99], [-100, -101, -102], [79, -79, 0], [1, 2, 3]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "rows", [ROWS, ROWS[-2:], ROWS[:1], ROWS[4:5]], ids=["all", "small", "large", "negative"]
)
def test_softmax_is_right_for_every_z_and_a_row_does_not_depend_on_the_others(dtype, rows):
    z = np.array(rows, dtype)
    found = ACTIVATIONS["softmax"].f(z, np.empty_like(z))
    tolerance = {"rtol": 1e-5, "atol": 1e-37} if dtype == "float32" else {"rtol": 1e-14, "atol": 1e-300}
    np.testing.assert_allclose(found, scipy.special.softmax(np.array(rows, np.float64), axis=-1), **tolerance)
    for row, expected in zip(z, found, strict=True):
        alone = ACTIVATIONS["softmax"].f(row[None], np.empty_like(row[None]))
        np.testing.assert_allclose(alone[0], expected, rtol=1e-6 if dtype == "float32" else 1e-15)
