"""The work that all peers do: the same digits, starting weights, mini-batches and updates."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from mnist_softmax.config.data import Data
from mnist_softmax.config.network import Architecture
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.data.sources import load_digits
from mnist_softmax.network.network import Network
from mnist_softmax.runs.environment import environment

M = 10
ETA = 0.5
LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "jax", "numba")
COMPILER = "C compiler"


@dataclass(frozen=True)
class Work:
    """Train 784-hidden-10 (sigmoid, softmax, log-likelihood) on `dataset`, mini-batches of M, plain SGD with ETA.

    x (n, 784) and x_test are float32 in [0, 1]; y is one-hot. `start` holds w1, b1, w2, b2, w (n_in, n_out).
    """

    hidden: int
    dataset: Dataset
    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    start: dict[str, np.ndarray]

    @property
    def description(self) -> Architecture:
        """The network, as a config would have it."""
        return Architecture(layers=(784, self.hidden, 10), output_activation="softmax", cost="log_likelihood")

    @property
    def labels(self) -> np.ndarray:
        return self.dataset.train.labels

    @property
    def labels_test(self) -> np.ndarray:
        return self.dataset.test.labels

    def order(self, epoch: int) -> np.ndarray:
        """The order of the training images in an epoch, the same for everyone who can be told."""
        return np.random.default_rng([2026, epoch]).permutation(len(self.labels))


def work(hidden: int, floats: bool = True) -> Work:
    """The work on all of MNIST, or on its sample where the whole is not to be had; x and y only with `floats`."""
    dataset = load_digits(Data())
    for warning in dataset.warnings:
        print(f"warning: {warning}")
    splits = [dataset.train, dataset.test] if floats else [dataset.train.first(1), dataset.test.first(1)]
    scaled = [split.images / np.float32(255) for split in splits]
    net = Network(Architecture(layers=(784, hidden, 10), output_activation="softmax", cost="log_likelihood"))
    net.initialize(np.random.default_rng(1))
    start = {name: np.ascontiguousarray(view) for name, view in net.parameters.named()}
    one_hot = np.eye(10, dtype=np.float32)[splits[0].labels]
    return Work(hidden, dataset, scaled[0], one_hot, scaled[1], start)


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "absent"
    versions[COMPILER] = _compiler()
    found = environment()
    blas = ", ".join(f"{b['internal_api']} {b['version']} ({b.get('architecture')})" for b in found["blas"][:1])
    return {"processor": found["processor"], "cores": found["cores"], "blas": blas,
            "python": platform.python_version()} | versions  # fmt: skip


def c_compiler() -> str | None:
    """The path of a C compiler, if there is one."""
    return shutil.which("cc") or shutil.which("gcc")


def _compiler() -> str:
    compiler = c_compiler()
    if compiler is None:
        return "absent"
    return subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout.partition("\n")[0]


def one_core() -> None:
    """Keep this process, and the threads of every library in it, on one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["OMP_NUM_THREADS"] = "1"
