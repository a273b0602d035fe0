"""A file's bytes, plain or gzipped, and never more of them than was agreed on.

A few MB of gzip can hold gigabytes of nothing, and a device has no end. So readers ask for as much as a header
promises, devices and pipes are refused, and gzip is told by its first bytes, not by the file's name.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from mnist_softmax.data.cache import reason
from mnist_softmax.errors import DataError

LARGEST = 1_000_000_000  # bytes that a file may unpack to; the largest set like MNIST, EMNIST's, has 640 MB
PIECE = 2**24  # bytes
GZIP = b"\x1f\x8b"


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, unpacked where it is gzipped.

    Raises DataError, also for what goes wrong while it is read: no such file, no file at all, damaged, too little
    memory.
    """
    check_file(path)
    try:
        with open(path, "rb") as file:
            zipped = file.read(len(GZIP)) == GZIP
            file.seek(0)
            yield cast(IO[bytes], gzip.GzipFile(fileobj=file)) if zipped else file
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path}: not a whole gzip file ({reason(error)}); fetch the file again") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({reason(error)})") from None
    except MemoryError:
        raise DataError(f"{path}: cannot be read: not enough memory; close other programs") from None


def check_file(path: Path) -> None:
    """Raises DataError: nothing is there, or something other than a file."""
    if os.path.isfile(path):
        return
    if os.path.isdir(path):
        raise DataError(f"{path}: is a folder, not a file")
    there = os.path.exists(path)
    raise DataError(f"{path}: {'is a device or a pipe, not a file' if there else 'no such file'}")


def check_size(path: Path, size: int) -> None:
    """Raises DataError where `size` bytes, which `path` holds or promises, are more than are read."""
    if size > LARGEST:
        raise DataError(
            f"{path}: would be {size / 1e9:,.1f} GB; at most {LARGEST / 1e9:g} GB are read: take a part of it, or "
            "fetch the file again if it is not so large"
        )


def read(file: IO[bytes], size: int) -> bytearray:
    """Up to `size` bytes. In pieces, for Python makes room for all that is asked for, be it there or not."""
    content = bytearray()
    while len(content) < size and (piece := file.read(min(size - len(content), PIECE))):
        content += piece
    return content


def head(path: Path, size: int = 4096) -> bytes:
    """The first bytes, unpacked. Raises DataError like `opened`."""
    with opened(path) as file:
        return file.read(size)
