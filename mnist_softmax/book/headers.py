"""The head of a config of the book: the lines that say what to expect, as results have it."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import wrap
from typing import Any

from mnist_softmax.book.claim import Row
from mnist_softmax.book.words import claim_row, rows
from mnist_softmax.files import write_whole

WIDTH = 112
ROWS = 3  # and all that differ from the book; the others are in docs/results.md
ALONE = ("exact", "outperforms", "speedup", "vote", "filters")  # kinds of claim whose n counts no seeds


def renew(config: Path, result: dict[str, Any], checkout: Path) -> None:
    """Write what `result` says into the head of its config, where that belongs to the same checkout as the report."""
    if checkout.resolve() in config.resolve().parents:
        text = config.read_text(encoding="utf-8")
        if (new := renewed(text, result)) != text:
            write_whole(config, new)


def renewed(text: str, result: dict[str, Any]) -> str:
    """`text` of a config, with the lines of Expect as `result` has them."""
    lines = "".join(f"# {line}\n" for line in wrap(expectation(result), WIDTH))
    return re.sub(r"^# Expect.*?(?=^# Time)", lambda _: lines, text, count=1, flags=re.DOTALL | re.MULTILINE)


def expectation(result: dict[str, Any]) -> str:
    """The sentence."""
    seeds = [finding["n"] for finding in result["findings"] if finding["kind"] not in ALONE]
    seeds += [each["n"] for each in result["headlines"].values() if each]
    over = f" (over {max(seeds)} seed{'s' * (max(seeds) > 1)})" if result["headlines"] and seeds else ""
    judged = [finding for finding in result["findings"] if finding["agrees"] is not None]
    differing = [claim_row(finding) for finding in judged if not finding["agrees"]]
    others = [row for row in rows(result) if row not in differing]
    said = differing + others[: max(ROWS - len(differing), 0)]
    return f"Expect{over}: {'; '.join(_said(row) for row in said)}."


def _said(row: Row) -> str:
    """Claim, figure, verdict without where the printed number lies among ours; the difference where that is all."""
    verdict = row.verdict.partition("; the recorded run")[0].partition(" (")[0]
    difference = f"difference {row.difference}" * ("plain difference" in verdict)
    words = [word for word in (row.here, difference, verdict) if word and word != "the same"]
    return f"{row.claim}: {', '.join(words)}"
