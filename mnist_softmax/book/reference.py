"""The author's recorded figures that runs are compared with (reference.json)."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def reference() -> dict[str, Any]:
    """`order` of the experiments in the book, and `recordings` by name."""
    content: dict[str, Any] = json.loads(
        files(__package__).joinpath("reference.json").read_text(encoding="utf-8")
    )
    return content


def place(id: str) -> int:
    """Where the book has an experiment, counted from 0; those that it has not come last."""
    order = reference()["order"]
    return int(order.index(id)) if id in order else len(order)


def ids_of(chapter: int) -> list[str]:
    """The experiments of a chapter, in order."""
    return [id for id in reference()["order"] if id.startswith(f"ch{chapter}_")]


def recordings_of(what: str) -> dict[str, Any]:
    """The recordings that hold `what` (percent, gradients, norms), by name: these."""
    return {name: each[what] for name, each in reference()["recordings"].items() if what in each}
