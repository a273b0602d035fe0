"""NumPy's npz files: all splits in one, as Keras' mnist.npz and MedMNIST's are, or an array a file, as KMNIST's.

Arrays are known by the words in their names: x_train, train_images and train_img are one thing, and so are y_test and
test_labels. Arrays of validation are used where they are there.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from mnist_softmax.arrays import read_array
from mnist_softmax.data.cache import reason
from mnist_softmax.data.checks import checked_split
from mnist_softmax.data.dataset import Split
from mnist_softmax.data.stored import check_file, check_size
from mnist_softmax.errors import DataError

ALONE = "arr_0"  # what numpy.savez calls an array that was given no name
WORDS = {
    "x": ("x", "images", "image", "imgs", "img"),
    "y": ("y", "labels", "label"),
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val"),
    "test": ("test",),
}


def canonical(name: str) -> str:
    """A name of an array as Keras would have it, x_train for train_images; another name as it is."""
    words = [
        next((key for key in WORDS if word in WORDS[key]), word) for word in re.split(r"[_\-]", name.lower())
    ]
    axis = [word for word in words if word in "xy"]
    split = [word for word in words if word in ("train", "validation", "test")]
    return f"{axis[0]}_{split[0]}" if len(words) == 2 and axis and split else name


def splits_of(path: Path, arrays: Mapping[str, np.ndarray]) -> tuple[Split, Split | None, Split]:
    """Training, validation (None where there is none) and test images out of the named arrays of a file.

    Images are (n, width) or (n, rows, columns), labels (n,) or (n, 1). Raises DataError: arrays are missing, or are
    not images and labels.
    """
    found = _by_canonical(path, arrays)
    _check_names(path, found, arrays)

    def split(name: str) -> Split:
        x, y = found[f"x_{name}"], found[f"y_{name}"]
        return checked_split(arrays[x], arrays[y], f"{path}: {x}", f"{path}: {y}")

    return split("train"), split("validation") if "x_validation" in found else None, split("test")


def images_of(path: Path, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """The images of a file that are to be answered: those of the test split, or the only ones. Raises DataError."""
    found = _by_canonical(path, arrays)
    those = [arrays[found["x_test"]]] if "x_test" in found else [*arrays.values()]
    alone = [array for array in those if array.ndim > 1]
    if len(alone) != 1:
        raise DataError(f"{path}: expected the array x_test, or one array of images, found {listed(arrays)}")
    return alone[0]


def names(path: Path) -> list[str]:
    """The names of the arrays of an npz file. Raises DataError: no such file, a foreign or damaged one."""
    check_file(path)
    try:
        with zipfile.ZipFile(path) as file:
            check_size(path, sum(member.file_size for member in file.infolist()))
            return [member.removesuffix(".npy") for member in file.namelist() if member.endswith(".npy")]
    # zipfile calls a zip of a later version than it knows a NotImplementedError
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise DataError(
            f"{path}: not an npz file, or not a whole one ({reason(error)}); write it with numpy.savez"
        ) from None


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an npz file: those that are of a split, or all where none is.

    Raises DataError like `names`, and where an array cannot be read.
    """
    arrays: dict[str, np.ndarray] = {}
    every = names(path)
    wanted = [name for name in every if canonical(name)[1:] in ("_train", "_validation", "_test")] or every
    name = "its list of arrays"
    try:
        with zipfile.ZipFile(path) as file:
            for name in wanted:
                arrays[name] = read_array(file, file.getinfo(f"{name}.npy"))
    except Exception as error:  # damaged bytes can fail in any way on their way through zip and NumPy
        raise DataError(
            f"{path}: {_shown(name)} cannot be read ({reason(error)[:200]}); fetch the file again, or write it with "
            "numpy.savez"
        ) from None
    return arrays


def _by_canonical(path: Path, arrays: Collection[str]) -> dict[str, str]:
    """The names of arrays by their canonical ones. Raises DataError where two are one."""
    found: dict[str, str] = {}
    for name in arrays:
        first = found.setdefault(canonical(name), name)
        if first != name:
            raise DataError(f"{path}: {_shown(first)} and {_shown(name)} name one thing; leave one of them out")
    return found


def _check_names(path: Path, found: Mapping[str, str], arrays: Collection[str]) -> None:
    has_validation = "x_validation" in found or "y_validation" in found
    splits = ["train", "validation", "test"] if has_validation else ["train", "test"]
    needed = [f"{axis}_{split}" for split in splits for axis in "xy"]
    if missing := [name for name in needed if name not in found]:
        raise DataError(
            f"{path}: lacks {', '.join(missing)}; expected the arrays {', '.join(needed)}, found {listed(arrays)}"
        )


def listed(arrays: Collection[str]) -> str:
    """Names of arrays for a line of text, whatever stands in them."""
    return ", ".join(_shown(name) for name in [*arrays][:12]) or "none"


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name[:40])
