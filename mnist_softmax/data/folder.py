"""Which files of a folder belong together: their names tell the set, the split, and whether it is images or labels.

The four IDX files have many names: train-images-idx3-ubyte with a dot or a dash, with .gz or without, t10k or test,
and before it emnist-balanced or qmnist. Kaggle's archive unpacks into folders of the same names with the file inside,
torchvision keeps them in MNIST/raw. KMNIST's are four npz files, Kaggle's train.csv and test.csv.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from mnist_softmax.errors import DataError

SPLIT = r"(?P<split>train|t10k|test)"
NAMES = {
    "idx": re.compile(
        rf"(?:(?P<set>.+)[-_])?{SPLIT}[-_.](?P<what>images|labels)[-_.]idx\d[-_.](?:ubyte|int)(?:\.gz)?"
    ),
    "npz": re.compile(rf"(?:(?P<set>.+)[-_])?{SPLIT}[-_](?P<what>images|imgs|labels)\.npz"),
    "csv": re.compile(rf"(?:(?P<set>.+)[-_])?{SPLIT}(?P<what>)\.csv(?:\.gz)?"),
}
FOUR = ("train images", "train labels", "test images", "test labels")
NEEDED = {"idx": FOUR, "npz": FOUR, "csv": ("train",)}
WRITTEN = {"train images": "train-images-idx3-ubyte", "train labels": "train-labels-idx1-ubyte",
           "test images": "t10k-images-idx3-ubyte", "test labels": "t10k-labels-idx1-ubyte"}  # fmt: skip


class FileSet(NamedTuple):
    """Files that belong together: their kind, the name before theirs, their folder, and each by its part."""

    kind: str
    name: str
    folder: Path
    parts: Mapping[str, Path]

    @property
    def missing(self) -> list[str]:
        """The parts that it lacks."""
        return [part for part in NEEDED[self.kind] if part not in self.parts]


def set_in(folder: Path, kind: str) -> FileSet:
    """The whole set in `folder`, in a folder `raw` of it, or in one as torchvision makes it.

    Sets of the `kind` go before others, and files of MNIST's own names before those with a name before them.
    Raises DataError: there is none, it lacks files, or there are several.
    """
    if not os.access(folder, os.R_OK | os.X_OK):
        raise DataError(f"{folder}: cannot be read (permission denied)")
    parts: list[FileSet] = []
    for places in ([folder], [folder / "raw"], sorted(folder.glob("*/raw"))):
        found = [each for place in places for each in _sets(place)]
        found = [each for each in found if each.kind == kind] or found
        whole = [each for each in found if not each.missing]
        whole = [each for each in whole if each.kind == "idx" and not each.name] or whole
        if len(whole) > 1:
            firsts = ", ".join(str(next(iter(each.parts.values()))) for each in whole[:6])
            raise DataError(
                f"{folder}: holds {len(whole)} sets of digits; let data.path name a file of one: {firsts}"
            )
        if whole:
            return whole[0]
        parts += found
    if parts:
        raise _lacks(folder, min(parts, key=lambda each: len(each.missing)))
    raise DataError(
        f"{folder}: has no {', '.join(WRITTEN.values())} (nor .gz); put the four IDX files there, or let data.path "
        "name an npz, csv or pickle file"
    )


def set_of(path: Path) -> FileSet | None:
    """The whole set that the file belongs to, None where it stands alone. Raises DataError: it lacks files."""
    for each in _sets(path.parent, path):
        if path in each.parts.values():
            if each.missing:
                raise _lacks(path.parent, each)
            return each
    return None


def _lacks(folder: Path, found: FileSet) -> DataError:
    ending, after = f".{found.kind}", ""
    if found.kind == "idx":
        ending, after = "", " (nor .gz); put the four IDX files there"
    prefix = f"{found.name}-" if found.name else ""
    names = [
        prefix + (WRITTEN[part] if found.kind == "idx" else part.replace(" ", "-")) + ending
        for part in found.missing
    ]
    return DataError(f"{folder}: has no {', '.join(names)}{after}")


def _sets(folder: Path, named: Path | None = None) -> list[FileSet]:
    """All sets in a folder, whole or not; a plain file goes before a gzipped one, both before one in a folder, and
    before all these the one that is `named`."""
    found: dict[tuple[str, str], dict[str, Path]] = {}
    for path in sorted(_files(folder), key=lambda path: (len(path.parts), path.suffix == ".gz", path.name)):
        for kind, pattern in NAMES.items():
            if match := pattern.fullmatch(path.name.lower()):
                split = "train" if match["split"] == "train" else "test"
                part = f"{split} {match['what'].replace('imgs', 'images')}".strip()
                parts = found.setdefault((kind, match["set"] or ""), {})
                if part not in parts or path == named:
                    parts[part] = path
    return [FileSet(kind, name, folder, parts) for (kind, name), parts in found.items()]


def _files(folder: Path) -> list[Path]:
    """The files of a folder, and those in folders of it that have a file's name, as Kaggle's archive makes them."""
    entries = _entries(folder)
    inside = [
        each for entry in entries if NAMES["idx"].fullmatch(entry.name.lower()) for each in _entries(entry)
    ]
    return [path for path in (*entries, *inside) if not os.path.isdir(path)]


def _entries(folder: Path) -> list[Path]:
    """What is in a folder; nothing where it is no folder, or none that may be listed: its files may still be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
