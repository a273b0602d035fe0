"""What a mini-batch costs in calls and in memory: a change that loses the speed is seen, whatever the machine."""

import dis
import sys
import tracemalloc

import numpy as np
import pytest

from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.data.minibatches import BLOCK
from mnist_softmax.network.calls import call, play
from mnist_softmax.network.dense import DensePass
from mnist_softmax.training import sgd
from mnist_softmax.training.cohort import Cohort, bytes_needed
from mnist_softmax.training.loop import start
from mnist_softmax.training.sgd import train_epoch

M = 10
GRADIENT = 784 * 30 * 4  # bytes of dC/dw1 of one network


def digits(n: int) -> Dataset:
    rng = np.random.default_rng(0)
    split = Split(rng.integers(0, 256, (n, 784), np.uint8), rng.integers(0, 10, n, np.uint8))
    return Dataset(split, split, split, source="npz", location="made up", checksum="")


def cohort_of(settings, replicas: int, n: int, **training) -> Cohort:
    keys = {"layers": (784, 30, 10), "dtype": "float32", "mini_batch_size": M} | training
    chosen = [settings(seed=r, **keys) for r in range(replicas)]
    cohort = Cohort([start(each) for each in chosen], chosen, digits(n))
    cohort.descent.use([0.01] * replicas)
    return cohort


def train_an_epoch(cohort: Cohort) -> None:
    train_epoch(cohort.mini_batches(), cohort.passes, cohort.descent.step, cohort.recordings)


CALLS = {opcode for name, opcode in dis.opmap.items() if name.startswith("CALL") or name == "BINARY_OP"}


def calls_in_an_epoch(cohort: Cohort) -> int:
    """Every recorded call, and every call and operator that Python executes; a profiler would not see NumPy's."""
    count = 0

    def counted(recording):
        nonlocal count
        count += len(recording)
        play(recording)

    def see(frame, event, arg):
        nonlocal count
        frame.f_trace_opcodes = True
        if event == "opcode":
            count += frame.f_code.co_code[frame.f_lasti] in CALLS
        return see

    before = sys.gettrace()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sgd, "play", counted)
        sys._getframe().f_trace_opcodes = True  # or Python 3.12 begins with the next settrace
        sys.settrace(see)
        try:
            train_an_epoch(cohort)
        finally:
            sys.settrace(before)
    return count


def calls_per_mini_batch(settings, replicas: int, **training) -> float:
    """Of one that is played: the first that come in an array are recorded, which takes more."""
    few, many = (
        calls_in_an_epoch(cohort_of(settings, replicas, n, **training)) for n in (2 * BLOCK, 3 * BLOCK)
    )
    return (many - few) / (BLOCK / M)


@pytest.mark.parametrize(
    ("replicas", "training", "most"),
    [
        (1, {}, 32),
        (1, {"l2": 1.0}, 32),
        (5, {"l2": 1.0}, 70),
        (10, {"l2": 1.0}, 115),
        (1, {"momentum": 0.5}, 36),
        (10, {"momentum": 0.5}, 120),
    ],
)
def test_a_mini_batch_makes_few_calls(settings, replicas, training, most):
    """Products are made replica by replica, nine calls of 0.3 us for each; all others are made for all at once."""
    assert calls_per_mini_batch(settings, replicas, **training) <= most


CONVOLUTION = {"kind": "convolution", "maps": 4, "field": 5, "pool": 2}


@pytest.mark.parametrize(
    ("convolutions", "most"), [([CONVOLUTION], 110), ([CONVOLUTION, CONVOLUTION], 235)], ids=["one", "two"]
)
def test_a_mini_batch_of_convolutions_makes_few_calls(settings, convolutions, most):
    """Ten or so for each band of rows of maps, none for a single window or image.

    NumPy 2.1 does more in Python than 2.4: 108 calls for 95, and 230 for 204.
    """
    layers = [[28, 28], *convolutions, 30, 10]
    assert calls_per_mini_batch(settings, 1, layers=layers) <= most


def memory_while(cohort: Cohort) -> int:
    train_an_epoch(cohort)
    tracemalloc.start()
    try:
        train_an_epoch(cohort)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("replicas", [1, 10])
def test_the_loop_over_mini_batches_allocates_nothing_of_the_size_of_a_layer(settings, replicas):
    """Orders, labels and the sums of a softmax are made anew; not a hidden layer, not a gradient, not a block."""
    n = 2 * BLOCK
    assert memory_while(cohort_of(settings, replicas, n)) < GRADIENT


def test_a_slower_way_is_seen(settings, monkeypatch):
    calls, memory = calls_per_mini_batch(settings, 1), memory_while(cohort_of(settings, 1, 2 * BLOCK))

    def add_gradient(layer: DensePass, into, times, keep_w, keep_b) -> None:
        def step():
            gradient = np.matmul(layer.a_in.swapaxes(-1, -2), layer.delta)
            into["w"][...] = keep_w[0] * into["w"] + times[0] * gradient

        call(step)

    monkeypatch.setattr(DensePass, "add_gradient", add_gradient)
    assert memory_while(cohort_of(settings, 1, 2 * BLOCK)) > memory + GRADIENT
    monkeypatch.undo()

    forward = DensePass.forward

    def one_row_at_a_time(layer, a_in):
        forward(layer, a_in)
        for row in range(M):
            call(np.matmul, layer.a_in[..., row, :], layer.w)
        return layer.a

    monkeypatch.setattr(DensePass, "forward", one_row_at_a_time)
    assert calls_per_mini_batch(settings, 1) >= calls + M


@pytest.mark.parametrize("training", [{}, {"momentum": 0.5}, {"l1": 0.1}, {"early_stopping": {"patience": 3}}])
@pytest.mark.parametrize("replicas", [1, 3, 10])
def test_a_cohort_takes_the_memory_that_the_formula_says(settings, replicas, training):
    n = 2000
    [one] = [settings(layers=(784, 30, 10), dtype="float32", mini_batch_size=M, **training)]
    dataset = digits(n)
    tracemalloc.start()
    try:
        states = [start(one) for _ in range(replicas)]
        for state in states if one.training.early_stopping else []:
            state.best = state.network.parameters.flat.copy()
        cohort = Cohort(states, [one] * replicas, dataset)
        next(cohort.mini_batches())
        allocated = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert allocated == pytest.approx(bytes_needed(one, replicas, n), rel=0.05)
