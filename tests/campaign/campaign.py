"""Draw, judge in several processes, and sort what is at fault by its cause."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from tests.campaign.draws import drawn, smallest
from tests.campaign.judge import Fault
from tests.campaign.part import Part

CHUNK = 10  # inputs that a process takes at once


class Found(NamedTuple):
    """What a part has found: for each fault the numbers of its inputs."""

    tried: int
    seconds: float
    faults: dict[Fault, list[int]]


def campaign(part: Part, root: Path, seed: int, numbers: Sequence[int], jobs: int) -> Found:
    """Try the inputs of these numbers."""
    began = time.monotonic()
    _strategy(part, root)  # here, for all processes
    found: dict[Fault, list[int]] = {}
    for number, faults in zip(numbers, _judged(part, root, seed, numbers, jobs), strict=True):
        for fault in dict.fromkeys(faults):
            found.setdefault(fault, []).append(number)
    return Found(len(numbers), time.monotonic() - began, found)


def smallest_with(part: Part, root: Path, seed: int, number: int, fault: Fault) -> Any:
    """A small input with the same fault as the input of this number."""
    return smallest(_strategy(part, root), seed, number, lambda each: fault in part.judge(each, root))


@cache
def _strategy(part: Part, root: Path) -> Any:
    return part.strategy(root)


def _judged(part: Part, root: Path, seed: int, numbers: Sequence[int], jobs: int) -> Iterator[list[Fault]]:
    judge = partial(_judge, part, root, seed)
    if jobs == 1:
        yield from map(judge, numbers)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
        yield from pool.map(judge, numbers, chunksize=CHUNK)


def _judge(part: Part, root: Path, seed: int, number: int) -> list[Fault]:
    return part.judge(drawn(_strategy(part, root), seed, number), root)
