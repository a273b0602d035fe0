"""Numbers and tables as text."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


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


def html_table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table for a notebook, under its caption. Any text is shown as it is: none of it is taken for HTML."""
    import pandas

    table = pandas.DataFrame([list(row) for row in rows], columns=list(columns), dtype=object)
    with pandas.option_context("display.max_colwidth", None):  # whole cells
        return f"<p>{html.escape(caption)}</p>\n{table.to_html(index=False, border=0)}"


def half_blocks(lit: np.ndarray, encoding: str | None) -> list[str]:
    """Two rows of pixels, on or off, in a line of text; letters where an alphabet has no blocks."""
    marks = " ▀▄█"  # neither, the upper one, the lower one, both
    try:
        marks.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        marks = " '.:"
    return ["".join(marks[n] for n in row) for row in lit[::2] + 2 * lit[1::2].astype(int)]
