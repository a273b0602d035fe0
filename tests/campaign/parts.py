"""The right folders that trials begin with: digits in each format, a run, a comparison, a sweep."""

from __future__ import annotations

import gzip
import os
import pickle
import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from tests.campaign import child

CONFIG = """\
seed: 0
data: {source: npz, path: digits.npz}
network: {layers: [784, 5, 10], output_activation: softmax, cost: log_likelihood}
training: {epochs: 3, mini_batch_size: 10, learning_rate: 0.5, l2: 0.1, momentum: 0.5}
"""
OTHER = CONFIG.replace("softmax, cost: log_likelihood", "sigmoid, cost: quadratic")
EXPERIMENT = """\
data: {source: npz, path: digits.npz, scale: 256}
network: {layers: [784, 5, 10], output_activation: sigmoid, cost: cross_entropy, initializer: large}
training: {epochs: 2, mini_batch_size: 10, learning_rate: 0.5, monitor: [validation_accuracy, test_accuracy]}
book:
  chapter: 3
  section: Made up
  title: Made up
  runs: {slow: {training.learning_rate: 0.1}, fast: {training.learning_rate: 1.0}}
  recording: {figures: none, program: fig/none.py, metrics: [test_accuracy], one_list: true}
  claims:
    - {kind: printed, metric: test_accuracy, select: peak, run: fast, best_of: 2, value: 12.34}
    - {kind: statement, metric: test_accuracy, select: final, run: fast, minus: slow, above: -100, says: it is faster}
"""
TRAIN = ("train", "--config", "small.yaml", "--output", "run")
COMPARE = ("compare", "small.yaml", "other.yaml", "--seeds", "2", "--jobs", "1", "--output", "study")
SWEEP = ("sweep", "--config", "small.yaml", "--grid", "training.learning_rate=0.1,0.5", "--seeds", "2", "--jobs", "1",
         "--output", "swept")  # fmt: skip
REPRODUCE = ("reproduce", "made_up.yaml", "--seeds", "4", "--jobs", "1", "--output", "book")


def digits() -> dict[str, np.ndarray]:
    """Noisy copies of ten patterns of 28 x 28 pixels, in the layout of Keras' mnist.npz."""
    rng = np.random.default_rng(0)
    patterns = rng.integers(0, 256, (10, 28, 28))
    arrays = {}
    for name, count in (("train", 120), ("test", 40)):
        labels = np.arange(count) % 10
        noisy = patterns[labels] + rng.normal(0, 60, (count, 28, 28))
        arrays |= {f"x_{name}": np.clip(noisy, 0, 255).astype(np.uint8), f"y_{name}": labels.astype(np.uint8)}
    return arrays


def idx(array: np.ndarray) -> bytes:
    """As in the files of MNIST."""
    return struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


def make(root: Path) -> Path:
    """The folders `begun` (data and configs), `trained` and `formats`, in `root`."""
    begun = root / "begun"
    begun.mkdir(parents=True)
    arrays = digits()
    np.savez(begun / "digits.npz", **arrays)
    for name, text in (("small", CONFIG), ("other", OTHER), ("made_up", EXPERIMENT)):
        (begun / f"{name}.yaml").write_text(text)
    picture = Image.new("L", (60, 60), 255)
    ImageDraw.Draw(picture).line((20, 10, 40, 50), fill=0, width=6)
    picture.save(begun / "digit.png")
    _make_formats(root / "formats", arrays)
    return begun


def make_trained(root: Path) -> Path:
    """`begun`, with a run, a comparison and a sweep that have ended, and one run that has not."""
    trained = root / "trained"
    os.makedirs(trained)
    for path in (root / "begun").iterdir():
        (trained / path.name).write_bytes(path.read_bytes())
    for words in (TRAIN, COMPARE, SWEEP, (*TRAIN[:-1], "unfinished")):
        answer = child.run(words, trained, patience=300)
        if answer.code != 0:
            raise RuntimeError(f"{' '.join(words)}: {answer.err.decode()}")
    (trained / "unfinished" / "summary.json").unlink()
    (trained / "unfinished" / "model.npz").unlink()
    return trained


def _make_formats(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    plain, zipped = folder / "idx", folder / "idx_gz"
    for place in (plain, zipped):
        place.mkdir(parents=True)
    for name, stem in (("train", "train"), ("test", "t10k")):
        for axis, kind in (("x", "images-idx3-ubyte"), ("y", "labels-idx1-ubyte")):
            content = idx(arrays[f"{axis}_{name}"])
            (plain / f"{stem}-{kind}").write_bytes(content)
            (zipped / f"{stem}-{kind}.gz").write_bytes(gzip.compress(content, mtime=0))
    np.savez(folder / "digits.npz", **arrays)
    np.savez_compressed(folder / "compressed.npz", **arrays)
    rows = [np.c_[arrays[f"y_{name}"], arrays[f"x_{name}"].reshape(-1, 784)] for name in ("train", "test")]
    (folder / "digits.csv").write_text(
        "\n".join(",".join(map(str, row)) for part in rows for row in part) + "\n"
    )
    splits = [(part[:, 1:] / np.float32(256), part[:, 0]) for part in (rows[0][:100], rows[0][100:], rows[1])]
    (folder / "mnist.pkl.gz").write_bytes(gzip.compress(pickle.dumps(splits, protocol=2), mtime=0))
