"""Files read as if anybody might have written them: JSON by a schema, never without end, a line for each fault."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

from pydantic import TypeAdapter, ValidationError

from mnist_softmax.errors import RunDirectoryError
from mnist_softmax.messages import shown

MOST_JSON = 20_000_000  # bytes of a file; the largest, of a sweep of a thousand points, has a few million

Content = TypeVar("Content")


class Damaged(ValueError):
    """A file that was read and is not what it should be: the text says why."""


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """A file to read from. Raises OSError: it cannot be read, or is a device or a pipe, which may have no end."""
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "Is no file, but a device or a pipe")
        yield file


def _without_waiting(path: str, flags: int) -> int:
    """For the writer of a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_whole(path: Path, most: int) -> bytes:
    """The content of a file. Raises OSError like `opened`, Damaged where it is more than `most` bytes."""
    with opened(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise Damaged(f"it is larger than {most:,} bytes")
    return content


def parse_json(text: str | bytes, schema: TypeAdapter[Content]) -> Content:
    """What JSON says, as `schema` has it. Raises Damaged, which names the first field that is amiss."""
    try:
        return schema.validate_python(json.loads(text), strict=True)
    except RecursionError:
        raise Damaged("it is nested too deeply") from None
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = ".".join(str(part)[:40] for part in fault["loc"])
        found = "" if fault["type"] == "missing" else f", found {shown(fault['input'])}"
        raise Damaged(f"{field}: {fault['msg']}{found}".removeprefix(": ")) from None
    except ValueError as error:
        raise Damaged(f"it is no JSON: {error}") from None


def read_json(path: Path, schema: TypeAdapter[Content], remedy: str) -> Content | None:
    """The content of a JSON file as `schema` has it, None where there is no file.

    Raises RunDirectoryError where it cannot be read, and, ending with `remedy`, where it is damaged.
    """
    with reading(path, remedy):
        return parse_json(read_whole(path, MOST_JSON), schema) if os.path.lexists(path) else None


@contextmanager
def reading(path: Path, remedy: str) -> Iterator[None]:
    """Inside, what goes wrong with the file `path` becomes a RunDirectoryError: it cannot be read, or is damaged.

    Only a damaged one is to be replaced, and `remedy` says how.
    """
    try:
        yield
    except FileNotFoundError:
        raise RunDirectoryError(f"{path}: no such file; has this run been trained?") from None
    except OSError as error:
        raise RunDirectoryError(f"{path}: cannot be read: {error.strerror or error}") from None
    except MemoryError:
        raise RunDirectoryError(f"{path}: cannot be read: not enough memory; close other programs") from None
    except Damaged as error:
        raise RunDirectoryError(f"{path}: is damaged ({error}); {remedy}") from None
