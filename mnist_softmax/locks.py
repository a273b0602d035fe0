"""Locks of files: the system's, which end with their process, and where a disk knows none, a file that is there.

A lock file says which process holds it, so that whoever is refused knows for whom to wait.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mnist_softmax.errors import RunDirectoryError

if sys.platform == "win32":
    import msvcrt

    def _ask(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # far behind what is written, which others may read
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    REFUSED: tuple[type[OSError], ...] = (PermissionError,)
else:
    import fcntl

    def _ask(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    REFUSED = (BlockingIOError,)


def take(descriptor: int) -> bool | None:
    """Lock an open file until it is closed: whether that was to be had, None where the disk knows no locks."""
    try:
        _ask(descriptor)
        return True
    except REFUSED:
        return False
    except OSError:
        return None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Inside, no other process is inside.

    Raises RunDirectoryError, which names that process, and OSError where no lock file can be written.
    """
    path = folder / ".lock"
    # not through a link: what the process writes would replace the content of whatever it leads to
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    try:
        has = take(descriptor)
        if has is False:
            raise _refused(folder, path)
        if has is None:
            path = folder / ".lock.held"
            descriptor = _exchange(descriptor, _create(folder, path))
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, f"{os.getpid()} {platform.node()}\n".encode())
        try:
            yield
        finally:
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
                if has is None:
                    path.unlink()
    finally:
        os.close(descriptor)


def _exchange(old: int, new: int) -> int:
    os.close(old)
    return new


def _create(folder: Path, path: Path) -> int:
    """Make the file, in place of one whose process on this machine has ended."""
    for _ in range(2):
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            process, host = _holder(path)
            if host != platform.node() or _runs(process):
                break
            path.unlink(missing_ok=True)
    raise _refused(folder, path)


def _refused(folder: Path, path: Path) -> RunDirectoryError:
    process, host = _holder(path)
    who = f"another process ({process} on {host})" if host else "another process"
    return RunDirectoryError(
        f"{folder}: {who} is at work in it; wait for it to end (should it run no more, remove {path})"
    )


def _holder(path: Path) -> tuple[str, str]:
    """The process that holds a lock file and its machine, empty where the file does not say."""
    with suppress(OSError):
        process, _, host = path.read_bytes()[:300].decode("ascii", "replace").strip().partition(" ")
        if process.isdecimal() and host.isprintable():
            return process, host
    return "", ""


def _runs(process: str) -> bool:
    """Whether a process of this machine lives, as far as can be known."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(int(process), 0)
        return True
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it is somebody else's
        return True
