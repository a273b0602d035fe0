"""The waits that a user meets beside training: loading, importing, the first mini-batch, an evaluation."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from mnist_softmax.data.cache import cache_path

REPEATS = 5

COLD = """
from mnist_softmax.config.data import Data
from mnist_softmax.data.sources import load_digits
load_digits(Data())
"""
WARM = "import time; from mnist_softmax.config.data import Data; from mnist_softmax.data.sources import load_digits\n"
WARM += "began = time.perf_counter(); load_digits(Data()); print(time.perf_counter() - began)"
FIRST = """
import sys, time
from mnist_softmax.training import cohort
def first(self):
    print(time.time(), file=sys.stderr)
    sys.exit()
cohort.Cohort.mini_batches = first
from mnist_softmax.cli import main
main(["train", "--config", "configs/loglik.yaml", "--output", sys.argv[1]])
"""
EVALUATION = """
import time
from mnist_softmax.config.data import Data
from mnist_softmax.config.network import Architecture
from mnist_softmax.data.sources import load_digits
from mnist_softmax.network.network import Network
from mnist_softmax.training.evaluation import evaluate
test = load_digits(Data()).test
network = Network(Architecture(layers=(784, 30, 10), output_activation="softmax", cost="log_likelihood"))
evaluate(network, test)
began = time.perf_counter(); evaluate(network, test, ["accuracy"]); print(time.perf_counter() - began)
"""


def startup() -> dict[str, float]:
    """Seconds by name; medians of REPEATS processes, but for the one parse from scratch."""
    found = {}
    source = cache_path("openml").parents[1]
    if (source / "openml").exists():
        with tempfile.TemporaryDirectory() as home:  # scikit-learn's cache without ours
            os.symlink(source / "openml", Path(home) / "openml")
            environment = os.environ | {"SCIKIT_LEARN_DATA": home}
            began = perf_counter()
            subprocess.run([sys.executable, "-c", COLD], check=True, env=environment)
            found["load the digits, cold (parsed once)"] = perf_counter() - began
    found["load the digits, warm"] = median(_printed(WARM) for _ in range(REPEATS))
    found["mnist-softmax --help"] = median(_whole(["-m", "mnist_softmax", "--help"]) for _ in range(REPEATS))
    found["start to first mini-batch, warm"] = median(_to_first_mini_batch() for _ in range(REPEATS))
    found["evaluate 10,000 images"] = median(_printed(EVALUATION) for _ in range(REPEATS))
    return found


def _printed(code: str) -> float:
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(answer.stdout)


def _whole(words: list[str]) -> float:
    began = perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - began


def _to_first_mini_batch() -> float:
    from time import time

    with tempfile.TemporaryDirectory() as run:
        words = [sys.executable, "-c", FIRST, f"{run}/run"]
        began = time()
        answer = subprocess.run(words, check=True, capture_output=True, text=True)
        return float(answer.stderr.split()[-1]) - began
