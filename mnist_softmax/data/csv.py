"""Tables of text as Kaggle gives MNIST out: a row an image, the columns label, pixel0, pixel1, ..., pixel783.

A label may stand in any column, which is called label or class. Files without a line of names have it first, as in
the widespread mnist_train.csv.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from mnist_softmax.data.stored import check_size, opened
from mnist_softmax.errors import DataError

LABELS = ("label", "class")
BOM = b"\xef\xbb\xbf"  # with which Excel begins a file
PIXEL = re.compile(r"pixel(\d{1,9})")
BLOCK = 4_000_000  # characters that are read at once
LONGEST = 1_000_000  # characters of a line: 784 pixels take 3,000
MOST_ROWS = 2_000_000  # the largest set like MNIST, EMNIST's, has 814,255


def is_csv(head: bytes) -> bool:
    """Whether a file that begins so is a table: a line of names, with commas, or a row of numbers, right or wrong."""
    line = head.removeprefix(BOM).split(b"\n")[0].strip()
    if re.match(rb"\d+,\d+,", line):
        return True
    return b"," in line and re.fullmatch(rb"""[\w\s,."'()\[\]-]+""", line) is not None


def read_csv(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Images (n, width), and labels (n,) where there is such a column; all uint8.

    Raises DataError: no column of pixels, one of them missing, no rows, or a row that is not as many bytes.
    """
    with opened(path) as file:
        check_size(path, path.stat().st_size)
        names, first = _names(path, file)
        labels = [k for k, name in enumerate(names) if name in LABELS]
        pixels = [k for k in range(len(names)) if k not in labels]
        named = any(PIXEL.fullmatch(name) for name in names)
        if len(labels) > 1 or not pixels or not (labels or named):
            raise DataError(f"{path}: expected the columns label, pixel0, pixel1, ..., found {_listed(names)}")
        _check_pixels(path, [names[k] for k in pixels])
        table = np.concatenate(list(_blocks(path, file, first, len(names))))
    if not len(table):
        raise DataError(f"{path}: holds no images: its line of column names is all there is")
    return np.ascontiguousarray(table[:, pixels]), table[:, labels[0]] if labels else None


def _names(path: Path, file: IO[bytes]) -> tuple[list[str], list[bytes]]:
    """The columns' names, and the first row where it stands in the place of names: it begins with numbers."""
    line = file.readline(LONGEST).removeprefix(BOM)
    words = [word.strip(" \t\r\n\"'").lower() for word in line.decode("utf-8", errors="replace").split(",")]
    if not all(re.fullmatch(r"\d+", word) for word in words[:2]) or any(word in LABELS for word in words):
        return words, []
    n = len(words)
    labels = [] if math.isqrt(n) ** 2 == n else ["label"]  # 785 numbers are a label and an image, 784 an image
    return labels + [f"pixel{k}" for k in range(n - len(labels))], [line]


def _check_pixels(path: Path, names: list[str]) -> None:
    """Raises DataError where the pixels' names have a gap; other names are taken in their order."""
    numbers = [int(found[1]) for name in names if (found := PIXEL.fullmatch(name))]
    if len(numbers) not in (0, len(names)):
        odd = next(name for name in names if not PIXEL.fullmatch(name))
        raise DataError(f"{path}: column {odd[:40]!r} is neither a pixel nor {' or '.join(LABELS)}")
    for k, number in enumerate(numbers):
        if number != numbers[0] + k:
            raise DataError(f"{path}: lacks column pixel{numbers[0] + k}; found pixel{number} in its place")


def _blocks(path: Path, file: IO[bytes], first: list[bytes], width: int) -> Iterator[np.ndarray]:
    """The rows as bytes (some, width). No more is read than `check_size` allows, whatever a gzip file holds."""
    lines, size, number, read = first, 0, 2 - len(first), 0
    while line := file.readline(LONGEST):
        if len(line) == LONGEST:
            raise DataError(f"{path}: line {number + len(lines)} is longer than {LONGEST:,} characters")
        lines.append(line)
        size += len(line)
        if size > BLOCK:
            read, size = read + size, 0
            check_size(path, read)
            yield _parsed(path, lines, number, width)
            number += len(lines)
            lines = []
            if number > MOST_ROWS:
                raise DataError(f"{path}: has more than {MOST_ROWS:,} rows; take a part of them")
    yield _parsed(path, lines, number, width)


def _parsed(path: Path, lines: list[bytes], number: int, width: int) -> np.ndarray:
    rows = [line for line in lines if line.strip()]
    if not rows:
        return np.empty((0, width), np.uint8)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)  # a NumPy that warns takes 256 for 0
            block = np.loadtxt(rows, delimiter=",", dtype=np.uint8, ndmin=2, comments=None, encoding="latin1")
        if block.shape[1] == width:
            return block
    except ValueError:
        pass
    for k, line in enumerate(lines):  # which row it is that cannot be read
        cells = [cell.strip() for cell in line.decode("latin1").split(",")]
        if not line.strip():
            continue
        if len(cells) != width:
            raise DataError(f"{path}: line {number + k} has {len(cells)} columns, expected {width}")
        for cell in cells:
            if not re.fullmatch(r"\d{1,3}", cell) or int(cell) > 255:
                raise DataError(
                    f"{path}: line {number + k} holds {cell[:20]!r}, expected whole numbers from 0 to 255"
                )
    raise DataError(f"{path}: lines {number} to {number + len(lines) - 1} are no table of whole numbers")


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name[:20]) for name in names[:3]) + (", ..." if len(names) > 3 else "")
