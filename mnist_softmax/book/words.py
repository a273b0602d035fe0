"""Findings of the book's experiments in words: the rows that the console and the report show.

Where the book counts epochs from 0 these words do, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Finding = dict[str, Any]


class Row(NamedTuple):
    """A line of a table."""

    claim: str
    book: str
    here: str
    interval: str
    n: str
    difference: str
    verdict: str


def rows(result: dict[str, Any]) -> list[Row]:
    """A row for each replayed run and for each claim of an experiment; one without either says what was found."""
    lines = _replay_rows(result) + [WORDS[finding["kind"]](finding) for finding in result["findings"]]
    return lines or [_unclaimed(result)]


def percent(value: float) -> str:
    """Two decimals."""
    return f"{value:.2f} %"


def _replay_rows(result: dict[str, Any]) -> list[Row]:
    """One row for a recording whose curves are all exact, or not known; else one for each curve."""
    replays = result["replays"]
    compared = [replay for replay in replays if replay["epochs"]]
    exact = [replay for replay in compared if replay["exact"]]
    lines = []
    if exact:
        runs = sorted({_run(replay) for replay in exact})
        epochs = ", ".join(sorted({f"{replay['equal']} of {replay['epochs']}" for replay in exact}))
        what = f"replay {', '.join(run.strip() for run in runs)}".rstrip() + f": {_names(exact)}"
        lines.append(Row(what, "recorded", "the same", "", str(len(runs)), "", f"exact: {epochs} epochs"))
    for replay in compared:
        if not replay["exact"]:
            lines.append(_parted(replay))
    unknown = [replay for replay in replays if not replay["epochs"]]
    if unknown:
        ours = "; ".join(
            f"{_run(replay).strip() or 'ends at'} {_value(replay['metric'], replay['ours']['final'])}"
            for replay in unknown
            if replay["metric"].endswith("accuracy")
        )
        row = Row(
            f"replay: {_names(unknown)}", "no figures known", ours, "", str(len(unknown)), "", "not compared"
        )
        lines.append(row)
    return lines


def _parted(replay: Finding) -> Row:
    first, count = replay["first_difference"], replay["metric"].endswith("accuracy")
    largest = f"{replay['largest']:.0f} images" if count else f"{replay['largest']:.1e} of it"
    if first == 0:
        verdict = "parts by rounding within the first epoch"
    else:
        verdict = f"exact to epoch {first - 1}, then parts by rounding"
    equal = f"{replay['equal']} of {replay['epochs']} epochs the same"
    return Row(
        f"replay{_run(replay)}: {_metric(replay['metric'])}", "recorded", equal, "", "1", largest, verdict
    )


def _printed(finding: Finding) -> Row:
    unit = " %" if finding["metric"].endswith("accuracy") else ""
    places = 2 if unit else finding["decimals"] + 1
    book = f"{finding['book']:.2f}{unit}" if unit else f"{finding['book']:.{finding['decimals']}f}"
    how = {"peak": "best", "final": "final", "first": "initial"}[finding["select"]]
    what = f"{how} {_metric(finding['metric'])}{_run(finding)}"
    high = min(finding["high"], 100) if unit else finding["high"]
    if finding["layer"]:
        what = f"initial norm, hidden layer {finding['layer']}"
    if finding["best_of"] > 1:
        what += f", best of {finding['best_of']} runs"
    return Row(
        what,
        book,
        f"{finding['mean']:.{places}f}{unit} (sd {finding['deviation']:.{places}f})",
        f"{finding['low']:.{places}f} to {high:.{places}f}",
        str(finding["n"]),
        f"{finding['mean'] - finding['book']:+.{places}f}",
        f"{finding['verdict']} ({100 * finding['quantile']:.0f} % of ours at or below)",
    )


def _statement(finding: Finding) -> Row:
    unit = " %" if finding["metric"].endswith("accuracy") else ""
    bounds = [f"{word} {finding[word]:g}{unit}" for word in ("above", "below") if finding[word] is not None]
    of = "ratio" if finding["ratio"] else "difference" if finding["minus"] else _metric(finding["metric"])
    if finding["minus"]:
        of += f" {finding['run']} to {finding['minus']}"
    else:
        of += _run(finding)
    return Row(
        f'"{finding["says"]}" ({of})',
        ", ".join(bounds),
        f"{finding['mean']:.2f}{unit}",
        f"{finding['smallest']:.2f} to {finding['largest']:.2f} (all runs)",
        str(finding["n"]),
        "",
        finding["verdict"],
    )


def _transcript(finding: Finding) -> Row:
    epochs = finding["epochs"]
    return Row(
        f"transcript, right of {finding['of']:,}, epochs {', '.join(str(each['epoch']) for each in epochs)}",
        ", ".join(str(each["book"]) for each in epochs),
        ", ".join(f"{each['mean']:.0f}" for each in epochs),
        ", ".join(f"{max(each['low'], 0):.0f}-{min(each['high'], finding['of']):.0f}" for each in epochs),
        str(finding["n"]),
        "",
        finding["verdict"],
    )


def _one_class(finding: Finding) -> Row:
    final = ", ".join(str(count) for count in sorted(set(finding["final"])))
    return Row(
        f"the same answer to every image, right of {finding['of']:,}",
        ", ".join(map(str, finding["book"])),
        f"{final} in the end",
        "",
        str(finding["n"]),
        "",
        finding["verdict"],
    )


def _exact(finding: Finding) -> Row:
    form = "{:,.0f}" if finding["unit"] == "count" else "{:.2f} %"
    sizes = finding["sizes"]
    trained = ", ".join(f"{each['size']:,}" for each in sizes)
    return Row(
        f"{finding['split']}, trained on {trained} images",
        ", ".join(form.format(each["book"]) for each in sizes),
        ", ".join(form.format(each["here"]) for each in sizes),
        "",
        str(finding["n"]),
        "0" if finding["agrees"] else "see the numbers",
        finding["verdict"],
    )


def _outperforms(finding: Finding) -> Row:
    pairs = finding["pairs"]
    return Row(
        f'"{finding["says"]}" (final {_metric(finding["metric"])} at {", ".join(pair["run"] for pair in pairs)})',
        ", ".join(f"{pair['other']:.2f}" for pair in pairs),
        ", ".join(f"{pair['here']:.2f}" for pair in pairs),
        "",
        str(finding["n"]),
        "",
        finding["verdict"],
    )


def _curves(finding: Finding) -> Row:
    ends = [point for point in finding["points"] if point["epoch"] == finding["points"][-1]["epoch"]]
    return Row(
        f"norms in the course of training, those at epoch {ends[0]['epoch']}",
        ", ".join(f"{point['book']:.2g}" for point in ends),
        ", ".join(f"{point['mean']:.2g}" for point in ends),
        ", ".join(f"{point['low']:.1g}-{point['high']:.1g}" for point in ends),
        str(finding["n"]),
        "",
        finding["verdict"],
    )


def _bars(finding: Finding) -> Row:
    layers = finding["layers"]
    return Row(
        f"length of the first {finding['neurons']} gradients of each hidden layer",
        ", ".join(f"{layer['book']:.3f}" for layer in layers),
        ", ".join(f"{layer['mean']:.3f}" for layer in layers),
        ", ".join(f"{layer['low']:.3f}-{layer['high']:.3f}" for layer in layers),
        str(finding["n"]),
        "",
        finding["verdict"],
    )


def _unclaimed(result: dict[str, Any]) -> Row:
    here = "; ".join(
        f"{percent(found['mean'])} (sd {found['deviation']:.2f})"
        for found in result["headlines"].values()
        if found
    )
    n = next((str(found["n"]) for found in result["headlines"].values() if found), "")
    return Row("test accuracy at the best validation epoch", "no number", here, "", n, "", "nothing to compare")


WORDS: dict[str, Callable[[Finding], Row]] = {
    "printed": _printed,
    "statement": _statement,
    "transcript": _transcript,
    "one_class": _one_class,
    "exact": _exact,
    "outperforms": _outperforms,
    "curves": _curves,
    "bars": _bars,
}


def _run(finding: Finding) -> str:
    return "" if finding["run"] in (None, "only") else f" {finding['run']}"


def _metric(metric: str) -> str:
    return metric.replace("train_", "training ").replace("_", " ")


def _names(replays: list[Finding]) -> str:
    return ", ".join(dict.fromkeys(_metric(replay["metric"]) for replay in replays))


def _value(metric: str, value: float) -> str:
    return percent(value) if metric.endswith("accuracy") else f"{value:.4g}"
