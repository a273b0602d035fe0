"""Seconds an epoch, against the floor: the five bare matrix products that any epoch must do.

    python -m benchmarks.speed [--hidden 30] [--repeats 5]

An epoch is 50,000 images in mini-batches of 10, float32, and the test accuracy of 10,000. Ours and the floor
take turns, so that a noisy machine hits both alike; figures are medians. One BLAS thread. The images are
random bytes: their values do not matter to the time.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np
from threadpoolctl import threadpool_limits

from mnist_softmax.config import Config
from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.training.loop import start, train

N, TEST, M = 50_000, 10_000, 10


def random_images(rng: np.random.Generator, n: int) -> Split:
    """n images of MNIST's form."""
    return Split(rng.integers(0, 256, (n, 784), dtype=np.uint8), rng.integers(0, 10, n, dtype=np.uint8))


def epoch_of_ours(hidden: int) -> Callable[[], object]:
    """A function that trains one epoch of our loop."""
    rng = np.random.default_rng(0)
    splits = [random_images(rng, n) for n in (N, TEST, TEST)]
    dataset = Dataset(*splits, source="random", location="", checksum="", warnings=())
    settings = Config.model_validate(
        {
            "network": {"layers": [784, hidden, 10], "output_activation": "softmax", "cost": "log_likelihood"},
            "training": {
                "epochs": 10**6,
                "mini_batch_size": M,
                "learning_rate": 1e-3,
                "l2": 3.0,
                "monitor": ["test_accuracy"],
            },
        }
    )
    epochs = train(start(settings), dataset, settings)
    return lambda: next(epochs)


def epoch_of_floor(hidden: int) -> Callable[[], object]:
    """A function that does an epoch's matrix products and nothing else."""
    rng = np.random.default_rng(0)

    def floats(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32)

    x, w1, w2, delta = floats(M, 784), floats(784, hidden), floats(hidden, 10), floats(M, 10)
    a, z, grad_a, grad_w2, grad_w1 = (np.empty_like(each) for each in (x @ w1, delta, x @ w1, w2, w1))

    def products() -> None:
        for _ in range(N // M):
            np.matmul(x, w1, out=a)
            np.matmul(a, w2, out=z)
            np.matmul(delta, w2.T, out=grad_a)
            np.matmul(a.T, delta, out=grad_w2)
            np.matmul(x.T, grad_a, out=grad_w1)

    return products


def seconds(function: Callable[[], object]) -> float:
    """How long one call takes."""
    began = perf_counter()
    function()
    return perf_counter() - began


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--hidden", type=int, nargs="+", default=[30, 100], help="hidden neurons (default: 30 100)"
    )
    parser.add_argument("--repeats", type=int, default=7, help="timed epochs of each (default: 7)")
    options = parser.parse_args()
    print(f"{'network':>12}  {'floor s':>8}  {'ours s':>8}  {'ratio':>6}  (medians of {options.repeats})")
    with threadpool_limits(limits=1, user_api="blas"):
        for hidden in options.hidden:
            ours, floor = epoch_of_ours(hidden), epoch_of_floor(hidden)
            seconds(ours), seconds(floor)  # warm up
            pairs = [(seconds(ours), seconds(floor)) for _ in range(options.repeats)]
            t_ours, t_floor = (median(times) for times in zip(*pairs, strict=True))
            ratio = median(a / b for a, b in pairs)
            print(f"{f'784-{hidden}-10':>12}  {t_floor:8.3f}  {t_ours:8.3f}  {ratio:6.2f}")


if __name__ == "__main__":
    main()
