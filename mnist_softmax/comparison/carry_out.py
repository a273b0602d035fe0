"""Carry out a study: train what is not trained yet, and keep what a report needs beside the runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from mnist_softmax.comparison.comparison import Study, check_configs, joined, owned, write
from mnist_softmax.comparison.mistakes import exhibits
from mnist_softmax.comparison.results import results
from mnist_softmax.comparison.slowdown import slowdown
from mnist_softmax.config.config import Config
from mnist_softmax.config.file import load_config
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.data.sources import load
from mnist_softmax.errors import ConfigError
from mnist_softmax.runs.many import Backend, OnEvent, Outcome, train_all


def configs_of(paths: Sequence[str], overrides: Sequence[str]) -> dict[str, Config]:
    """The config at each path, by its name. Raises ConfigError: one is wrong, or stands there twice."""
    configs: dict[str, Config] = {}
    for path in paths:
        name, settings = Path(path).stem, load_config(path, overrides)
        for other, its in configs.items():
            if _alike(its, settings):
                raise ConfigError(f"{path}: is the same config as {other}; name each config once")
        if name in configs:
            raise ConfigError(f"{path}: another config is called {name} too; rename one of the files")
        configs[name] = settings
    return configs


def _alike(a: Config, b: Config) -> bool:
    return a.model_copy(update={"seed": b.seed, "output": b.output}) == b


def carry_out(
    study: Study,
    jobs: int | None = None,
    backend: Backend = "local",
    scheduler: str | None = None,
    on_start: Callable[[Study, Dataset], OnEvent] = lambda study, dataset: lambda event: None,
    on_trained: Callable[[], None] = lambda: None,
    cohort: int | None = None,
) -> tuple[Study, list[Outcome]]:
    """Train every config with every seed, and write results.json, exhibits.json and slowdown.json.

    Gives the study with what its folder held already, and the outcome of every run. `on_start` is called when all
    is in order and gives what is called with the events of training, `on_trained` after the last of these.
    Raises as `train_all`, and ConfigError or RunDirectoryError where study and folder do not fit: before
    anything is overwritten.
    """
    check_configs(study)
    joined(study)
    load_once = cache(load)  # what is trained on is shown, too
    datasets = {settings.data: load_once(settings.data) for settings in study.configs.values()}
    with owned(study.directory):
        study = joined(study)
        tasks = list(study.tasks().values())
        told: list[OnEvent] = []

        def begin() -> None:
            told.append(on_start(study, next(iter(datasets.values()))))
            write(study)

        outcomes = train_all(
            tasks,
            jobs,
            backend,
            scheduler,
            lambda event: told[0](event),
            cohort,
            on_start=begin,
            load=load_once,
        )
        on_trained()
        found = results(study)
        study.write_json("results.json", found)
        shown = [found["best"]] if study.kind == "sweep" else [*study.configs]
        of = {name: datasets[study.configs[name].data] for name in shown if name}
        study.write_json("exhibits.json", {name: exhibits(study, name, data) for name, data in of.items()})
        if study.kind == "comparison":
            study.write_json("slowdown.json", _slowdowns(study, of))
    return study, outcomes


def _slowdowns(study: Study, datasets: Mapping[str, Dataset]) -> dict[str, object]:
    return {name: slowdown(study.configs[name], datasets[name], study.seeds) for name in study.configs}
