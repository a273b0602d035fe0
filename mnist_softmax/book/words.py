"""Results in words: the rows that the console and the report show. Claims word their own findings.

Where the book counts epochs from 0 these words do, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mnist_softmax.book.block import KINDS
from mnist_softmax.book.claim import Finding, Row, of_run
from mnist_softmax.metrics import METRICS
from mnist_softmax.text import aligned


def rows(result: dict[str, Any]) -> list[Row]:
    """A row for all exact curves of a replay, for each other one, and for each claim of an experiment.

    An experiment without either has a row that says what was found.
    """
    lines = _replay_rows(result) + [claim_row(finding) for finding in result["findings"]]
    return lines or [_unclaimed(result)]


def claim_row(finding: Finding) -> Row:
    """A claim's row."""
    return KINDS[finding["kind"]].row(finding)


def table(results: Sequence[dict[str, Any]]) -> str:
    """A line for each row of these results, for the console."""
    lines = [("", "book", "here", "verdict")]
    for result in results:
        lines += [(f"{result['id']}: {row.claim}", row.book, row.here, row.verdict) for row in rows(result)]
    return "\n".join(aligned(lines, left=4))


def in_percent(value: float) -> str:
    """A number that is in percent already, with two decimals."""
    return f"{value:.2f} %"


def _replay_rows(result: dict[str, Any]) -> list[Row]:
    """One row for all curves of a recording that are exact, one for those not known, one for each other."""
    compared = [replay for replay in result["replays"] if replay["epochs"]]
    exact = [replay for replay in compared if replay["exact"]]
    unknown = [replay for replay in result["replays"] if not replay["epochs"]]
    lines = [_exact(exact)] if exact else []
    lines += [_parted(replay) for replay in compared if not replay["exact"]]
    return lines + ([_unknown(unknown)] if unknown else [])


def _exact(replays: list[Finding]) -> Row:
    runs = sorted({of_run(replay["run"]) for replay in replays})
    epochs = ", ".join(sorted({f"{replay['equal']} of {replay['epochs']}" for replay in replays}))
    what = f"replay {', '.join(run.strip() for run in runs)}".rstrip() + f": {_titles(replays)}"
    return Row(what, "recorded", "the same", "", str(len(runs)), "", f"exact: {epochs} epochs")


def _unknown(replays: list[Finding]) -> Row:
    ours = "; ".join(
        f"{of_run(replay['run']).strip() or 'ends at'} {in_percent(replay['ours']['final'])}"
        for replay in replays
        if METRICS[replay["metric"]].is_accuracy
    )
    what = f"replay: {_titles(replays)}"
    return Row(what, "no figures known", ours, "", str(len(replays)), "", "not compared")


def _parted(replay: Finding) -> Row:
    first, metric = replay["first_difference"], METRICS[replay["metric"]]
    largest = f"{replay['largest']:.0f} images" if metric.is_accuracy else f"{replay['largest']:.1e} of it"
    if first == 0:
        verdict = "parts by rounding within the first epoch"
    else:
        verdict = f"exact to epoch {first - 1}, then parts by rounding"
    equal = f"{replay['equal']} of {replay['epochs']} epochs the same"
    what = f"replay{of_run(replay['run'])}: {metric.title}"
    return Row(what, "recorded", equal, "", "1", largest, verdict)


def _unclaimed(result: dict[str, Any]) -> Row:
    found = [each for each in result["headlines"].values() if each]
    here = "; ".join(f"{in_percent(each['mean'])} {_deviation(each)}".strip() for each in found)
    n = str(found[0]["n"]) if found else ""
    return Row("test accuracy at the best validation epoch", "no number", here, "", n, "", "nothing to compare")


def _deviation(figures: Finding) -> str:
    return "" if figures["deviation"] is None else f"(sd {figures['deviation']:.2f})"


def _titles(replays: list[Finding]) -> str:
    return ", ".join(dict.fromkeys(METRICS[replay["metric"]].title for replay in replays))
