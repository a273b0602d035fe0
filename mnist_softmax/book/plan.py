"""Reproduce experiments of the book: train what is missing, then judge what is there."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from mnist_softmax.book.baselines import run_baseline
from mnist_softmax.book.experiment import Experiment, reference
from mnist_softmax.book.judge import Evidence, headline, judge, select
from mnist_softmax.book.replay import author_file, compare
from mnist_softmax.config.config import Config
from mnist_softmax.config.data import Data
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.data.sources import load
from mnist_softmax.errors import ConfigError, DataError, RunDirectoryError, UserError
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.runs.many import OnEvent, train_all
from mnist_softmax.runs.run import Task

SPLITS = ("train", "validation", "test")
LEAST_SEEDS = 4  # below that a best of three has no spread

Result = dict[str, Any]


class Tasks(NamedTuple):
    """The runs of one experiment."""

    seeded: list[Task]
    recorded: list[Task]


class Plan:
    """What has to be trained for some experiments, and where it goes."""

    def __init__(self, experiments: Sequence[Experiment], output: Path, seeds: int) -> None:
        """Raises DataError where the digits are not to be had."""
        self.experiments, self.output = experiments, output
        self.datasets = {experiment.data: digits(experiment.data) for experiment in experiments}
        self.tasks = {
            experiment.id: Tasks(
                experiment.seeded(output, seeds),
                experiment.recorded(output, len(load_whole(experiment).train)),
            )
            for experiment in experiments
        }

    def every_task(self) -> list[Task]:
        """All of them, those that take longest first, so that no process is left with one of these at the end."""
        tasks = [task for tasks in self.tasks.values() for kind in tasks for task in kind]
        return sorted(tasks, key=lambda task: -standard_epochs(task.settings))

    def refuse_what_is_begun(self) -> None:
        """Raises RunDirectoryError where one of the runs is on disk already."""
        for task in self.every_task():
            if RunDirectory(task.directory).config.is_file():
                raise RunDirectoryError(
                    f"{task.directory}: holds a run already; --resume keeps what is finished and goes on, "
                    "--output DIR begins anew elsewhere"
                )

    def train(self, jobs: int | None, on_event: OnEvent) -> None:
        """Train what is not finished. An event's epochs are `standard_epochs`.

        Raises as `train_all`; and, when the others have been trained, the first fault of a run that was not.
        """
        tasks = self.every_task()
        each = [standard_epochs(task.settings) / task.settings.training.epochs for task in tasks]
        outcomes = train_all(
            tasks,
            jobs,
            on_event=lambda event: on_event(event._replace(epochs=round(event.epochs * each[event.number]))),
        )
        for outcome in outcomes:
            if isinstance(outcome, UserError):
                raise outcome

    def baselines(self, say: Callable[[str], None]) -> dict[str, list[dict[str, Any]]]:
        """What the classifiers that are no networks find, by id of the experiment."""
        found = {}
        for experiment in self.experiments:
            if baseline := experiment.book.baseline:
                dataset, scale = self.datasets[experiment.data], experiment.data.scale
                cache = self.output / "baselines"
                found[experiment.id] = run_baseline(baseline.method, baseline.sizes, dataset, scale, cache, say)
        return found


def standard_epochs(settings: Config) -> float:
    """How long a run takes, in epochs of the book's first network over 50,000 images."""
    training, data = settings.training, settings.data
    evaluated = 10_000 * sum(any(metric.startswith(split) for metric in training.monitor) for split in SPLITS)
    images = (data.training_size or 50_000) + evaluated / 4 / training.monitor_every
    connections = sum(layer.n_in * layer.n_out for layer in settings.network.placed())
    return training.epochs * (images + 1000) / 51_000 * (connections + 10_000) / 34_000


@lru_cache(maxsize=8)
def digits(data: Data) -> Dataset:
    """As `load`, but once. Raises DataError without the hint to be content with a sample."""
    try:
        return load(data)
    except DataError as error:
        reason = str(error).partition("; to do with 5,000")[0]
        raise DataError(f"the book's experiments need all 70,000 images. {reason}") from None


def load_whole(experiment: Experiment) -> Dataset:
    """All the digits of an experiment, whatever part of them it trains on."""
    return digits(experiment.data.model_copy(update={"training_size": None, "validation_size": None}))


def results(plan: Plan, baselines: dict[str, list[dict[str, Any]]], recordings: Path | None) -> list[Result]:
    """Judge every experiment of a plan that has been trained; `recordings` is a folder of the author's files."""
    return [
        _result(experiment, plan, baselines.get(experiment.id, []), recordings)
        for experiment in plan.experiments
    ]


def _result(
    experiment: Experiment, plan: Plan, baseline: list[dict[str, Any]], recordings: Path | None
) -> Result:
    tasks, book = plan.tasks[experiment.id], experiment.book
    seeded: dict[str, list[RunDirectory]] = {run: [] for run in experiment.seeded_runs}
    for task in tasks.seeded:
        run = next(
            run for run in seeded if experiment.directory(plan.output, run) == Path(task.directory).parent
        )
        seeded[run].append(RunDirectory(task.directory))
    recorded = {
        run: RunDirectory(task.directory)
        for run, task in zip(experiment.runs, tasks.recorded, strict=bool(tasks.recorded))
    }
    evidence = Evidence(seeded, recorded, baseline, plan.datasets[experiment.data])
    summaries = [RunDirectory(task.directory).read_summary() or {} for kind in tasks for task in kind]
    seconds = [summary["seconds"] for summary in summaries] + [record["seconds"] for record in baseline]
    return {
        "id": experiment.id,
        "chapter": book.chapter,
        "section": book.section,
        "title": book.title,
        "findings": [judge(claim, evidence) for claim in book.claims],
        "replays": _replays(experiment, evidence, recordings),
        "chaotic": book.recording.chaotic if book.recording else None,
        "headlines": {run: headline(evidence.histories(run)) for run in seeded},
        "inferred": list(book.inferred),
        "deviations": list(book.deviations),
        "runs": len(summaries) + len(baseline),
        "seconds": sum(seconds),
    }


def _replays(experiment: Experiment, evidence: Evidence, recordings: Path | None) -> list[dict[str, Any]]:
    recording = experiment.book.recording
    if recording is None:
        return []
    curves, source = _record(experiment, recordings)
    replays = []
    for run, directory in evidence.recorded.items():
        history, settings = directory.read_metrics(), directory.read_config()
        sizes = {name: len(getattr(evidence.dataset, name)) for name in ("validation", "test")}
        sizes["train"] = settings.data.training_size or len(load_whole(experiment).train)
        for metric in recording.metrics:
            ours = {how: select(history, metric, how) for how in ("first", "peak", "final")}
            replay: dict[str, Any] = {"run": run, "metric": metric, "epochs": 0, "ours": ours}
            if metric in curves.get(run, {}):
                epochs, record = curves[run][metric]
                comparison = compare(run, metric, history, sizes, epochs, record, experiment.book.tolerance)
                replay |= dataclasses.asdict(comparison) | {"exact": comparison.exact, "against": source}
            replays.append(replay)
    return replays


def _record(
    experiment: Experiment, recordings: Path | None
) -> tuple[dict[str, dict[str, tuple[list[int], list[float]]]], str]:
    """For each run and metric the epochs that are known and what was recorded there; and where that stands."""
    recording = experiment.book.recording
    assert recording is not None
    path = recordings / f"{recording.figures}.json" if recordings else None
    if path and path.exists():
        try:
            curves = author_file(recording.figures, json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError, IndexError, KeyError) as error:
            raise ConfigError(f"{path}: is not laid out as the author's recordings are ({error})") from None
        last = {run: experiment.settings(run).training.epochs for run in experiment.runs}
        return {
            run: {
                metric: (list(range(last[run] - len(values), last[run])), values)
                for metric, values in metrics.items()
                if values
            }
            for run, metrics in curves.items()
        }, str(path.name)
    known = reference()["recordings"].get(recording.figures, {"epochs": [], "runs": {}})
    return {
        run: {metric: (known["epochs"], values) for metric, values in metrics.items()}
        for run, metrics in known["runs"].items()
    }, "reference figures"
