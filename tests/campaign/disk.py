"""The places at which a command touches the disk, numbered: there it can be killed, or the disk can fail.

`watch(act)` changes Python's own functions (for the child alone): before each write, rename, sync, removal and new
file or folder `act(number, kind)` is called. A write is one of the operating system's, after Python's buffer.
"""

from __future__ import annotations

import builtins
import errno
import fcntl
import io
import os
import signal
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any, NamedTuple

Act = Callable[[int, str], None]
CALLS = ("replace", "rename", "fsync", "unlink", "remove", "mkdir", "rmdir", "chmod", "truncate", "ftruncate")
WRITING = set("wax+")


class Point(NamedTuple):
    """The `number`th touch of the disk; `half`: of a write, after half of its bytes."""

    number: int
    half: bool = False


def watch(act: Act, middle: Act = lambda number, kind: None) -> None:
    """From now on call `act` before each touch, and `middle` when half of a write is done."""
    numbers = count(1)

    class Watched(io.FileIO):
        """A file that is written to under watch."""

        def write(self, data: Any) -> int:
            number = next(numbers)
            act(number, "write")
            content = memoryview(data).cast("B")
            done = super().write(content[: len(content) // 2])
            middle(number, "write")
            return done + super().write(content[done:])

    def opened(file: Any, mode: str = "r", buffering: int = -1, *args: Any, **kwargs: Any) -> Any:
        if not WRITING & set(mode) or (isinstance(file, int) and file < 3):
            return original(file, mode, buffering, *args, **kwargs)
        names = ("encoding", "errors", "newline", "closefd", "opener")
        options = dict(zip(names, args, strict=False)) | kwargs
        place = {key: options.pop(key) for key in ("closefd", "opener") if key in options}
        if not isinstance(file, int):
            act(next(numbers), "open")
        raw = Watched(file, mode.replace("b", "").replace("t", ""), **place)
        buffered: Any = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, **options)

    original = io.open
    builtins.open = io.open = opened
    for name in CALLS:
        setattr(os, name, partial(_watched, getattr(os, name), name, act, numbers))


def _watched(call: Callable[..., Any], name: str, act: Act, numbers: Any, *args: Any, **kwargs: Any) -> Any:
    act(next(numbers), name)
    return call(*args, **kwargs)


# ---- what is done there


def trace(into: int) -> None:
    """Write a byte into the descriptor `into` for each touch: w of a write, else o."""
    write = os.write
    watch(lambda number, kind: write(into, b"w" if kind == "write" else b"o") and None)


def kill(point: Point) -> None:
    """Kill this process at the point, with a signal that cannot be caught."""

    def at(number: int, kind: str) -> None:
        if number == point.number:
            os.kill(os.getpid(), signal.SIGKILL)

    watch(at) if not point.half else watch(lambda number, kind: None, at)


def fail(number: int, code: int, for_good: bool) -> None:
    """From touch `number` on nothing can be written; or, not `for_good`, only this one touch fails."""

    def at(now: int, kind: str) -> None:
        if kind in ("unlink", "remove", "rmdir", "chmod", "fsync") and code == errno.ENOSPC:
            return  # which a full disk lets pass
        if now == number or (for_good and now > number):
            raise OSError(code, os.strerror(code))

    watch(at)


def refuse(name: str) -> None:
    """A disk that knows no chmod, no fsync or no flock."""

    def refused(*args: Any, **kwargs: Any) -> None:
        code = {"chmod": errno.EPERM, "fsync": errno.EINVAL, "flock": errno.ENOLCK}[name]
        raise OSError(code, os.strerror(code))

    setattr(fcntl if name == "flock" else os, name, refused)


class Second(float):
    """What is between any two of it is one second, however many networks share it."""

    def __sub__(self, other: float) -> Second:
        return self

    def __truediv__(self, other: float) -> float:
        return 1.0


def even_clock() -> None:
    """Every epoch takes a second: then two equal runs have equal files, to the last byte."""
    from mnist_softmax.book import baselines
    from mnist_softmax.training import loop

    for module in (baselines, loop):
        vars(module)["perf_counter"] = lambda: Second(1)
