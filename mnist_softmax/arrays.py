"""NumPy's npz files: written whole, and read as if anybody might have written them: no pickle, bounded memory."""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from mnist_softmax.files import replacing
from mnist_softmax.reading import Damaged, opened

LARGEST = 1_000_000_000  # bytes of all arrays of a file; MNIST has 55 million
BLOCK = 1 << 20
READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def write_arrays(path: Path, **arrays: Any) -> None:
    """Make named arrays the file `path`, whole or not at all. Raises OSError.

    The archive is made in memory: NumPy before 2.3 shows a traceback where it cannot end one on a full disk.
    """
    content = io.BytesIO()
    np.savez(content, **arrays)  # not compressed: zip would shrink MNIST to a fifth and take four times to load
    with replacing(path) as file:
        file.write(content.getbuffer())


def read_arrays(path: Path, most: int = LARGEST) -> dict[str, np.ndarray]:
    """The arrays of an npz file by their names; members that are no .npy files are passed over.

    Raises OSError where the file cannot be read, and Damaged, which says why, where it is none or not whole.
    """
    with opened(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                members = [each for each in archive.infolist() if each.filename.endswith(".npy")]
                size = sum(each.file_size for each in members)
                if size > most:
                    raise Damaged(f"it unpacks to {size:,} bytes, expected at most {most:,}")
                return {each.filename.removesuffix(".npy"): read_array(archive, each) for each in members}
        except (OSError, MemoryError, Damaged):
            raise
        except Exception as error:  # damaged bytes can fail in any way on their way through zip and zlib
            raise Damaged(" ".join(str(error).split()) or type(error).__name__) from None


def read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    """One array of an npz file. Raises Damaged, and whatever zipfile raises."""
    if member.header_offset < 0:
        raise Damaged(f"{member.filename}: some bytes before it are missing")
    with archive.open(member) as stream:
        shape, fortran_order, dtype = _header(stream, member)
        size = math.prod(shape) * dtype.itemsize
        if dtype.hasobject:
            raise Damaged(f"{member.filename} holds objects of Python, expected numbers or text")
        if min(shape, default=0) < 0 or not 0 <= size <= member.file_size:
            raise Damaged(f"{member.filename}: its header does not suit its {member.file_size:,} bytes")
        content = np.empty(size, np.uint8)
        at = 0
        while at < size and (block := stream.read(min(BLOCK, size - at))):
            content[at : at + len(block)] = np.frombuffer(block, np.uint8)
            at += len(block)
        if at < size or stream.read(1):
            found = f"{at:,}" if at < size else "more"
            raise Damaged(f"{member.filename}: its header promises {size:,} bytes, it has {found}")
    return content.view(dtype).reshape(shape, order="F" if fortran_order else "C")


def _header(stream: IO[bytes], member: zipfile.ZipInfo) -> tuple[tuple[int, ...], bool, np.dtype]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy tells of headers of Python 2
            return READERS[np.lib.format.read_magic(stream)](stream)
    except (OSError, zipfile.BadZipFile):
        raise
    except Exception:  # a header is Python text, and whatever it holds NumPy tries to parse
        raise Damaged(f"{member.filename} is no array, for its header cannot be read") from None
