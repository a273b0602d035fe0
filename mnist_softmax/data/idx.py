"""IDX files, the form in which MNIST was first given out, and in which Fashion-MNIST, EMNIST and others followed.

A file is two zeros, a byte for the type of the numbers and one for how many axes there are, the lengths of the axes,
each four bytes with the highest first, and then the numbers.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np

from mnist_softmax.data.stored import check_size, opened, read
from mnist_softmax.errors import DataError

TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
IMAGES, LABELS = "images", "labels"


def is_idx(head: bytes) -> bool:
    """Whether a file that begins so is IDX."""
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in TYPES and 1 <= head[3] <= 4


def read_images(path: Path, transposed: bool = False) -> np.ndarray:
    """Images (n, rows, columns); `transposed` ones, as EMNIST's, are turned upright. Raises DataError."""
    images = _read(path, IMAGES, (3,))
    return np.ascontiguousarray(images.transpose(0, 2, 1)) if transposed else images


def read_labels(path: Path) -> np.ndarray:
    """Labels (n,), or as they are; of QMNIST's eight columns the first, which is the digit. Raises DataError."""
    labels = _read(path, LABELS, (1, 2))
    return labels[:, 0] if labels.shape[1:] == (8,) else labels


def _read(path: Path, what: str, axes: tuple[int, ...]) -> np.ndarray:
    with opened(path) as file:
        magic = file.read(4)
        if len(magic) == 4 and not is_idx(magic):
            raise DataError(f"{path}: begins with {magic!r}, as no IDX file does; expected IDX {what}")
        number = magic[3] if len(magic) == 4 else axes[0]
        if number not in axes:
            raise DataError(f"{path}: is IDX of {number} axes; expected {what}, which have {axes[0]}")
        lengths = file.read(4 * number)
        if len(lengths) < 4 * number:
            expected, found = 4 + 4 * number, len(magic) + len(lengths)
            raise DataError(f"{path}: expected at least {expected} bytes, found {found}; fetch the file again")
        dtype = np.dtype(TYPES[magic[2]])
        shape = struct.unpack(f">{number}I", lengths)
        if 0 in shape:  # NumPy makes no array of it where the other lengths are huge
            raise DataError(f"{path}: holds no {what} (shape {shape})")
        size = math.prod(shape) * dtype.itemsize
        check_size(path, size)
        content = read(file, size + 1)  # one more than is promised shows a file that goes on
    if len(content) != size:
        expected, found = (4 + 4 * number + each for each in (size, len(content)))
        raise DataError(
            f"{path}: expected {expected:,} bytes, found {'more' if found > expected else f'{found:,}'}; "
            "fetch the file again"
        )
    return np.frombuffer(content, dtype).reshape(shape)
