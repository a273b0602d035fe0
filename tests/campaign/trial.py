"""A trial: a folder made of known parts, and the command lines that are tried in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Words = tuple[str, ...]


@dataclass(frozen=True)
class Trial:
    """Begin with a copy of the folder `base`, put `files` into it, and run each of `commands` there."""

    base: Path
    commands: tuple[Words, ...]
    files: Mapping[str, Content] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] | None = None
    """Called in the child before a command: what it changes in the program is gone with the child."""

    def lay_out(self, folder: Path) -> None:
        """Make the folder."""
        shutil.copytree(self.base, folder, symlinks=True)
        for name, content in self.files.items():
            put(folder / name, content)

    def __str__(self) -> str:
        """For whoever wants to try it by hand."""
        lines = [" ".join(map(repr, words)) for words in self.commands]
        lines += [f"{name}: {shown(content)}" for name, content in self.files.items()]
        return "\n".join(lines)


@dataclass(frozen=True)
class Odd:
    """Something that is no ordinary file: `folder`, `pipe`, `nothing`, or `-> target`, a link."""

    kind: str


Content = bytes | Odd


def put(path: Path, content: Content) -> None:
    """Make `content` what lies at `path`."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    match content:
        case bytes():
            path.write_bytes(content)
        case Odd("folder"):
            path.mkdir()
        case Odd("pipe"):
            os.mkfifo(path)
        case Odd(kind) if kind.startswith("-> "):
            path.symlink_to(kind.removeprefix("-> "))


def shown(content: Content) -> str:
    """Content in a line of bearable length."""
    if isinstance(content, Odd):
        return content.kind
    whole = repr(content)
    return whole if len(whole) <= 600 else f"{whole[:300]} ... {whole[-100:]} ({len(content):,} bytes)"
