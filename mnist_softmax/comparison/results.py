"""What a study found, from its run directories alone: a plain mapping, which is results.json."""

from __future__ import annotations

from itertools import combinations

from mnist_softmax.comparison.comparison import Study
from mnist_softmax.comparison.statistics import Facts, holm, mean_interval, paired
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.training.history import History

LEVELS = (0.90, 0.95, 0.96)  # validation accuracies, and how many epochs it takes to reach them
MEASURES = ("final_test_accuracy", "best_by_validation_test_accuracy")


def results(study: Study) -> Facts:
    """`runs` (one each), `configs` (over the seeds), `pairs` of configs or, of a sweep, the `best` point.

    Accuracies are fractions; `epochs_to` counts epochs from 1, over the seeds that got there.
    """
    runs = [_run(name, seed, RunDirectory(task.directory)) for (name, seed), task in study.tasks().items()]
    configs = [_config(name, [run for run in runs if run["config"] == name]) for name in study.configs]
    some = next((run for run in runs if run["status"] == "finished"), None)
    summary = some and RunDirectory(study.tasks()[some["config"], some["seed"]].directory).read_summary()
    found: Facts = {
        "kind": study.kind,
        "seeds": study.seeds,
        "commands": list(study.commands),
        "data": summary and summary["data"],
        "warnings": summary["warnings"] if summary else [],
        "environment": summary and summary["environment"],
        "configs": configs,
        "runs": runs,
    }
    if study.kind == "comparison":
        found["pairs"] = _pairs(configs, runs)
    else:
        for config in configs:
            config["point"] = dict(study.varied[config["name"]])
        found["best"] = _best(configs)
    return found


def _run(name: str, seed: int, place: RunDirectory) -> Facts:
    summary = place.read_summary()
    run: Facts = {"config": name, "seed": seed, "status": summary["status"] if summary else "unfinished"}
    run["reason"] = summary["reason"] if summary else "no summary"
    if summary is None or run["status"] != "finished":
        return run
    history, final, best = place.read_metrics(), summary["final"], summary["best_by_validation"]
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
        config[key] = mean_interval([run[key] for run in finished])
    config["epochs_to"] = {}
    for level in map(str, LEVELS):
        reached = [run["epochs_to"][level] for run in finished if run["epochs_to"][level] is not None]
        never = len(finished) - len(reached)
        config["epochs_to"][level] = mean_interval(reached) | {"never": never}
    return config


def _pairs(configs: list[Facts], runs: list[Facts]) -> list[Facts]:
    """Every two configs, the better one first, by the seeds that both have finished."""
    pairs = []
    for measure in MEASURES:
        family = []
        for a, b in combinations((config["name"] for config in configs), 2):
            of = {
                name: {r["seed"]: r[measure] for r in runs if r["config"] == name and measure in r}
                for name in (a, b)
            }
            seeds = sorted(of[a].keys() & of[b].keys())
            if not seeds:
                continue
            if sum(of[a][s] - of[b][s] for s in seeds) < 0:
                a, b = b, a
            facts = paired([of[a][s] for s in seeds], [of[b][s] for s in seeds])
            differences = [of[a][s] - of[b][s] for s in seeds]
            family.append({"measure": measure, "a": a, "b": b, "differences": differences} | facts)
        for test in ("p_t", "p_wilcoxon"):
            adjusted = holm([pair[test] for pair in family])
            for pair, p in zip(family, adjusted, strict=True):
                pair[f"{test}_holm"] = p
        pairs += [pair | {"sentence": sentence(pair)} for pair in family]
    return pairs


def sentence(pair: Facts) -> str:
    """A paired difference in words."""
    a, b, n = pair["a"], pair["b"], pair["n"]
    images = f"{10_000 * pair['mean']:.0f} images of 10,000"
    head = f"{a} is {100 * pair['mean']:.2f} points above {b} ({images})"
    if pair["low"] is None:
        return f"{head} with one seed, which says nothing about others: no interval"
    interval = f"95 % interval {100 * pair['low']:.2f} to {100 * pair['high']:.2f}"
    verdict = "" if pair["low"] > 0 else "; the interval holds 0, so neither is shown to be better"
    return f"{head}, {interval}, in {pair['above']} of {n} seeds{verdict}"


def _best(configs: list[Facts]) -> str | None:
    """The point with the highest mean final validation accuracy, of those whose seeds have all finished."""
    whole = [config for config in configs if not config["failed"]] or configs
    measured = [config for config in whole if config["finished"]]
    ranked = sorted(measured, key=lambda config: -config["final_validation_accuracy"]["mean"])
    return ranked[0]["name"] if ranked else None
