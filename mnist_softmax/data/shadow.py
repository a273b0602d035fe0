"""scikit-learn's data home in a form that it may spoil: where it cannot parse a file, it deletes it.

A parse fails also where memory or a disk is short, and where nothing can be fetched again the digits are then gone.
So scikit-learn is given links to the files, and what it fetches is put beside them when all has gone well.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from mnist_softmax.data.cache import reason
from mnist_softmax.files import replacing, scratch_folder

# The digits, as scikit-learn names them since version 1.7, and before.
NAMES = ("data/v1/download/52667/mnist_784.arff.gz", "data/v1/download/52667.gz")


class Spoiled(Exception):
    """A file of the data home that scikit-learn would have deleted: which, and for what."""


@contextmanager
def shadow(home: Path) -> Iterator[Path]:
    """A folder with links to all that the data home `home` has of OpenML.

    What is in it besides, when all has gone well, goes into `home`, as far as that can be written.
    Raises Spoiled for whatever went wrong with a file; it is left as it is.
    """
    with scratch_folder("mnist-softmax-") as folder:
        links = _link_all(home / "openml", folder / "openml")
        try:
            yield folder
        except Exception as error:
            spoiled = [file for link, file in links.items() if not link.exists()]
            cause = _first_cause(error)
            if spoiled and not isinstance(cause, URLError):
                raise Spoiled(
                    f"{spoiled[0]}: cannot be parsed ({reason(cause)}); it was left as it is, and could not be "
                    f"fetched again ({reason(error)})"
                ) from error
            raise
        with contextlib.suppress(OSError):
            _bring_home(folder / "openml", home / "openml")


def _link_all(home: Path, folder: Path) -> dict[Path, Path]:
    """A link for each file, and one more where the digits have only another version's name."""
    links = {folder / file.relative_to(home): file for file in home.rglob("*.gz") if file.is_file()}
    for site in [*home.glob("*")]:
        known = [site / name for name in NAMES if (site / name).is_file()]
        links |= {folder / site.name / name: known[0] for name in NAMES if known and site / name not in known}
    for link, file in links.items():
        link.parent.mkdir(parents=True, exist_ok=True)
        try:
            link.symlink_to(file)
        except OSError:  # a system without links for everybody
            shutil.copyfile(file, link)
    return links


def _bring_home(folder: Path, home: Path) -> None:
    for file in folder.rglob("*.gz"):
        place = home / file.relative_to(folder)
        if not file.is_symlink() and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            with replacing(place) as copy, file.open("rb") as content:
                shutil.copyfileobj(content, copy)


def _first_cause(error: BaseException) -> Exception:
    """What went wrong first, before scikit-learn tried again."""
    while error.__context__ is not None and isinstance(error.__context__, Exception):
        error = error.__context__
    return error if isinstance(error, Exception) else Exception(str(error))
