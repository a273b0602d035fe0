"""Compare configs: train what is not trained yet, and keep what a report needs beside the runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from mnist_softmax.comparison.comparison import (
    Comparison,
    check_comparable,
    locked,
    what_counts,
    with_stored,
    write_comparison,
)
from mnist_softmax.comparison.mistakes import mistakes
from mnist_softmax.comparison.results import Results, work_out
from mnist_softmax.comparison.slowdown import slowdown
from mnist_softmax.config.config import Config
from mnist_softmax.config.file import load_config
from mnist_softmax.config.shipped import name_of
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import ConfigError, UserError
from mnist_softmax.runs.many import Backend, OnEvent, check_jobs, train_all


def load_configs(paths: Sequence[str], overrides: Sequence[str]) -> dict[str, Config]:
    """The config at each path, by its name. Raises ConfigError: one is wrong, or stands there twice."""
    configs: dict[str, Config] = {}
    for path in paths:
        name, settings = name_of(path), load_config(path, *overrides)
        for earlier, its in configs.items():
            if what_counts(its) == what_counts(settings):
                raise ConfigError(f"{path}: is the same config as {earlier}; name each config once")
        if name in configs:
            raise ConfigError(f"{path}: another config is called {name} too; rename one of the files")
        configs[name] = settings
    return configs


def compare(
    configs: Mapping[str, Config],
    seeds: int = 10,
    into: str | Path = "comparison",
    jobs: int | None = None,
    *,
    cohort: int | None = None,
    backend: Backend = "local",
    scheduler: str | None = None,
    points: Mapping[str, Mapping[str, Any]] | None = None,
    command: str | None = None,
    on_start: Callable[[Comparison, Dataset], None] = lambda comparison, dataset: None,
    on_event: OnEvent = lambda event: None,
    on_trained: Callable[[], None] = lambda: None,
) -> Results:
    """Train each named config with the seeds 0 to `seeds` - 1 and say which learns better, paired by seed.

    Runs lie in the folder `into`, with results.json, exhibits.json and slowdown.json beside them; what is
    finished there is not trained again, and a call with more seeds or configs adds to it. The configs' own seeds
    and output directories do not matter. `mnist-softmax report FOLDER` makes tables, figures and a page.

    `jobs` processes (None and -1 are one a core), `cohort` networks trained together at most; results depend on
    neither, nor on `backend` ("dask": the cluster whose scheduler is at the address `scheduler`).
    `points` makes a sweep of it: of each config the keys that were varied, with their values. A sweep has no
    `pairs` but the `best` config by validation. `command` is kept, to be shown in the report.
    `on_start` is called when all is in order and nothing is overwritten yet, `on_event` as `train_all` does,
    `on_trained` after the last of these.

    A run that fails does not end the others: see `errors` of the result. Raises UserError: ConfigError where the
    configs cannot be compared, DataError, RunDirectoryError where the folder holds something else or cannot be
    written.
    """
    for name, number in (("seeds", seeds), ("cohort", cohort)):
        if number is not None and number < 1:
            raise ConfigError(f"{name} {number}: expected at least 1")
    check_jobs(jobs)
    if scheduler and backend != "dask":
        raise ConfigError("a scheduler is for the backend dask")
    comparison = Comparison(Path(into), dict(configs), seeds, (command,) if command else (), points or {})
    check_comparable(comparison)
    with_stored(comparison)  # a folder that does not fit is refused before anyone waits for digits
    load_once = cache(load_digits)  # what is trained on is shown, too
    datasets = {name: load_once(settings.data) for name, settings in configs.items()}
    if comparison.kind == "comparison":
        _check_same_data(datasets)
    with locked(comparison.directory):
        comparison = with_stored(comparison)

        def begin() -> None:
            on_start(comparison, next(iter(datasets.values())))
            write_comparison(comparison)

        tasks = comparison.tasks()
        outcomes = train_all(
            tasks, jobs, backend, scheduler, on_event, cohort=cohort, on_start=begin, load=load_once
        )
        on_trained()
        results = work_out(comparison, [each for each in outcomes if isinstance(each, UserError)])
        results.store()
        names = [*configs] if comparison.kind == "comparison" else [results.best] if results.best else []
        mistaken = {name: mistakes(comparison, name, datasets[name]) for name in names}
        comparison.write_json("exhibits.json", mistaken)
        if comparison.kind == "comparison":
            slowdowns = {name: slowdown(configs[name], datasets[name], comparison.seeds) for name in names}
            comparison.write_json("slowdown.json", slowdowns)
    return results


def _check_same_data(datasets: Mapping[str, Dataset]) -> None:
    """Raises ConfigError where two configs are for different digits; where these lie is of no account."""
    (first, reference), *others = datasets.items()
    for name, dataset in others:
        if dataset.checksum != reference.checksum:
            raise ConfigError(
                f"{name} and {first} are for different data ({dataset.location} and {reference.location} have other "
                "checksums); give both the same"
            )
