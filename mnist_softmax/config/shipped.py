"""The configs that travel with the program, by name: `loglik`, `book/ch3_l2_full` or `ch3_l2_full` alone."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from mnist_softmax.errors import ConfigError

PACKAGE = Path(__file__).resolve().parents[1]
SCHEMA_LINE = "# yaml-language-server: $schema="
"""How the first line of a config begins, for editors; the path of schema.json follows, seen from the config."""


def folder() -> Path:
    """Where they lie: inside the package, as a wheel brings them, or beside it in a checkout."""
    inside = PACKAGE / "configs"
    return inside if inside.is_dir() else PACKAGE.parent / "configs"


def shipped() -> dict[str, Path]:
    """Each config by its whole name; those of the book come last."""
    root = folder()
    names = {path.relative_to(root).with_suffix("").as_posix(): path for path in root.rglob("*.yaml")}
    return {name: names[name] for name in sorted(names, key=lambda name: (name.count("/"), name))}


def title(path: Path) -> str:
    """What a config says of itself first, below the line for editors."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if not line.startswith(SCHEMA_LINE)).lstrip("# ")


def find(config: str | Path) -> Path:
    """The file that a user means: the one at this path, or else the shipped config of this name.

    Outside a checkout configs/loglik.yaml, as documents call it there, is the shipped loglik, too.
    """
    config = os.path.expanduser(config)
    is_file = os.path.exists(config) and not os.path.isdir(config)  # a folder `loglik` hides no config
    name = str(config)
    if name.startswith("configs/"):
        name = name.removeprefix("configs/").removesuffix(".yaml")
    return Path(config) if is_file else _by_name().get(name, Path(config))


def name_of(config: str | Path) -> str:
    """The name of a config, as its folder of runs has it. Raises ConfigError: it would be a folder above."""
    name = find(config).stem
    if name in ("", ".", ".."):
        raise ConfigError(f"{config}: a folder cannot be named after it; rename the file, as to mine.yaml")
    return name


def find_shipped(name: str) -> Path:
    """The file of a shipped config. Raises ConfigError: there is none of this name."""
    known = _by_name()
    if name not in known:
        near = difflib.get_close_matches(name.removesuffix(".yaml"), known, n=1)
        hint = f"did you mean {near[0]}?" if near else "`mnist-softmax configs` lists those that are shipped"
        raise ConfigError(f"{name}: no such config; {hint}")
    return known[name]


def nearest(config: str | Path) -> str:
    """A hint for a config that is not there: the file beside it, or the shipped config, of nearly its name."""
    path = Path(config)
    beside = {file.stem: str(file) for file in path.parent.glob("*.yaml")}
    known = {name: name for name in _by_name()} | beside
    written = path.stem if path.suffix in (".yaml", ".yml") else path.name
    if near := difflib.get_close_matches(written, known, n=1):
        return f"; did you mean {known[near[0]]}?"
    return "" if path.suffix or path.parent.name else "; `mnist-softmax configs` lists those that are shipped"


def _by_name() -> dict[str, Path]:
    whole = shipped()
    return {name.rpartition("/")[2]: path for name, path in whole.items()} | whole
