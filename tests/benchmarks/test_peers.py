"""The benchmark's peers do the same work; those that cannot run are left out with a word."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers import OPTIONAL, PEERS, LeftOut
from benchmarks.speed import started
from benchmarks.work import ETA, M, Work, c_compiler
from mnist_softmax.config.data import Data
from mnist_softmax.data.sources import load_digits

ROOT = Path(__file__).parents[2]
SLOW = ("jax", "jax_vmap", "numba", "torch", "torch_compile")  # seconds to import or to compile
needs_compiler = pytest.mark.skipif(c_compiler() is None, reason="no C compiler")


@pytest.fixture(scope="module")
def small_work() -> Work:
    """A thousand real digits, and a hidden layer that does not fill whole vectors."""
    digits = load_digits(Data(source="sample"))
    dataset = dataclasses.replace(digits, train=digits.train.first(1000), test=digits.test.first(500))
    rng, hidden = np.random.default_rng(3), 21
    shapes = {"w1": (784, hidden), "b1": (hidden,), "w2": (hidden, 10), "b2": (10,)}
    start = {name: rng.normal(0, shape[0] ** -0.5, shape).astype(np.float32) for name, shape in shapes.items()}
    x, x_test = (split.images / np.float32(255) for split in (dataset.train, dataset.test))
    return Work(hidden, dataset, x, np.eye(10, dtype=np.float32)[dataset.train.labels], x_test, start)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in PEERS if name != "sklearn"],
)
def test_all_that_take_the_orders_come_to_the_textbooks_accuracy(name, small_work):
    epochs, absent = started(small_work, ["textbook", name])
    if absent:
        pytest.skip(absent[name])
    for number in range(2):
        accuracies = {each: epoch(number) for each, epoch in epochs.items()}
    assert accuracies["textbook"] > 0.8
    if "floor" not in name:  # a floor trains nothing
        assert accuracies[name] == pytest.approx(accuracies["textbook"], abs=0.005)


@needs_compiler
@pytest.mark.parametrize("lit", [False, True], ids=["dense", "lit"])
def test_the_program_in_c_comes_to_the_textbooks_weights(lit, small_work):
    from benchmarks.peers.c_program import Digits, compiled, network, trained

    w1, b1, w2, b2 = (small_work.start[name].astype(np.float64) for name in ("w1", "b1", "w2", "b2"))
    order = small_work.order(0)[: 5 * M]
    for chosen in order.reshape(-1, M):
        x, y = small_work.x[chosen].astype(np.float64), small_work.y[chosen]
        a1 = 1 / (1 + np.exp(-(x @ w1 + b1)))
        a2 = np.exp(a1 @ w2 + b2)
        delta2 = a2 / a2.sum(axis=1, keepdims=True) - y
        delta1 = delta2 @ w2.T * a1 * (1 - a1)
        for array, gradient in (
            (w2, a1.T @ delta2),
            (b2, delta2.sum(0)),
            (w1, x.T @ delta1),
            (b1, delta1.sum(0)),
        ):
            array -= ETA / M * gradient
    ours = network(small_work)
    trained(compiled(small_work.hidden), ours, Digits(small_work.dataset.train), order, lit)
    there = network(dataclasses.replace(small_work, start={"w1": w1, "b1": b1, "w2": w2, "b2": b2}))
    np.testing.assert_allclose(ours, there, atol=1e-5)


def test_a_program_in_c_without_a_compiler_is_left_out_with_a_word(small_work, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert started(small_work, ["c_dense", "c_lit"]) == (
        {},
        dict.fromkeys(["c_dense", "c_lit"], "no C compiler"),
    )


@needs_compiler
def test_a_program_that_does_not_compile_is_left_out_with_a_word():
    from benchmarks.peers.c_program import compiled

    with pytest.raises(LeftOut, match=r"could not compile reference\.c"):
        compiled("no number")


def test_a_library_that_is_missing_is_left_out_with_a_word(small_work, monkeypatch):
    monkeypatch.setitem(PEERS, "numba", PEERS["numba"]._replace(library="no_such_library"))
    assert started(small_work, ["numba"]) == ({}, {"numba": "no_such_library is not installed"})


def test_a_peer_that_nobody_knows_is_an_error_of_one_line():
    words = [sys.executable, "-m", "benchmarks.speed", "--peers", "torch,fortran"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: --peers fortran: expected some of {','.join(OPTIONAL)}\n"
