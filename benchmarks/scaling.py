"""How time grows: with the number of replicas, of processes, of images, with width and depth, and with the rule.

    python -m benchmarks.scaling [--images 10000] [--repeats 3] [--json FILE]

Times are seconds per replica for 50,000 images, worked out from epochs of fewer; medians; training alone, without
evaluation; one BLAS thread and one core a process. Sizes of a cohort take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import tracemalloc
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks import run
from benchmarks.work import machine
from mnist_softmax.config.config import Config
from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.training.cohort import Cohort, bytes_needed
from mnist_softmax.training.loop import start
from mnist_softmax.training.sgd import train_epoch

REPLICAS = (1, 2, 5, 10, 20, 50)
RULES: dict[str, dict[str, Any]] = {
    "plain": {},
    "momentum": {"momentum": 0.9},
    "Nesterov's momentum": {"momentum": 0.9, "optimizer": {"kind": "sgd", "nesterov": True}},
    "L1": {"l1": 3.0, "l2": 0.0},
    "Adam": {"optimizer": {"kind": "adam"}, "l2": 0.0},
}
FULL = 50_000


def digits(n: int) -> Dataset:
    """n images of random bytes: their values do not matter to the time."""
    rng = np.random.default_rng(0)
    split = Split(rng.integers(0, 256, (n, 784), dtype=np.uint8), rng.integers(0, 10, n, dtype=np.uint8))
    return Dataset(split, split, split, source="random", location="", checksum="")


def settings(layers: Sequence[int], m: int, seed: int = 0, **training: Any) -> Config:
    """Plain SGD with L2, unless `training` says otherwise."""
    return Config.model_validate(
        {
            "seed": seed,
            "network": {"layers": layers, "output_activation": "softmax", "cost": "log_likelihood"},
            "training": {"epochs": 1, "mini_batch_size": m, "learning_rate": 1e-3, "l2": 3.0} | training,
        }
    )


def epoch_of(
    layers: Sequence[int], m: int, replicas: int, dataset: Dataset, **training: Any
) -> Callable[[], float]:
    """A function that trains an epoch of a cohort and gives seconds per replica for 50,000 images."""
    chosen = [settings(layers, m, seed, **training) for seed in range(replicas)]
    cohort = Cohort([start(each) for each in chosen], chosen, dataset)
    cohort.begin_epoch([1e-3] * replicas, [])

    def epoch() -> float:
        began = perf_counter()
        with np.errstate(over="ignore"):
            train_epoch(cohort.mini_batches(), cohort.passes, cohort.descent.step, cohort.recordings)
        return (perf_counter() - began) / replicas * FULL / len(dataset.train)

    return epoch


def in_turns(epochs: Sequence[Callable[[], float]], repeats: int) -> list[float]:
    """The median of each, taken in turns after one to warm up."""
    turns = [[epoch() for epoch in epochs] for _ in range(repeats + 1)]
    return [median(times) for times in zip(*turns[1:], strict=True)]


def replicas_table(images: int, repeats: int) -> list[dict[str, Any]]:
    """Seconds by hidden neurons, mini-batch and replicas, in one process."""
    rows = []
    for hidden, m in product((30, 100), (1, 10, 100)):
        dataset = digits(images if m > 1 else images // 5)
        epochs = [epoch_of((784, hidden, 10), m, replicas, dataset) for replicas in REPLICAS]
        for replicas, seconds in zip(REPLICAS, in_turns(epochs, repeats), strict=True):
            rows.append({"hidden": hidden, "m": m, "replicas": replicas, "seconds": seconds})
    return rows


def processes_table(images: int, repeats: int) -> list[dict[str, Any]]:
    """Seconds per replica, all processes together, of 1 and 2 processes of R replicas each; 784-30-10, m = 10."""
    rows = []
    for replicas in (1, 5, 10, 20):
        alone = median(joblib.Parallel(n_jobs=1)([joblib.delayed(_process)(0, replicas, images, repeats)]))
        both = joblib.Parallel(n_jobs=2)(
            joblib.delayed(_process)(k, replicas, images, repeats) for k in range(2)
        )
        for count, seconds in ((1, alone), (2, max(both) / 2)):
            rows.append({"processes": count, "replicas": replicas, "seconds": seconds})
    return rows


def _process(number: int, replicas: int, images: int, repeats: int) -> float:
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    if cores:
        os.sched_setaffinity(0, {cores[number % len(cores)]})
    try:
        with threadpool_limits(limits=1, user_api="blas"):
            return in_turns([epoch_of((784, 30, 10), 10, replicas, digits(images))], repeats)[0]
    finally:
        if cores:
            os.sched_setaffinity(0, cores)


def sizes_table(images: int, repeats: int) -> list[dict[str, Any]]:
    """Seconds for 50,000 images of single networks of other widths and depths, and from other numbers of images."""
    networks = [(784, 10), *[(784, width, 10) for width in (10, 30, 100, 300)]]
    networks += [(784, *[30] * depth, 10) for depth in (2, 3, 4)]
    cases = [(layers, images) for layers in networks]
    cases += [((784, 30, 10), size) for size in (1_000, 5_000, 20_000, 50_000)]
    epochs = [epoch_of(layers, 10, 1, digits(size)) for layers, size in cases]
    return [
        {"layers": "-".join(map(str, layers)), "images": size, "seconds": seconds}
        for (layers, size), seconds in zip(cases, in_turns(epochs, repeats), strict=True)
    ]


def rules_table(images: int, repeats: int) -> list[dict[str, Any]]:
    """Seconds of a single 784-30-10 by what a step makes of the gradient."""
    epochs = [epoch_of((784, 30, 10), 10, 1, digits(images), **training) for training in RULES.values()]
    return [
        {"rule": rule, "seconds": seconds}
        for rule, seconds in zip(RULES, in_turns(epochs, repeats), strict=True)
    ]


def memory_table() -> list[dict[str, Any]]:
    """Bytes that a cohort takes besides the digits: by the formula, and as allocated."""
    rows, dataset = [], digits(2000)
    for replicas in REPLICAS:
        chosen = [settings((784, 30, 10), 10, seed) for seed in range(replicas)]
        tracemalloc.start()
        cohort = Cohort([start(each) for each in chosen], chosen, dataset)
        next(cohort.mini_batches())
        allocated = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        rows.append(
            {
                "replicas": replicas,
                "formula": bytes_needed(chosen[0], replicas, len(dataset.train)),
                "allocated": allocated,
            }
        )
        del cohort
    return rows


def main() -> None:
    """Measure all tables and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=10_000, help="images of an epoch (10000)")
    parser.add_argument("--repeats", type=int, default=3, help="timed epochs of each (3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    found: dict[str, Any] = {"machine": machine(), "images": options.images, "repeats": options.repeats}
    found["processes"] = processes_table(options.images, options.repeats)
    with threadpool_limits(limits=1, user_api="blas"):
        found["replicas"] = replicas_table(options.images, options.repeats)
        found["sizes"] = sizes_table(options.images, options.repeats)
        found["rules"] = rules_table(options.images, options.repeats)
        found["memory"] = memory_table()
    for name in ("replicas", "processes", "sizes", "rules", "memory"):
        print(f"\n{name}")
        for row in found[name]:
            print("  ".join(f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
                            for key, value in row.items()))  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run(main)
