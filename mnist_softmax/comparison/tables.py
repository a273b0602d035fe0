"""The tables of a study: made once, shown as Markdown on the console and as HTML on the page; and results.csv."""

from __future__ import annotations

import csv
import io
from typing import Any, NamedTuple

from mnist_softmax.comparison.results import LEVELS

Facts = dict[str, Any]


class Table(NamedTuple):
    """Rows of text under column names; the first column names the row."""

    caption: str
    columns: list[str]
    rows: list[list[str]]
    note: str = ""


def tables(found: Facts) -> list[Table]:
    """Every table of results.json."""
    if found["kind"] == "sweep":
        return [_points(found)]
    listed = [_accuracies(found), _speed(found)]
    if found["pairs"]:
        listed.append(_pairs(found))
    return listed


def percent(facts: Facts) -> str:
    """The mean of fractions, such as "97.19 %"."""
    return "-" if facts["mean"] is None else f"{100 * facts['mean']:.2f} %"


def interval(facts: Facts) -> str:
    """Such as "97.10 to 97.28"."""
    return "-" if facts["low"] is None else f"{100 * facts['low']:.2f} to {100 * facts['high']:.2f}"


def _sd(facts: Facts) -> str:
    return "-" if facts["sd"] is None else f"{100 * facts['sd']:.2f}"


def _few(found: Facts) -> str:
    return (
        "" if found["seeds"] > 1 else "With one seed there is no deviation and no interval: ask for --seeds 10."
    )


def _accuracies(found: Facts) -> Table:
    rows = [
        [
            config["name"],
            str(config["finished"]),
            *(
                text(config[key])
                for key in ("final_test_accuracy", "best_by_validation_test_accuracy")
                for text in (percent, _sd, interval)
            ),
        ]
        for config in found["configs"]
    ]
    columns = ["config", "seeds", "final", "sd", "95 % interval", "best by validation", "sd", "95 % interval"]
    return Table("Test accuracy, mean over seeds", columns, rows, _few(found))


def _speed(found: Facts) -> Table:
    rows = []
    for config in found["configs"]:
        cells = []
        for level in map(str, LEVELS):
            facts = config["epochs_to"][level]
            never = f" (never: {facts['never']})" if facts["never"] else ""
            cells.append(("-" if facts["mean"] is None else f"{facts['mean']:.1f}") + never)
        numbers = [
            "-" if config[key]["mean"] is None else format(config[key]["mean"], form)
            for key, form in (("train_cost", ".5f"), ("seconds", ".1f"), ("images_per_second", ",.0f"))
        ]
        rows.append([config["name"], *cells, *numbers])
    levels = [f"epochs to {100 * level:.0f}\N{NO-BREAK SPACE}%" for level in LEVELS]
    columns = ["config", *levels, "training cost", "seconds a run", "images/s"]
    note = (
        "Epochs until validation accuracy first reached the level, over the seeds that did. Training costs of "
        "different cost functions are different quantities. Seconds are a run's share of its cohort's."
    )
    return Table("Speed of learning, mean over seeds", columns, rows, note)


def _pairs(found: Facts) -> Table:
    names = {"final_test_accuracy": "final", "best_by_validation_test_accuracy": "best by validation"}
    rows = [
        [
            f"{pair['a']} - {pair['b']}",
            names[pair["measure"]],
            f"{100 * pair['mean']:+.2f}",
            interval(pair),
            f"{10_000 * pair['mean']:+.0f}",
            f"{pair['above']} of {pair['n']}",
            p_value(pair["p_t_holm"]),
            p_value(pair["p_wilcoxon_holm"]),
        ]
        for pair in found["pairs"]
    ]
    columns = [
        "pair",
        "accuracy",
        "points",
        "95 % interval",
        "images of 10,000",
        "seeds above",
        "p (t)",
        "p (Wilcoxon)",
    ]
    note = (
        "Differences by seed: equal starting weights where shapes allow, equal mini-batches. Two-sided paired t and "
        "Wilcoxon signed-rank tests, p-values adjusted by Holm over the pairs; intervals are not adjusted."
    )
    return Table("Paired differences of test accuracy", columns, rows, note)


def p_value(p: float | None) -> str:
    """Two digits of a p-value."""
    if p is None:
        return "-"
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}"


def _points(found: Facts) -> Table:
    ranked = sorted(found["configs"], key=lambda c: -(c["final_validation_accuracy"]["mean"] or 0))
    keys = list(found["configs"][0]["point"])
    rows = [
        [
            config["name"],
            *(str(config["point"][key]) for key in keys),
            percent(config["final_validation_accuracy"]),
            interval(config["final_validation_accuracy"]),
            f"{config['finished']}" + (f" ({len(config['failed'])} failed)" if config["failed"] else ""),
            percent(config["final_test_accuracy"]) if config["name"] == found["best"] else "",
        ]
        for config in ranked
    ]
    columns = ["point", *keys, "validation", "95 % interval", "seeds", "test"]
    note = (
        "Ranked by mean validation accuracy after the last epoch, points with unfinished seeds not chosen; "
        "the test accuracy is shown for the chosen point alone. The best of many is flattered a little by the "
        "choice; its interval is not adjusted for that. " + _few(found)
    )
    return Table("Points, best by validation first", columns, rows, note.strip())


def finding(found: Facts) -> list[str]:
    """What was found, in words: a sentence a pair, or the chosen point."""
    if found["kind"] == "comparison":
        return [pair["sentence"] for pair in found["pairs"] if pair["measure"] == "final_test_accuracy"]
    best = next((config for config in found["configs"] if config["name"] == found["best"]), None)
    if best is None:
        return ["no point has a finished run"]
    validation, test = best["final_validation_accuracy"], best["final_test_accuracy"]
    within = (
        f" (95 % interval {interval(validation)})"
        if validation["low"] is not None
        else " (one seed, no interval)"
    )
    return [
        f"best by validation: {best['name']}, {percent(validation)}{within}; on test it has {percent(test)}"
    ]


def failures(found: Facts) -> list[str]:
    """A line for each run that has not finished."""
    return [
        f"{config['name']} seed {run['seed']}: {run['status']}: {run['reason']}"
        for config in found["configs"]
        for run in config["failed"]
    ]


def markdown(table: Table) -> str:
    """A table for the console, aligned."""
    cells = [table.columns, *table.rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "| "
        + " | ".join(_aligned(text, k, width) for k, (text, width) in enumerate(zip(row, widths, strict=True)))
        + " |"
        for row in cells
    ]
    rule = "|" + "|".join("-" * (w + 2) if k == 0 else "-" * (w + 1) + ":" for k, w in enumerate(widths)) + "|"
    return "\n".join(
        [f"**{table.caption}**", "", lines[0], rule, *lines[1:], *(["", table.note] if table.note else [])]
    )


def _aligned(text: str, column: int, width: int) -> str:
    return text.ljust(width) if column == 0 else text.rjust(width)


def runs_csv(found: Facts) -> str:
    """A line for each run."""
    file = io.StringIO()
    rows = []
    for run in found["runs"]:
        row = {key: value for key, value in run.items() if key != "epochs_to"}
        row |= {f"epochs_to_{level}": epochs for level, epochs in run.get("epochs_to", {}).items()}
        rows.append(row)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()
