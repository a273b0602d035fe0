"""Files that are replaced whole, and the plain content that lies in them."""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from mnist_softmax import locks
from mnist_softmax.reading import opened

WRITING = ".writing"  # how the name of a file ends that is not whole yet: none that a user would choose
BEGUN = 1  # seconds within which a new folder is locked by its process
FORGOTTEN = 3600  # seconds after which nobody writes to a file any more, where no lock can tell


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write into that becomes `path` when all of it is on disk; on any fault `path` is as it was.

    What writers of `path` left half written when they were killed is removed.
    """
    remove_left_overs(path)
    descriptor, temporary = _new_beside(path)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            sync(descriptor)
            with suppress(OSError):  # some disks know no rights
                os.chmod(temporary, 0o666 & ~_umask())  # mkstemp makes files that only their owner reads
            if os.name != "nt":
                os.replace(temporary, path)
        if os.name == "nt":  # where an open file cannot be renamed
            os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):  # the fault of before is the one to tell
            temporary.unlink(missing_ok=True)
        raise


def _new_beside(path: Path) -> tuple[int, Path]:
    """A new file, locked as long as it is open, so that nobody takes it for a left-over."""
    while True:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=WRITING)
        if locks.take(descriptor) is not False and os.path.exists(name):
            return descriptor, Path(name)
        os.close(descriptor)  # somebody has, before it was locked


def sync(descriptor: int) -> None:
    """Wait until an open file is on disk, where the disk can tell. Raises OSError where writing fails."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno in (errno.EIO, errno.ENOSPC, errno.EDQUOT):
            raise


def remove_left_overs(path: Path) -> None:
    """Remove what was to become `path` when its writer was killed; what is still written to stays."""
    left_over = re.compile(re.escape(f".{path.name}.") + "[a-z0-9_]{8}" + re.escape(WRITING))
    with suppress(OSError):
        for name in os.listdir(path.parent):
            if left_over.fullmatch(name):
                _remove_unless_in_use(path.parent / name)


def _remove_unless_in_use(path: Path) -> None:
    with suppress(OSError), opened(path) as file:
        free = locks.take(file.fileno())
        if free or (free is None and time.time() - os.fstat(file.fileno()).st_mtime > FORGOTTEN):
            path.unlink()


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """A temporary folder, gone afterwards; with it go those of the prefix whose processes were killed."""
    for old in Path(tempfile.gettempdir()).glob(f"{prefix}????????"):
        with suppress(OSError), opened(old / ".in-use") as file:
            if time.time() - os.fstat(file.fileno()).st_mtime > BEGUN and locks.take(file.fileno()):
                shutil.rmtree(old)
    with (
        tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name,
        open(Path(name) / ".in-use", "wb") as file,
    ):
        locks.take(file.fileno())
        yield Path(name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_whole(path: Path, content: bytes | str) -> None:
    """Make `content` the file `path`, in a folder made if need be, whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        # a name that is no Unicode comes as lone surrogates; JSON, YAML and readers know the form \\udcff
        file.write(content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content)


def is_name(name: str) -> bool:
    """Whether a folder may be called so, and a config: with bytes that are no UTF-8, without unseen characters."""
    seen = name.encode("utf-8", "backslashreplace").decode("utf-8")
    return name not in ("", ".", "..") and "/" not in name and os.sep not in name and seen.isprintable()


def flat(content: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as one, with dotted keys."""
    result: dict[str, Any] = {}
    for key, value in content.items():
        result |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return result
