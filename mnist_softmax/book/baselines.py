"""The book's classifiers that are no networks: guessing, average darkness, a support vector machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.files import write_whole

GUESSERS = 100  # how many times the guesses are repeated

Record = dict[str, Any]


def run_baseline(
    method: str,
    sizes: tuple[int, ...],
    dataset: Dataset,
    scale: float,
    cache: Path,
    announce: Callable[[str], None],
) -> list[Record]:
    """Right answers on validation and test after training on the first so many images, for each size.

    What has been found for these data before is read from `cache`, a folder that `method` shares between
    experiments; each new result is written there at once.
    """
    records = []
    for size in sizes:
        path = cache / f"{method}-{size}.json"
        record = _stored(path, dataset.checksum)
        if record is None:
            announce(f"{method}: {size:,} images")
            began = perf_counter()
            record = {"size": size, "checksum": dataset.checksum}
            record |= METHODS[method](dataset, dataset.train.first(size), scale)
            record["seconds"] = perf_counter() - began
            write_whole(path, json.dumps(record))
        records.append(record)
    return records


def _stored(path: Path, checksum: str) -> Record | None:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if record.get("checksum") == checksum else None


def found(method: str, cache: Path) -> list[Record]:
    """What `cache` holds of a method, whichever experiment it was for."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in cache.glob(f"{method}-*.json")]


def darkness(dataset: Dataset, train: Split, scale: float) -> Record:
    """The digit whose training images have on average a sum of pixels nearest to this image's."""
    totals = _darkness(train, scale)
    averages = np.array([totals[train.labels == digit].mean() for digit in range(dataset.num_classes)])

    def right(split: Split) -> int:
        nearest = np.abs(_darkness(split, scale)[:, None] - averages).argmin(axis=1)
        return int(np.count_nonzero(nearest == split.labels))

    return {"validation": right(dataset.validation), "test": right(dataset.test)}


def _darkness(split: Split, scale: float) -> np.ndarray:
    return split.images.sum(axis=1, dtype=np.float64) / scale


def svm(dataset: Dataset, train: Split, scale: float) -> Record:
    """scikit-learn's SVC as its defaults were when the book was written: gamma is 1/784."""
    from sklearn.svm import SVC

    machine = SVC(gamma="auto").fit(train.images / scale, train.labels)
    return {
        name: int(np.count_nonzero(machine.predict(split.images / scale) == split.labels))
        for name, split in (("validation", dataset.validation), ("test", dataset.test))
    }


def guess(dataset: Dataset, train: Split, scale: float) -> Record:
    """A digit at random for each image: right answers, the mean of many guessers."""
    rng = np.random.default_rng(0)

    def right(split: Split) -> float:
        guesses = rng.integers(dataset.num_classes, size=(GUESSERS, len(split)))
        return float(np.count_nonzero(guesses == split.labels) / GUESSERS)

    return {"validation": right(dataset.validation), "test": right(dataset.test)}


METHODS: dict[str, Callable[[Dataset, Split, float], Record]] = {
    "darkness": darkness,
    "svm": svm,
    "guess": guess,
}
