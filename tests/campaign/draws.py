"""One value of a strategy by its number, and the smallest value that fails as it does: hypothesis draws and shrinks.

A run of hypothesis for each value: in a long run half of the values are variations of the one before. So a value is
also found again by its seed and number alone, as long as the program is the same: hypothesis also draws the constants
that it finds in the source.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as seeded
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")
PATIENCE = 20  # seconds, in which a failing value is made smaller


class _Fails(Exception):
    """Tells hypothesis that a value fails."""


def drawn(strategy: SearchStrategy[T], seed: int, number: int) -> T:
    """The value of this number."""
    values: list[T] = []
    _run(strategy, seed, number, values.append, Phase.generate)
    return values[-1]


def smallest(strategy: SearchStrategy[T], seed: int, number: int, fails: Callable[[T], bool]) -> T:
    """A small value that fails as the value of this number does."""
    verdicts: dict[str, bool] = {}  # hypothesis tries a value again and wants the same answer
    small = drawn(strategy, seed, number)
    until = monotonic() + PATIENCE

    def look(value: T) -> None:
        nonlocal small
        if repr(value) not in verdicts:
            verdicts[repr(value)] = monotonic() < until and fails(value)
        if verdicts[repr(value)]:
            small = value
            raise _Fails

    with suppress(_Fails):
        _run(strategy, seed, number, look, Phase.generate, Phase.shrink)
    return small


def _run(
    strategy: SearchStrategy[T], seed: int, number: int, look: Callable[[T], None], *phases: Phase
) -> None:
    quiet = settings(
        max_examples=2,  # the first is always the simplest that there is
        phases=phases,
        database=None,
        deadline=None,
        verbosity=Verbosity.quiet,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    # a hash of both: hypothesis takes seeds of any size
    seeded(seed * 1_000_003 + number)(quiet(given(strategy)(lambda value: look(value))))()
