"""Every equation of docs/derivation.md, against complex-step derivatives; and that the document names each test.

The derivative of a real function by a complex step, Im f(x + ih) / h, has no difference in it and so no rounding:
with h = 1e-30 it is right to the last digit or two. The functions below are written as the document writes them.
"""

import ast
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import scipy.special
import sklearn.metrics

from mnist_softmax.config.network import Architecture
from mnist_softmax.network.activations import ACTIVATIONS
from mnist_softmax.network.network import Network
from mnist_softmax.network.output import Output

ROOT = Path(__file__).parents[2]
H = 1e-30
K = 5
RTOL, ATOL = 1e-13, 1e-15

CASES = [(np.random.default_rng(seed).normal(0, 2, K), label) for seed, label in ((0, 0), (1, 3), (2, 4))]
every_case = pytest.mark.parametrize(("z", "label"), CASES)


def softmax(z, c=1.0):
    return np.exp(c * z) / np.exp(c * z).sum()


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def log_likelihood(a, label):
    return -np.log(a[label])


def binary_cross_entropy(a, label):
    y = one_hot(label, len(a))
    return -(y * np.log(a) + (1 - y) * np.log(1 - a)).sum()


def one_hot(label, k=K):
    return np.eye(k)[label]


def derivative(f, x):
    """df/dx_j on the last axis: (K,) of a number, (K, K) of a vector, as [k, j]."""
    columns = []
    for j in range(x.size):
        moved = x.astype(complex)
        moved.flat[j] += 1j * H
        columns.append(np.imag(f(moved)) / H)
    return np.stack(columns, axis=-1)


def assert_close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=RTOL, atol=ATOL)


def delta_of_the_program(output, cost, z, label, **more):
    pair, row = Output(output, cost, **more), z[None]
    a = pair.activate(row, np.empty_like(row))
    return pair.delta(row, a, one_hot(label, len(z))[None], np.empty_like(row))[0]


@every_case
def test_a_and_b_the_cost_as_a_function_of_z(z, label):
    assert_close(np.log(np.exp(z).sum()) - z[label], -np.log(softmax(z)[label]))
    rng = np.random.default_rng(9)
    w, a_before, b = rng.standard_normal((K, 3)), rng.random(3), rng.standard_normal(K)
    slopes = derivative(lambda b: np.log(np.exp(w @ a_before + b).sum()) - (w @ a_before + b)[label], b)
    assert_close(slopes, softmax(w @ a_before + b) - one_hot(label))


def test_the_example_by_hand():
    """Every number of the table and of the text below it."""
    z, y = np.array([1.0, 2.0, 3.0]), np.array([1, 0, 0])
    a = scipy.special.softmax(z)
    rows = re.findall(
        r"^\| (\d|sum) \|(.*)\|$", DOCUMENT.split("**By hand.**")[1].split("```")[0], re.MULTILINE
    )
    found = {name: [float(cell) if cell.strip() else None for cell in cells.split("|")] for name, cells in rows}
    columns = (z, np.exp(z), a, y, a - y, y * (a - 1))
    for j in range(3):
        assert found[str(j)] == [round(float(column[j]), 4) for column in columns]
    assert found["sum"][1:] == [round(float(column.sum()), 4) for column in columns[1:]]
    raised = scipy.special.softmax(z + [0, 0.1, 0])
    for number in (
        np.exp(z).sum(),
        np.exp(z + [0, 0.1, 0]).sum(),
        -np.log(a[0]),
        raised[0],
        -np.log(raised[0]),
    ):
        assert f"{number:.4f}" in DOCUMENT
    slope = (round(-np.log(raised[0]), 4) - round(-np.log(a[0]), 4)) / 0.1
    assert f"/ 0.1 = {slope:.3f}$: about $a_1 = {a[1]:.4f}$" in " ".join(DOCUMENT.split())


@every_case
def test_d1_only_the_true_output_stands_in_the_cost(z, label):
    a = softmax(z)
    expected = -one_hot(label) / a[label]
    assert_close(derivative(lambda a: log_likelihood(a, label), a), expected)
    for output in ("softmax", "sigmoid"):
        found = Output(output, "log_likelihood").grad_a(z[None], a[None], one_hot(label)[None])
        assert_close(found[0], expected)


@every_case
def test_d2_softmax_jacobian(z, label):
    a = softmax(z)
    expected = a[:, None] * (np.eye(K) - a)  # [k, j] = a_k (1[k=j] - a_j)
    assert_close(derivative(softmax, z), expected)
    row = ACTIVATIONS["softmax"].vjp(a, one_hot(label), np.empty(K))
    assert_close(row, expected[label])


@every_case
def test_d3_softmax_with_log_likelihood(z, label):
    a = softmax(z)
    by_chain_rule = derivative(lambda a: log_likelihood(a, label), a) @ derivative(softmax, z)
    assert_close(by_chain_rule, a - one_hot(label))
    assert_close(derivative(lambda z: log_likelihood(softmax(z), label), z), a - one_hot(label))
    assert_close(delta_of_the_program("softmax", "log_likelihood", z, label), a - one_hot(label))


@every_case
def test_d4_sigmoid_with_log_likelihood(z, label):
    a, y = sigmoid(z), one_hot(label)
    assert_close(derivative(lambda z: log_likelihood(sigmoid(z), label), z), y * (a - 1))
    assert_close(-y / a * a * (1 - a), y * (a - 1))
    assert_close(delta_of_the_program("sigmoid", "log_likelihood", z, label), y * (a - 1))
    assert (y * (a - 1) <= 0).all()


@every_case
def test_d5_the_diagonal_alone_gives_the_wrong_formula(z, label):
    a, y = softmax(z), one_hot(label)
    diagonal = np.diag(derivative(softmax, z))
    assert_close(diagonal, a * (1 - a))
    wrong = derivative(lambda a: log_likelihood(a, label), a) * diagonal
    assert_close(wrong, y * (a - 1))
    assert abs(wrong - derivative(lambda z: log_likelihood(softmax(z), label), z)).max() > 1e-3
    named = delta_of_the_program("softmax", "log_likelihood", z, label, output_error="true_output_only")
    assert_close(named, wrong)


@every_case
def test_d6_slopes_sum_to_zero(z, label):
    a, y = softmax(z), one_hot(label)
    assert_close(softmax(z + 3), a)
    assert abs(derivative(lambda z: log_likelihood(softmax(z), label), z).sum()) < 1e-15
    assert_close((y * (a - 1)).sum(), a[label] - 1)
    assert abs(a[label] - 1) > 1e-3


@every_case
def test_d7_the_wrong_formula_is_no_gradient(z, label):
    a = softmax(z)
    wrong = derivative(lambda z: one_hot(label) * (softmax(z) - 1), z)  # [j, i] = d delta_j / dz_i
    right = derivative(lambda z: softmax(z) - one_hot(label), z)
    assert_close(right, right.T)
    for j in set(range(K)) - {label}:
        assert_close(wrong[label, j], -a[label] * a[j])
        assert wrong[j, label] == 0
        assert wrong[label, j] < -1e-6


@pytest.mark.parametrize(
    ("output", "cost"),
    [("softmax", "log_likelihood"), ("softmax", "cross_entropy"), ("sigmoid", "log_likelihood"),
     ("sigmoid", "cross_entropy")],
)  # fmt: skip
def test_bp1_to_bp4_in_the_books_columns(output, cost):
    rng, sizes, label = np.random.default_rng(3), (4, 6, 3, K), 2
    w = [rng.standard_normal((n_out, n_in)) for n_in, n_out in pairwise(sizes)]
    b = [rng.standard_normal(n_out) for n_out in sizes[1:]]
    x = rng.random(4)
    last = {"softmax": softmax, "sigmoid": sigmoid}[output]
    cost_of = {"log_likelihood": log_likelihood, "cross_entropy": binary_cross_entropy}[cost]

    def forward(w, b):
        zs, activations = [], [x]
        for l, (w_l, b_l) in enumerate(zip(w, b, strict=True)):
            zs.append(w_l @ activations[-1] + b_l)
            activations.append((last if l == 2 else sigmoid)(zs[-1]))
        return zs, activations

    zs, a = forward(w, b)
    deltas = [derivative(last, zs[2]).T @ derivative(lambda a: cost_of(a, label), a[3])]  # (BP1)
    for l in (1, 0):
        deltas.insert(0, (w[l + 1].T @ deltas[0]) * sigmoid(zs[l]) * (1 - sigmoid(zs[l])))  # (BP2)

    network = Network(
        Architecture(layers=sizes, output_activation=output, cost=cost, hidden_activation="sigmoid"),
        "float64",
    )
    for arrays, w_l, b_l in zip(network.parameters.layers, w, b, strict=True):
        arrays["w"][...], arrays["b"][...] = w_l.T, b_l
    p, gradient = network.new_pass(1), network.new_parameters()
    p.forward(x[None])
    p.backward(one_hot(label)[None])
    p.gradient(gradient)

    for l, delta in enumerate(deltas):

        def cost_in_b(b_l, l=l):
            return cost_of(forward(w, [*b[:l], b_l, *b[l + 1 :]])[1][-1], label)

        def cost_in_w(flat, l=l):
            return cost_of(forward([*w[:l], flat.reshape(w[l].shape), *w[l + 1 :]], b)[1][-1], label)

        slopes = derivative(cost_in_w, w[l].ravel()).reshape(w[l].shape)
        np.testing.assert_allclose(delta, derivative(cost_in_b, b[l]), rtol=1e-11, atol=1e-14)  # (BP3)
        np.testing.assert_allclose(np.outer(delta, a[l]), slopes, rtol=1e-11, atol=1e-14)  # (BP4)
        np.testing.assert_allclose(gradient.layers[l]["b"], delta, rtol=1e-11, atol=1e-14)
        np.testing.assert_allclose(gradient.layers[l]["w"], slopes.T, rtol=1e-11, atol=1e-14)


@every_case
def test_d8_product_with_the_jacobian(z, label):
    a, g = softmax(z), np.random.default_rng(7).standard_normal(K)
    expected = g @ derivative(softmax, z)
    assert_close(a * (g - (g * a).sum()), expected)
    assert_close(ACTIVATIONS["softmax"].vjp(a, g, np.empty(K)), expected)


@every_case
def test_78_and_79_softmax(z, label):
    a = ACTIVATIONS["softmax"].f(z, np.empty(K))
    assert_close(a, softmax(z))
    assert_close(a, scipy.special.softmax(z))
    assert_close(a.sum(), 1)
    assert (a > 0).all()


@every_case
def test_80_and_d10_log_likelihood_is_multiclass_cross_entropy(z, label):
    a = softmax(z)
    expected = sklearn.metrics.log_loss([label], a[None], labels=range(K))
    assert_close(log_likelihood(a, label), expected)
    assert_close(-(one_hot(label) * np.log(a)).sum(), expected)
    assert_close(Output("softmax", "log_likelihood").cost(z[None], a[None], one_hot(label)[None]), [expected])
    assert_close(z[label] - np.log(np.exp(z).sum()), np.log(a[label]))


def test_81_82_and_84():
    """In w and b of a network without hidden layers, so that a^{L-1} is the input."""
    rng, label = np.random.default_rng(8), 1
    w, b, a_before = rng.standard_normal((K, 3)), rng.standard_normal(K), rng.random(3)
    error = softmax(w @ a_before + b) - one_hot(label)
    slopes_b = derivative(lambda b: log_likelihood(softmax(w @ a_before + b), label), b)
    slopes_w = derivative(
        lambda flat: log_likelihood(softmax(flat.reshape(K, 3) @ a_before + b), label), w.ravel()
    )
    slopes_z = derivative(lambda z: log_likelihood(softmax(z), label), w @ a_before + b)
    assert_close(slopes_b, error)
    assert_close(slopes_w.reshape(K, 3), np.outer(error, a_before))
    assert_close(slopes_z, error)


@every_case
@pytest.mark.parametrize("c", [0.1, 1.0, 4.0])
def test_83_and_d9_temperature(z, label, c):
    a = softmax(z, c)
    assert_close(a, scipy.special.softmax(c * z))
    assert_close(derivative(lambda z: log_likelihood(softmax(z, c), label), z), c * (a - one_hot(label)))
    np.testing.assert_allclose(softmax(z - z.max(), 300.0), one_hot(z.argmax()), atol=1e-12)
    np.testing.assert_allclose(softmax(z, 1e-12), np.full(K, 1 / K), atol=1e-11)
    np.testing.assert_allclose(softmax(np.array([1.0, 3.0, 3.0]), 100.0), [0, 1 / 2, 1 / 2], atol=1e-12)


@every_case
def test_63_binary_cross_entropy(z, label):
    a, y = sigmoid(z), one_hot(label)
    expected = sum(sklearn.metrics.log_loss([y[j]], [a[j]], labels=[0, 1]) for j in range(K))
    assert_close(binary_cross_entropy(a, label), expected)
    assert_close(Output("sigmoid", "cross_entropy").cost(z[None], a[None], y[None]), [expected])
    assert_close(derivative(lambda z: binary_cross_entropy(sigmoid(z), label), z), a - y)  # (66)
    assert_close(delta_of_the_program("sigmoid", "cross_entropy", z, label), a - y)


@every_case
def test_d11_softmax_with_binary_cross_entropy(z, label):
    a, y = softmax(z), one_hot(label)
    expected = (a - y) / (1 - a) - a * ((a - y) / (1 - a)).sum()
    slopes = derivative(lambda z: binary_cross_entropy(softmax(z), label), z)
    np.testing.assert_allclose(slopes, expected, rtol=1e-11)
    np.testing.assert_allclose(delta_of_the_program("softmax", "cross_entropy", z, label), expected, rtol=1e-11)
    assert abs(expected - (a - y)).max() > 1e-3


@pytest.mark.parametrize("label", [0, 1])
def test_d12_two_outputs(label):
    z = np.array([0.7, -1.1])
    a, y = softmax(z), one_hot(label, 2)
    assert_close(a[0], sigmoid(z[0] - z[1]))
    one_sigmoid = sklearn.metrics.log_loss([y[0]], [sigmoid(z[0] - z[1])], labels=[0, 1])
    assert_close(log_likelihood(a, label), one_sigmoid)
    assert_close(binary_cross_entropy(a, label), 2 * one_sigmoid)
    assert_close(derivative(lambda z: binary_cross_entropy(softmax(z), label), z), 2 * (a - y))
    assert_close(delta_of_the_program("softmax", "cross_entropy", z, label), 2 * (a - y))


@pytest.mark.parametrize("scale", [1.0, 30.0, 1000.0])
@every_case
def test_d13_log_sum_exp(z, label, scale):
    z = scale * z
    top = z.max()
    expected = scipy.special.logsumexp(z) - z[label]
    assert_close(top - z[label] + np.log(np.exp(z - top).sum()), expected)
    assert np.exp(z - top).max() == 1
    pair = Output("softmax", "log_likelihood")
    found = pair.cost(z[None], pair.activate(z[None], np.empty((1, K))), one_hot(label)[None])
    np.testing.assert_allclose(found, [expected], rtol=1e-12, atol=1e-12)


@every_case
def test_d14_softmax_after_the_maximum_is_taken_off(z, label):
    assert_close(softmax(z - z.max()), softmax(z))


@np.errstate(all="ignore")
def test_float32_at_a_gap_of_92_and_104():
    """The table of the document, "by the letter" and "here"."""
    f = np.float32
    limits = np.finfo(f)
    assert limits.max == pytest.approx(3.4e38, rel=0.01)
    assert limits.tiny == pytest.approx(1.2e-38, rel=0.03)
    assert np.isinf(np.exp(f(100)))
    assert np.isnan(np.exp(f(100)) / np.exp(f(100)))
    a_y = f(1e-40)
    assert 0 < a_y < limits.tiny
    assert -np.log(a_y) == pytest.approx(92.1034, rel=1e-6)
    assert np.isinf(-np.log(np.exp(f(-104))))
    for gap in (92.1034, 104):
        assert -np.log(np.maximum(np.exp(f(-gap)), f(1e-7))) == pytest.approx(16.118, rel=1e-4)
    assert np.isneginf(-1 / a_y)
    assert np.isneginf(-1 / a_y * (a_y * (1 - a_y)))

    pair, y = Output("softmax", "log_likelihood"), np.array([[0, 1]], f)
    for gap in (92.1034, 104):
        z = np.array([[0, -gap]], f)
        a = pair.activate(z, np.empty_like(z))
        assert pair.cost(z, a, y) == pytest.approx([gap], rel=1e-6)
        np.testing.assert_array_equal(pair.delta(z, a, y, np.empty_like(z)), [[1, -1]])
    a = pair.activate(np.array([[100, 0]], f), np.empty((1, 2), f))
    np.testing.assert_allclose(a, [[1, np.exp(-100)]], atol=float(limits.smallest_subnormal))


# The document


DOCUMENT = (ROOT / "docs" / "derivation.md").read_text(encoding="utf-8")


def test_every_displayed_equation_has_a_label_and_a_test_that_exists():
    displayed = re.findall(r"```math\n(.*?)```", DOCUMENT, re.DOTALL)
    labels = [re.search(r"\\qquad\\text\{\((\w+)\)\}\s*$", equation) for equation in displayed]
    assert all(labels), "an equation without a label"
    table = DOCUMENT.split("## Where each equation is tested")[1]
    rows = re.findall(r"^\| (.*?) \| `(.*?)::(.*?)` \|$", table, re.MULTILINE)
    tested = {label for cell, *_ in rows for label in re.findall(r"\((\w+)\)", cell)}
    assert {label.group(1) for label in labels} == tested
    assert len(displayed) == len(tested)  # no label stands twice
    for _, path, name in rows:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_table_of_a_digit_is_what_explain_prints():
    words = [sys.executable, "-m", "mnist_softmax", "explain"]
    printed = subprocess.run(words, capture_output=True, text=True).stdout.splitlines()
    shown = DOCUMENT.split("```\nimage 0")[1].split("```")[0].splitlines()
    rows = [line for line in shown[1:] if line.strip() != "..."]
    assert printed[0] == f"image 0{shown[0]}"
    assert len(rows) == 6
    for row in rows:
        assert row in printed


def test_every_file_that_the_document_names_exists():
    for link in re.findall(r"\]\(([^)#]+)\)", DOCUMENT):
        assert link.startswith("http") or (ROOT / "docs" / link).is_file(), link
    for path in re.findall(r"\b(?:configs|tests|mnist_softmax)/[\w/]+\.(?:yaml|py)", DOCUMENT):
        assert (ROOT / path).is_file(), path
