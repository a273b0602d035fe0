"""One NumPy file with all the digits, named as in Keras' mnist.npz: x_train, y_train, x_test, y_test.

Two more arrays, x_validation and y_validation, are used where they are there.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mnist_softmax.data.cache import reason
from mnist_softmax.data.checks import checked_split
from mnist_softmax.data.dataset import Split
from mnist_softmax.errors import DataError


def read_npz(path: Path) -> tuple[Split, Split | None, Split]:
    """Training, validation (None where the file has none) and test images of the file.

    Images are (n, width) or (n, rows, columns), labels (n,). Raises DataError: no such file, a foreign or
    damaged one, arrays missing, or arrays that are not images and labels.
    """
    arrays = _arrays(path)

    def split(name: str) -> Split:
        x, y = f"x_{name}", f"y_{name}"
        return checked_split(arrays[x], arrays[y], f"{path}: {x}", f"{path}: {y}")

    return split("train"), split("validation") if "x_validation" in arrays else None, split("test")


def _arrays(path: Path) -> dict[str, np.ndarray]:
    if not os.path.isfile(path):
        wrong = "is not a file" if os.path.exists(path) else "no such file"
        raise DataError(f"{path}: {wrong}; data.path names an npz file")
    if not zipfile.is_zipfile(path):  # NumPy would take it for a pickle, and say so
        raise DataError(f"{path}: not an npz file, or not a whole one; write it with numpy.savez")
    try:
        with np.load(path, allow_pickle=False) as file:  # a pickle could run any code
            return {name: _array(file, name, path) for name in _needed(file.files, path)}
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: cannot be read ({reason(error)})") from None


def _needed(found: list[str], path: Path) -> list[str]:
    has_validation = "x_validation" in found or "y_validation" in found
    splits = ["train", "validation", "test"] if has_validation else ["train", "test"]
    needed = [f"{axis}_{split}" for split in splits for axis in "xy"]
    if missing := [name for name in needed if name not in found]:
        raise DataError(
            f"{path}: lacks {', '.join(missing)}; expected the arrays {', '.join(needed)}, "
            f"found {', '.join(found) or 'none'}"
        )
    return needed


def _array(file: Mapping[str, np.ndarray], name: str, path: Path) -> np.ndarray:
    try:
        return file[name]
    except Exception as error:  # damaged bytes can fail in any way on their way through zip and NumPy
        raise DataError(f"{path}: {name} cannot be read ({reason(error)})") from None
