"""IDX files, the form in which MNIST was first given out, and in which Fashion-MNIST and others followed.

A file is a magic number, the lengths of its axes, each four bytes with the highest first, and then bytes.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from pathlib import Path

import numpy as np

from mnist_softmax.data.cache import reason
from mnist_softmax.data.checks import checked_split
from mnist_softmax.data.dataset import Split
from mnist_softmax.errors import DataError

FILES = {"train-images": 3, "train-labels": 1, "t10k-images": 3, "t10k-labels": 1}  # and their number of axes


def read_directory(directory: Path) -> tuple[Split, Split]:
    """Training and test images from the four files of `directory`, each plain or gzipped.

    Raises DataError: a file is missing, truncated, foreign, or does not go with its partner.
    """
    if not os.path.isdir(directory):
        wrong = "is not a directory" if os.path.exists(directory) else "no such directory"
        raise DataError(f"{directory}: {wrong}; data.path names the directory of the IDX files")
    found = {stem: _find(directory, stem, axes) for stem, axes in FILES.items()}
    if missing := [f"{stem}-idx{FILES[stem]}-ubyte" for stem, path in found.items() if path is None]:
        raise DataError(f"{directory}: has no {', '.join(missing)} (nor .gz); put the four IDX files there")
    paths = {stem: path for stem, path in found.items() if path is not None}

    def read_split(name: str) -> Split:
        images, labels = paths[f"{name}-images"], paths[f"{name}-labels"]
        return checked_split(read_idx(images, 3), read_idx(labels, 1), str(images), str(labels))

    return read_split("train"), read_split("t10k")


def read_idx(path: Path, axes: int) -> np.ndarray:
    """The bytes of one IDX file as a uint8 array with that many axes. Raises DataError."""
    content = _content(path)
    header = 4 + 4 * axes
    if len(content) < header:
        raise DataError(f"{path}: expected at least {header} bytes, found {len(content)}; fetch the file again")
    magic, *shape = struct.unpack(f">{1 + axes}I", content[:header])
    if magic != 0x800 + axes:  # 8 stands for unsigned bytes, the last byte for the number of axes
        kind = "images" if axes == 3 else "labels"
        raise DataError(
            f"{path}: begins with the number {magic}, expected {0x800 + axes}, as IDX {kind} do; "
            "fetch the file again"
        )
    expected = header + math.prod(shape)
    if len(content) != expected:
        raise DataError(f"{path}: expected {expected:,} bytes, found {len(content):,}; fetch the file again")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _find(directory: Path, stem: str, axes: int) -> Path | None:
    for joint in "-.":
        for ending in ("", ".gz"):
            path = directory / f"{stem}{joint}idx{axes}-ubyte{ending}"
            if os.path.exists(path):
                return path
    return None


def _content(path: Path) -> bytes:
    try:
        if path.suffix != ".gz":
            return path.read_bytes()
        with gzip.open(path) as file:
            return file.read()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path}: not a whole gzip file ({reason(error)}); fetch the file again") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({reason(error)})") from None
