"""The book's classifiers that are no networks: guessing, average darkness, a support vector machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.files import write_whole
from mnist_softmax.reading import MOST_JSON, Damaged, parse_json, read_json, read_whole

if TYPE_CHECKING:
    from sklearn.svm import SVC

GUESSERS = 100  # how many times the guesses are repeated
ROWS = 1000  # images whose kernel values are held at once

Record = dict[str, Any]
Classifier = Callable[[Split], np.ndarray]
"""Its answer to each of n images, (n,), or of several, (classifiers, n)."""


class Stored(TypedDict):
    """What a file of the cache holds."""

    size: int
    checksum: str
    validation: int | float
    test: int | float
    seconds: float


STORED = TypeAdapter(Stored)


def run_baseline(
    method: str,
    sizes: tuple[int, ...],
    dataset: Dataset,
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
        record = _stored(path, size, dataset.checksum)
        if record is None:
            announce(f"{method}: {size:,} images")
            began = perf_counter()
            record = {"size": size, "checksum": dataset.checksum}
            record |= right_answers(method, dataset, dataset.train.first(size))
            record["seconds"] = perf_counter() - began
            write_whole(path, json.dumps(record))
        records.append(record)
    return records


def _stored(path: Path, size: int, checksum: str) -> Record | None:
    try:
        record = parse_json(read_whole(path, MOST_JSON), STORED)
    except (OSError, Damaged):  # it can be had again
        return None
    return dict(record) if (record["size"], record["checksum"]) == (size, checksum) else None


def found(method: str, cache: Path) -> list[Record]:
    """What `cache` holds of a method, whichever experiment it was for."""
    stored = [read_json(path, STORED, "delete it") for path in cache.glob(f"{method}-*.json")]
    return [dict(record) for record in stored if record]


def darkness(train: Split, classes: int) -> Classifier:
    """The digit whose training images have on average a sum of pixels nearest to this image's."""

    def totals(split: Split) -> np.ndarray:
        return split.images.sum(axis=1, dtype=np.float64) / split.scale

    of_train = [totals(train)[train.labels == digit] for digit in range(classes)]
    # no image is near to a class without images
    averages = np.array([each.mean() if len(each) else np.inf for each in of_train])
    return lambda split: np.abs(totals(split)[:, None] - averages).argmin(axis=1)


def svm(train: Split, classes: int) -> Classifier:
    """scikit-learn's SVC as its defaults were when the book was written: gamma is 1/784."""
    from sklearn.svm import SVC

    machine = SVC(gamma="auto").fit(train.images / train.scale, train.labels)
    return lambda split: predicted(machine, split.images / split.scale)


def predicted(machine: SVC, x: np.ndarray) -> np.ndarray:
    """As `machine.predict(x)`, for more than two classes, by products of matrices: 5 s in place of 60 for 50,000
    training and 10,000 other images.

    Each pair of classes i < j votes for i where sum_s c_s K(s, x) + intercept is positive, over the support vectors
    s of both classes, with K(s, x) = e^(-gamma |s - x|^2); most votes win, and of equals the first.
    """
    s, classes = machine.support_vectors_, len(machine.classes_)
    of_class = np.repeat(np.arange(classes), machine.n_support_)
    pairs = [*combinations(range(classes), 2)]
    c = np.zeros(
        (len(s), len(pairs))
    )  # dual_coef_[k] is a vector's in its pair with the k-th of the other classes
    for pair, (i, j) in enumerate(pairs):
        c[of_class == i, pair] = machine.dual_coef_[j - 1, of_class == i]
        c[of_class == j, pair] = machine.dual_coef_[i, of_class == j]
    answers = []
    for rows in np.array_split(x, -(-len(x) // ROWS)):
        distances = (rows**2).sum(axis=1)[:, None] + (s**2).sum(axis=1) - 2 * rows @ s.T
        for_first = np.exp(-machine._gamma * distances) @ c + machine.intercept_ > 0
        votes = np.zeros((len(rows), classes))
        for pair, (i, j) in enumerate(pairs):
            votes[:, i] += for_first[:, pair]
            votes[:, j] += ~for_first[:, pair]
        answers.append(machine.classes_[votes.argmax(axis=1)])
    return np.concatenate(answers)


def guess(train: Split, classes: int) -> Classifier:
    """A digit at random for each image, by many guessers."""
    rng = np.random.default_rng(0)
    return lambda split: rng.integers(classes, size=(GUESSERS, len(split)))


METHODS: dict[str, Callable[[Split, int], Classifier]] = {
    "darkness": darkness,
    "svm": svm,
    "guess": guess,
}


def right_answers(method: str, dataset: Dataset, train: Split) -> Record:
    """Right answers on validation and test after training on `train`; of many guessers the mean."""
    classify = METHODS[method](train, dataset.num_classes)
    record: Record = {}
    for name in ("validation", "test"):
        split = getattr(dataset, name)
        right = np.count_nonzero(classify(split) == split.labels, axis=-1)
        record[name] = right.mean() if np.ndim(right) else int(right)
    return record
