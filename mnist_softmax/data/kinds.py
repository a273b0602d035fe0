"""What kind of file it is, told by its first bytes, not by its name; and what to do with kinds that are not read."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from mnist_softmax.data import csv, idx, npz, pickled
from mnist_softmax.data.stored import head
from mnist_softmax.errors import DataError

Kind = Literal["idx", "npz", "csv", "pickle"]

SAVEZ = "write images and labels with numpy.savez as x_train, y_train, x_test, y_test, and set data.source=npz"
# First bytes of formats that are near to ours, what they are, and what to do with them.
OTHERS = (
    (b"\x93NUMPY", "one NumPy array", SAVEZ),
    (b"\x89HDF\r\n", "an HDF5 file", f"read it with h5py, {SAVEZ}"),
    (b"MATLAB 5.0", "a MATLAB file", f"read it with scipy.io.loadmat, {SAVEZ}"),
    (b"PAR1", "a Parquet file", f"read it with pandas, {SAVEZ}"),
    (b"@relation", "an ARFF file", "set data.source=openml, which has the data by name"),
    (b"\xfd7zXZ", "packed with xz", "unpack it with: xz -d"),
    (b"BZh", "packed with bzip2", "unpack it with: bunzip2"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it, and name the folder"),
    (b"Rar!", "a RAR archive", "unpack it, and name the folder"),
    (b"<", "a web page, not data", "the address that it came from gives no file"),
    (b"version https://git-lfs", "a note of Git LFS in place of the file", "fetch the file with: git lfs pull"),
)


def kind_of(path: Path) -> Kind | None:
    """The kind of a file, None where it is none that is read. Raises DataError where it cannot be opened."""
    start = head(path)
    if start.startswith(b"PK\x03\x04"):
        return "npz" if npz.names(path) else None
    kinds: tuple[tuple[Kind, bool], ...] = (
        ("idx", idx.is_idx(start)),
        ("pickle", pickled.is_pickle(start)),
        ("csv", csv.is_csv(start)),
    )
    return next((kind for kind, fits in kinds if fits), None)


def unknown(path: Path) -> DataError:
    """The fault that says what a file of no kind of ours is, and what to do with it."""
    start = head(path)
    if not start:
        return DataError(f"{path}: is empty; fetch the file again")
    if start.startswith(b"PK\x03\x04"):
        return DataError(
            f"{path}: is a zip archive without arrays of NumPy; unpack it, and name the file or folder"
        )
    if start.startswith(b"PK"):
        return DataError(f"{path}: is a damaged npz file (it begins with {start[:8]!r}); fetch the file again")
    if start[257:262] == b"ustar":
        return DataError(f"{path}: is a tar archive; unpack it with tar -xf, and name the folder")
    for first, what, remedy in OTHERS:
        if start[:40].lower().startswith(first.lower()):
            return DataError(f"{path}: is {what}; {remedy}")
    return DataError(
        f"{path}: is not IDX, npz, csv or a pickle of arrays (it begins with {start[:8]!r}); {SAVEZ}"
    )
