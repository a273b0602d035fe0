"""A small experiment: made-up digits of 4 classes and 16 pixels, a config, and the commands to train it."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]

CONFIG = """
seed: 0
data: {{source: npz, path: {path}}}
network: {{layers: [16, 6, 4], output_activation: softmax, cost: log_likelihood}}
training: {{epochs: 4, mini_batch_size: 10, learning_rate: 0.5, l2: 0.1, momentum: 0.5}}
"""


def write_digits(path: Path, n: int = 300) -> None:
    """Noisy copies of four patterns, in the layout of Keras' mnist.npz."""
    rng = np.random.default_rng(0)
    patterns = rng.integers(0, 256, (4, 16))
    arrays = {}
    for name, count in (("train", n), ("test", 60)):
        labels = np.arange(count) % 4
        noisy = patterns[labels] + rng.normal(0, 60, (count, 16))
        arrays |= {f"x_{name}": np.clip(noisy, 0, 255).astype(np.uint8), f"y_{name}": labels.astype(np.uint8)}
    np.savez(path, **arrays)


def command(*arguments: object) -> list[str]:
    """The command line of scripts/train.py."""
    return [sys.executable, str(ROOT / "scripts" / "train.py"), *map(str, arguments)]


def run_command(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
    """Run `mnist-softmax` to its end."""
    words = [sys.executable, "-m", "mnist_softmax", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, **options)


def run_train(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
    """Run scripts/train.py to its end."""
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=120, **options)


def wait_until(seen: Callable[[], object], process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """Wait until something is seen, or `process` is over; without a deadline, for machines may be slow."""
    while not seen() and process.poll() is None:
        time.sleep(0.01)
