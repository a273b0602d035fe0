"""Digits parsed once and kept: reading them back takes a twentieth of a second instead of four seconds.

A cache is a speed-up and never a reason to fail. A damaged one is read past and replaced, one that cannot be
written is done without, and either way the user is warned.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mnist_softmax.arrays import read_arrays, write_arrays
from mnist_softmax.data.dataset import Split, sha256
from mnist_softmax.files import remove_left_overs
from mnist_softmax.reading import Damaged


def data_home() -> Path:
    """scikit-learn's data home, by its own rule: $SCIKIT_LEARN_DATA, else ~/scikit_learn_data."""
    return Path(
        os.path.abspath(os.path.expanduser(os.environ.get("SCIKIT_LEARN_DATA") or "~/scikit_learn_data"))
    )


def cache_path(name: str) -> Path:
    """The file that holds the parsed digits of the source `name`."""
    return data_home() / "mnist_softmax" / f"{name}.npz"


def cached(
    name: str, shape: tuple[int, int], parse: Callable[[], Split], warnings: list[str]
) -> tuple[Split, str, Path | None]:
    """The digits of source `name`, images of the given shape, their sha256, and the file they now lie in.

    They come from the cache, or else from `parse`, whose answer is then cached; the file is None where it
    cannot be. What went wrong with the cache is appended to `warnings`; only what `parse` raises is raised.
    """
    path = cache_path(name)
    remove_left_overs(path)
    try:
        return *_read(path, shape), path
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, Damaged) as error:
        warnings.append(f"{path}: unusable cache ({reason(error)}), so the digits are parsed again")
    digits = parse()
    checksum = sha256(digits)
    try:
        _write(path, digits, checksum)
    except (OSError, ValueError) as error:  # zipfile, out of disk, may close with a ValueError
        warnings.append(
            f"{path}: cannot be written ({reason(error)}), so every run parses the digits again; "
            "point SCIKIT_LEARN_DATA at a folder that can be written"
        )
        return digits, checksum, None
    return digits, checksum, path


def reason(error: Exception) -> str:
    """An exception as one short line; what our own readers say needs no name of a class."""
    if isinstance(error, Damaged):
        return str(error)
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ": ".join([type(error).__name__, *text.strip().splitlines()[:1]])


def _read(path: Path, shape: tuple[int, int]) -> tuple[Split, str]:
    stored = read_arrays(path)
    if missing := {"images", "labels", "sha256"} - stored.keys():
        raise Damaged(f"it lacks {', '.join(sorted(missing))}")
    digits, recorded = Split(stored["images"], stored["labels"]), str(stored["sha256"])
    for array, expected in ((digits.images, shape), (digits.labels, shape[:1])):
        if array.shape != expected or array.dtype != np.uint8:
            raise Damaged(f"expected {expected} bytes, found {array.shape} of {array.dtype}")
    if sha256(digits) != recorded:
        raise Damaged("its sha256 is not the recorded one")
    return digits, recorded


def _write(path: Path, digits: Split, checksum: str) -> None:
    """Whole or not at all, also when two processes write at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_arrays(path, images=digits.images, labels=digits.labels, sha256=np.array(checksum))
