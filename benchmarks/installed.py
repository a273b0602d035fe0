"""What an installation of the wheel brings, by package, in megabytes: run by the Python that has it (make size)."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, distribution
from pathlib import Path

from benchmarks import run

PACKAGE = "mnist-softmax"


def sizes(package: str = PACKAGE) -> dict[str, int]:
    """Bytes of a package and of all that it needs without extras, by name, the largest first."""
    found: dict[str, int] = {}
    waiting = [package]
    while waiting:
        each = distribution(waiting.pop())
        name = each.metadata["Name"].lower()
        if name not in found:
            found[name] = _bytes(each)
            waiting += [_name(need) for need in each.requires or () if ";" not in need]
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def _bytes(each: Distribution) -> int:
    paths = (each.locate_file(file) for file in each.files or ())
    return sum(path.stat().st_size for path in map(Path, map(str, paths)) if path.is_file())


def _name(requirement: str) -> str:
    """Of "numpy>=2.1" that is numpy."""
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0]


def main() -> None:
    """Print the table."""
    found = sizes()
    for name, size in {**found, "in all": sum(found.values())}.items():
        print(f"{name:20} {size / 1e6:7.1f} MB")


if __name__ == "__main__":
    run(main)
