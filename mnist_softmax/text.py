"""Numbers and tables as text."""

from __future__ import annotations

from collections.abc import Sequence


def percent(fraction: float) -> str:
    """A fraction as percent with two decimals: "97.21 %"."""
    return f"{100 * fraction:.2f} %"


def accuracy(fraction: float, n: int) -> str:
    """A fraction of n as percent and as a count: "97.21 % (9721)"."""
    return f"{percent(fraction)} ({round(fraction * n)})"


def aligned(rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Rows of cells as lines: the first `left` columns flush left, the others flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if k < left else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
