"""The tables of a comparison, made once: Markdown on the console, HTML on the page; and results.csv."""

from __future__ import annotations

import csv
import io
import re
from typing import NamedTuple

from mnist_softmax.comparison.comparison import Facts
from mnist_softmax.comparison.results import LEVELS, Results
from mnist_softmax.comparison.statistics import interval, mean
from mnist_softmax.messages import printable
from mnist_softmax.metrics import METRICS
from mnist_softmax.text import aligned

TITLES = {"final_test_accuracy": "final", "best_by_validation_test_accuracy": "best by validation"}
INTERVAL = "95 % interval"


class Table(NamedTuple):
    """Rows of text under column names; the first column names the row."""

    caption: str
    columns: list[str]
    rows: list[list[str]]
    note: str = ""


def tables(results: Results) -> list[Table]:
    """Every table of a comparison."""
    if results.comparison.kind == "sweep":
        return [_points(results)]
    return [_accuracies(results), _speed(results), *([_pairs(results)] if results.pairs else [])]


def _sd(facts: Facts) -> str:
    return "-" if facts["sd"] is None else f"{100 * facts['sd']:.2f}"


def _note_on_one_seed(results: Results) -> str:
    if results.comparison.seeds > 1:
        return ""
    return "With one seed there is no deviation and no interval: ask for --seeds 10."


def _accuracies(results: Results) -> Table:
    rows = [
        [
            config["name"],
            str(config["finished"]),
            *(text(config[measure]) for measure in TITLES for text in (mean, _sd, interval)),
        ]
        for config in results.configs
    ]
    columns = ["config", "seeds", *(word for title in TITLES.values() for word in (title, "sd", INTERVAL))]
    return Table("Test accuracy, mean over seeds", columns, rows, _note_on_one_seed(results))


def _speed(results: Results) -> Table:
    rows = []
    for config in results.configs:
        row = [config["name"]]
        for level in map(str, LEVELS):
            epochs = config["epochs_to"][level]
            row.append(mean(epochs, ".1f") + (f" (never: {epochs['never']})" if epochs["never"] else ""))
        numbers = {"train_cost": ".5f", "seconds": ".1f", "images_per_second": ",.0f"}
        rows.append(row + [mean(config[key], form) for key, form in numbers.items()])
    levels = [f"epochs to {100 * level:.0f}\N{NO-BREAK SPACE}%" for level in LEVELS]
    columns = ["config", *levels, METRICS["train_cost"].title, "seconds a run", "images/s"]
    note = (
        "Epochs until validation accuracy first reached the level, over the seeds that did. Training costs of "
        "different cost functions are different quantities. Seconds are a run's share of its cohort's."
    )
    return Table("Speed of learning, mean over seeds", columns, rows, note)


def _pairs(results: Results) -> Table:
    test_images = results.data["test"] if results.data else 0  # there is no pair without data
    rows = [
        [
            f"{pair['a']} - {pair['b']}",
            TITLES[pair["measure"]],
            f"{100 * pair['mean']:+.2f}",
            interval(pair),
            f"{test_images * pair['mean']:+.0f}",
            f"{pair['above']} of {pair['n']}",
            p_value(pair["p_t_holm"]),
            p_value(pair["p_wilcoxon_holm"]),
        ]
        for pair in results.pairs
    ]
    images = f"images of {test_images:,}"
    columns = ["pair", "accuracy", "points", INTERVAL, images, "seeds above", "p (t)", "p (Wilcoxon)"]
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


def _points(results: Results) -> Table:
    ranked = sorted(results.configs, key=lambda config: -(config["final_validation_accuracy"]["mean"] or 0))
    keys = list(ranked[0]["point"])
    rows = [
        [
            config["name"],
            *(str(config["point"][key]) for key in keys),
            mean(config["final_validation_accuracy"]),
            interval(config["final_validation_accuracy"]),
            f"{config['finished']}" + (f" ({len(config['failed'])} failed)" if config["failed"] else ""),
            mean(config["final_test_accuracy"]) if config["name"] == results.best else "",
        ]
        for config in ranked
    ]
    columns = ["point", *keys, "validation", INTERVAL, "seeds", "test"]
    note = (
        "Ranked by mean validation accuracy after the last epoch, points with unfinished seeds not chosen; "
        "the test accuracy is shown for the chosen point alone. The best of many is flattered a little by the "
        "choice; its interval is not adjusted for that. " + _note_on_one_seed(results)
    )
    return Table("Points, best by validation first", columns, rows, note.strip())


def findings(results: Results) -> list[str]:
    """What was found, in words: a sentence a pair, or the chosen point."""
    if results.comparison.kind == "comparison":
        return [pair["sentence"] for pair in results.pairs if pair["measure"] == "final_test_accuracy"]
    best = next((config for config in results.configs if config["name"] == results.best), None)
    if best is None:
        return ["no point has a finished run"]
    validation, test = best["final_validation_accuracy"], best["final_test_accuracy"]
    within = "one seed, no interval" if validation["low"] is None else f"{INTERVAL} {interval(validation)}"
    return [f"best by validation: {best['name']}, {mean(validation)} ({within}); on test it has {mean(test)}"]


def failures(results: Results) -> list[str]:
    """A line for each run that has not finished."""
    return [
        f"{config['name']} seed {run['seed']}: {run['status']}: {run['reason']}"
        for config in results.configs
        for run in config["failed"]
    ]


def markdown(table: Table) -> str:
    """A table as aligned Markdown, which a console can show too."""
    rule = ["---"] + ["--:"] * (len(table.columns) - 1)
    rows = [[escaped(cell) for cell in row] for row in (table.columns, *table.rows)]
    rows.insert(1, rule)
    # each bar is a column of its own, with one space beside it where `aligned` puts two
    barred = aligned([["|", *(text for cell in row for text in (cell, "|"))] for row in rows], left=2)
    lines = [re.sub(r"(?<!\\)\|  ", "| ", line).replace("  |", " |") for line in barred]
    return "\n".join([f"**{table.caption}**", "", *lines, *(["", table.note] if table.note else [])])


def escaped(cell: str) -> str:
    """Text as Markdown that shows it: a `_` within a word is one, at its end it would begin italics."""
    return re.sub(r"[\\|$*`]|<(?=[\w/!?])|(?<!\w)_|_(?!\w)", r"\\\g<0>", printable(cell))


def runs_csv(results: Results) -> str:
    """A line for each run."""
    file = io.StringIO()
    rows = []
    for run in results.runs:
        row = {key: value for key, value in run.items() if key != "epochs_to"}
        row |= {f"epochs_to_{level}": epochs for level, epochs in run.get("epochs_to", {}).items()}
        rows.append(row)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()
