"""What a comparison found, from its run directories alone: results.json, and the same as attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from mnist_softmax.comparison.comparison import Comparison, Facts, measured
from mnist_softmax.comparison.statistics import holm, interval, mean, mean_interval, paired
from mnist_softmax.errors import UserError
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.runs.run import Task
from mnist_softmax.runs.summary import Data, Environment, Summary
from mnist_softmax.text import html_table
from mnist_softmax.training.history import History

LEVELS = (0.90, 0.95, 0.96)  # validation accuracies, and how many epochs it takes to reach them
LARGEST_P = 0.05  # as the intervals are of 95 %
MEASURES = ("final_test_accuracy", "best_by_validation_test_accuracy")


@dataclass(frozen=True)
class Results:
    """What a comparison found; `store` writes it as results.json, with the same names.

    Accuracies and their differences are fractions, `seconds` are a run's share of its cohort's, epochs count from 1.
    A mean is a mapping: n, mean, sd, and the 95 % t-interval low to high (None where there are too few values).
    """

    comparison: Comparison
    runs: list[Facts]
    """A mapping for each config and seed: config, seed, status, reason and, of a finished run, epochs,
    final_test_accuracy, final_validation_accuracy, best_by_validation_epoch, best_by_validation_test_accuracy,
    train_cost, epochs_to ({"0.95": 3}, None where never), seconds, images_per_second."""
    configs: list[Facts]
    """A mapping for each config: name, finished (how many runs), failed (those that have not), the same measures as
    means over the finished runs and, of a sweep, its point."""
    pairs: list[Facts]
    """A mapping for every two configs and both measures of test accuracy, none of a sweep: measure, a and b (the
    better one first), differences (a - b, one a seed), their mean, how often a was above, p_t and p_wilcoxon, both
    also adjusted by Holm, and a sentence that says it."""
    best: str | None
    """Of a sweep: the config with the highest mean final validation accuracy."""
    data: Data | None
    """source, checksum, and the number of train, validation and test images; None where no run is finished."""
    environment: Environment | None
    warnings: list[str]
    """Of the data, and of single runs that are not as the others are."""
    errors: Sequence[UserError] = ()
    """What kept runs from being finished in this call; not in results.json, where runs have status and reason."""

    @property
    def directory(self) -> Path:
        """Where runs and results lie."""
        return self.comparison.directory

    def store(self) -> None:
        """Write results.json. Raises RunDirectoryError."""
        content = {
            "kind": self.comparison.kind,
            "seeds": self.comparison.seeds,
            "commands": self.comparison.commands,
        }
        names = ("data", "warnings", "environment", "configs", "runs", "pairs", "best")
        self.comparison.write_json("results.json", content | {name: getattr(self, name) for name in names})

    def _repr_html_(self) -> str:
        """What a notebook shows: a mean accuracy for each config, of a sweep that of validation alone."""
        split = "validation" if self.comparison.kind == "sweep" else "test"
        means = {config["name"]: config[f"final_{split}_accuracy"] for config in self.configs}
        rows = [[name, str(each["n"]), mean(each), interval(each)] for name, each in means.items()]
        columns = ["config", "seeds", f"{split} accuracy", "95 % interval"]
        return html_table(f"{self.comparison.kind} in {self.directory}", columns, rows)


def work_out(comparison: Comparison, errors: Sequence[UserError] = ()) -> Results:
    """The results of all runs in the folder. Raises RunDirectoryError where something stored is damaged."""
    tasks = [(name, task) for name in comparison.configs for task in comparison.tasks_of(name)]
    ended = [RunDirectory(task.directory).read_summary() for _, task in tasks]
    runs = [_run(name, task, summary) for (name, task), summary in zip(tasks, ended, strict=True)]
    configs = [_config(name, [run for run in runs if run["config"] == name]) for name in comparison.configs]
    finished = [summary for summary in ended if summary and summary["status"] == "finished"]
    first = finished[0] if finished else None
    pairs, best = [], None
    if comparison.kind == "sweep":
        configs = [config | {"point": dict(comparison.points[config["name"]])} for config in configs]
        best = _best(configs)
    elif first:
        pairs = _pairs(configs, runs, first["data"]["test"])
    data, environment = (first["data"], first["environment"]) if first else (None, None)
    warnings = [*dict.fromkeys(text for summary in finished for text in summary["warnings"])]
    return Results(comparison, runs, configs, pairs, best, data, environment, warnings, errors)


def _run(name: str, task: Task, ended: Summary | None) -> Facts:
    run: Facts = {"config": name, "seed": task.settings.seed}
    run |= {
        "status": ended["status"] if ended else "unfinished",
        "reason": ended["reason"] if ended else "no summary",
    }
    if run["status"] != "finished":
        return run
    summary, history = measured(RunDirectory(task.directory))
    final, best = history[-1], summary["best_by_validation"] or history[-1]
    return run | {
        "epochs": summary["epochs"],
        "final_test_accuracy": final["test_accuracy"],
        "final_validation_accuracy": final["validation_accuracy"],
        "best_by_validation_epoch": best["epoch"],
        "best_by_validation_test_accuracy": best["test_accuracy"],
        "train_cost": final["train_cost"],
        "epochs_to": {str(level): _epochs_to(history, level) for level in LEVELS},
        "seconds": summary["seconds"],
        "images_per_second": summary["images_per_second"],
    }


def _epochs_to(history: History, level: float) -> int | None:
    return next((record["epoch"] for record in history if record["validation_accuracy"] >= level), None)


def _config(name: str, runs: list[Facts]) -> Facts:
    finished = [run for run in runs if run["status"] == "finished"]
    config: Facts = {"name": name, "finished": len(finished)}
    config["failed"] = [
        {key: run[key] for key in ("seed", "status", "reason")} for run in runs if run not in finished
    ]
    for key in (*MEASURES, "final_validation_accuracy", "train_cost", "seconds", "images_per_second"):
        config[key] = mean_interval([run[key] for run in finished if run[key] is not None])
    config["epochs_to"] = {}
    for level in map(str, LEVELS):
        reached = [run["epochs_to"][level] for run in finished if run["epochs_to"][level] is not None]
        never = len(finished) - len(reached)
        config["epochs_to"][level] = mean_interval(reached) | {"never": never}
    return config


def _pairs(configs: list[Facts], runs: list[Facts], test_images: int) -> list[Facts]:
    """Every two configs, the better one first, by the seeds that both have finished."""
    pairs = []
    for measure in MEASURES:
        family = []
        for a, b in combinations((config["name"] for config in configs), 2):
            accuracies = {
                name: {r["seed"]: r[measure] for r in runs if r["config"] == name and measure in r}
                for name in (a, b)
            }
            seeds = sorted(accuracies[a].keys() & accuracies[b].keys())
            if not seeds:
                continue
            if sum(accuracies[a][s] - accuracies[b][s] for s in seeds) < 0:
                a, b = b, a
            facts = paired([accuracies[a][s] for s in seeds], [accuracies[b][s] for s in seeds])
            differences = [accuracies[a][s] - accuracies[b][s] for s in seeds]
            family.append({"measure": measure, "a": a, "b": b, "differences": differences} | facts)
        for test in ("p_t", "p_wilcoxon"):
            adjusted = holm([pair[test] for pair in family])
            for pair, p in zip(family, adjusted, strict=True):
                pair[f"{test}_holm"] = p
        pairs += [pair | {"sentence": sentence(pair, test_images)} for pair in family]
    return pairs


def sentence(pair: Facts, test_images: int) -> str:
    """A paired difference in words; `test_images` are those that an accuracy is a fraction of."""
    a, b, n = pair["a"], pair["b"], pair["n"]
    images = f"{test_images * pair['mean']:.0f} images of {test_images:,}"
    head = f"{a} is {100 * pair['mean']:.2f} points above {b} ({images})"
    if pair["low"] is None:
        return f"{head} with one seed, which says nothing about others: no interval"
    interval = f"95 % interval {100 * pair['low']:.2f} to {100 * pair['high']:.2f}"
    adjusted, verdict = pair.get("p_t_holm"), ""
    if pair["low"] <= 0:
        verdict = "; the interval holds 0, so neither is shown to be better"
    elif adjusted is not None and adjusted > LARGEST_P:
        verdict = "; but among so many pairs one such interval may come by chance "
        verdict += f"(p = {adjusted:.2g}, adjusted by Holm)"
    return f"{head}, {interval}, in {pair['above']} of {n} seeds{verdict}"


def _best(configs: list[Facts]) -> str | None:
    """The point with the highest mean final validation accuracy, of those whose seeds have all finished."""
    whole = [config for config in configs if not config["failed"]] or configs
    measured = [config for config in whole if config["finished"]]
    ranked = sorted(measured, key=lambda config: -config["final_validation_accuracy"]["mean"])
    return ranked[0]["name"] if ranked else None
