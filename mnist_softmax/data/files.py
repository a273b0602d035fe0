"""Digits out of files that a user has: the one place that knows all formats. It says what it recognised."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnist_softmax.data import csv, idx, npz, pickled
from mnist_softmax.data.checks import checked_split
from mnist_softmax.data.dataset import Split
from mnist_softmax.data.folder import FileSet, set_in, set_of
from mnist_softmax.data.kinds import kind_of, unknown
from mnist_softmax.errors import DataError

TURNED = "stored transposed and turned upright"


class Found(NamedTuple):
    """What files hold: splits (None where there is none), their kind, and in words what was recognised."""

    train: Split
    validation: Split | None
    test: Split | None
    kind: str
    recognised: str


def read_files(path: Path, source: str) -> Found:
    """The digits at `path`, a file or a folder: IDX, npz, csv or a pickle, whatever its name.

    `source` is the kind that is expected, or auto. Raises DataError: there is nothing, it is of another kind or none,
    or is not images and labels.
    """
    if os.path.isdir(path):
        files = set_in(path, source)
        kind = _expected(path, files.kind, source)
    else:
        kind = _expected(path, kind_of(path), source)
        files = set_of(path) or FileSet("", "", path.parent, {})
    if files.kind == kind:
        return {"idx": _idx, "npz": _four_npz, "csv": _csv}[kind](files)
    if kind == "idx":
        raise DataError(
            f"{path}: is one IDX file of four; name all four as MNIST's are: train-images-idx3-ubyte, ..."
        )
    if kind == "csv":
        return _csv(FileSet("csv", "", path.parent, {"train": path}))
    arrays = npz.read_npz(path) if kind == "npz" else pickled.read_pickle(path)
    found = npz.splits_of(path, arrays)
    return Found(*found, kind, f"{'npz' if kind == 'npz' else 'a pickle'} of {npz.listed(arrays)}")


def load_images(path: str | Path) -> np.ndarray:
    """The images (n, width) of one file, as they are stored: IDX, npz (those of test, or the only ones), or csv.

    Raises DataError: no such file, of none of these kinds, damaged, or not images.
    """
    path = Path(path)
    kind = kind_of(path)
    match kind:
        case "idx":
            images = idx.read_images(path, _is_transposed(path))
        case "csv":
            images = _upright(csv.read_csv(path)[0], path)
        case "npz":
            images = npz.images_of(path, npz.read_npz(path))
        case "pickle":
            images = npz.images_of(path, pickled.read_pickle(path))
        case _:
            raise unknown(path)
    return checked_split(images, np.zeros(len(images), np.uint8), str(path), str(path)).images


def is_data(path: Path) -> bool:
    """Whether there is a file of a kind that `load_images` reads."""
    return os.path.isfile(path) and kind_of(path) is not None


def _expected(path: Path, kind: str | None, source: str) -> str:
    if kind is None:
        raise unknown(path)
    if source not in ("auto", kind):
        raise DataError(f"{path}: is {kind}, not {source}; set data.source={kind}")
    return kind


def _idx(files: FileSet) -> Found:
    transposed = _is_transposed(files.parts["train images"])

    def split(name: str) -> Split:
        images, labels = files.parts[f"{name} images"], files.parts[f"{name} labels"]
        return checked_split(
            idx.read_images(images, transposed), idx.read_labels(labels), str(images), str(labels)
        )

    return Found(split("train"), None, split("test"), "idx", _words(files, "IDX", TURNED if transposed else ""))


def _four_npz(files: FileSet) -> Found:
    def array(part: str) -> np.ndarray:
        path = files.parts[part]
        arrays = npz.read_npz(path)
        if len(arrays) != 1:
            raise DataError(f"{path}: expected one array, found {npz.listed(arrays)}")
        return next(iter(arrays.values()))

    def split(name: str) -> Split:
        images, labels = f"{name} images", f"{name} labels"
        return checked_split(array(images), array(labels), str(files.parts[images]), str(files.parts[labels]))

    return Found(split("train"), None, split("test"), "npz", _words(files, "four npz files"))


def _csv(files: FileSet) -> Found:
    splits: dict[str, Split] = {}
    for part, path in files.parts.items():
        images, labels = csv.read_csv(path)
        if labels is not None:
            splits[part] = checked_split(_upright(images, path), labels, str(path), str(path))
        elif part == "train":
            raise DataError(f"{path}: has no column label, so nothing can be learned from it")
    tested = "" if "test" in splits else "without labelled test images: the last sixth is the test split"
    transposed = TURNED if _is_transposed(files.parts["train"]) else ""
    said = _words(files, ", ".join(path.name for path in files.parts.values()), tested, transposed)
    return Found(splits["train"], None, splits.get("test"), "csv", said)


def _is_transposed(path: Path) -> bool:
    """EMNIST's files hold columns where others hold rows; only their names tell."""
    return "emnist" in path.name.lower()


def _upright(images: np.ndarray, path: Path) -> np.ndarray:
    side = math.isqrt(images.shape[1])
    if not _is_transposed(path) or side * side != images.shape[1]:
        return images
    return images.reshape(-1, side, side).transpose(0, 2, 1)


def _words(files: FileSet, *more: str) -> str:
    called = (
        re.sub("[ekq]mnist", lambda found: found[0].upper(), files.name).replace("-", " ").replace("_", " ")
    )
    return ", ".join(filter(None, [called, *more]))
