"""Train one config into one run directory: train, write down, and be ready to be killed at any instant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from mnist_softmax.config import Config
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.errors import ConfigError, Diverged
from mnist_softmax.experiments.environment import environment
from mnist_softmax.experiments.run_directory import Mode, RunDirectory, opened
from mnist_softmax.training.checkpoint import load_state, save_model, save_state
from mnist_softmax.training.cohort import State
from mnist_softmax.training.history import Record, best_epoch
from mnist_softmax.training.loop import Progress, start, train
from mnist_softmax.training.stopping import reason_to_stop

CHECKPOINT_SHARE = 0.1  # of the time at most: syncing a file to disk can take longer than a small epoch


def default_directory(settings: Config, config_path: str | Path) -> Path:
    """`<output.directory>/<name of the config>/seed-<n>`."""
    return Path(settings.output.directory) / Path(config_path).stem / f"seed-{settings.seed}"


def check_fit(settings: Config, dataset: Dataset) -> None:
    """Raises ConfigError where network and training do not fit the data."""
    layers, m, n = settings.network.layers, settings.training.mini_batch_size, len(dataset.train)
    if layers[0] != dataset.width:
        raise ConfigError(f"network.layers begins with {layers[0]}; the images have {dataset.width} pixels")
    if layers[-1] != dataset.num_classes:
        raise ConfigError(
            f"network.layers ends with {layers[-1]}; the labels have {dataset.num_classes} classes"
        )
    if m > n:
        raise ConfigError(f"training.mini_batch_size is {m}; there are only {n} training images")


def run(
    settings: Config,
    dataset: Dataset,
    directory: str | Path,
    mode: Mode = "new",
    progress: Progress = lambda batches, total: batches,
    on_start: Callable[[], None] = lambda: None,
    on_epoch: Callable[[Record], None] = lambda record: None,
) -> dict[str, Any]:
    """Train `settings` on `dataset` into `directory` and give back the summary that was written there.

    `on_start` is called when the directory is ours, `on_epoch` with each new record (and, on resuming, with
    those of earlier epochs first).
    One BLAS thread: the products of a mini-batch are too small for more, and sums keep one order.
    Raises ConfigError, RunDirectoryError (before anything is touched), Diverged (a summary says so).
    """
    check_fit(settings, dataset)
    with opened(directory, settings, mode) as place, threadpool_limits(limits=1, user_api="blas"):
        state = _take_up(place, settings, dataset)
        on_start()
        for record in state.history:
            on_epoch(record)
        last, took = 0.0, 0.0  # when the last checkpoint was written, and how long that took
        try:
            for record in train(state, dataset, settings, progress):
                place.append_metrics(record)
                now = monotonic()
                if reason_to_stop(settings.training, state.history) or took < CHECKPOINT_SHARE * (now - last):
                    save_state(place.checkpoint, state, dataset.checksum)
                    last = monotonic()
                    took = last - now
                on_epoch(record)
        except Diverged as error:
            place.write_summary(_summary("diverged", str(error), state, settings, dataset))
            raise
        save_model(place.model, state.network)
        reason = reason_to_stop(settings.training, state.history) or ""
        summary = _summary("finished", reason, state, settings, dataset)
        place.write_summary(summary)
        return summary


def _take_up(place: RunDirectory, settings: Config, dataset: Dataset) -> State:
    """The state of the last checkpoint, or of a new run."""
    if place.checkpoint.exists():
        state = load_state(place.checkpoint, settings, dataset.checksum)
    else:
        state = start(settings)
    place.write_metrics(state.history)
    return state


def _summary(status: str, reason: str, state: State, settings: Config, dataset: Dataset) -> dict[str, Any]:
    history, n = state.history, len(dataset.train)
    seconds = sum(record["seconds"] for record in history)
    peak = best_epoch(history, "test_accuracy")
    return {
        "status": status,
        "reason": reason,
        "seed": settings.seed,
        "epochs": len(history),
        "final": history[-1] if history else None,
        "best_by_validation": best_epoch(history),
        "peak_on_test": peak and {key: peak[key] for key in ("epoch", "test_accuracy")},
        "model": "best_by_validation" if state.best is not None else "final",
        "parameters": int(np.size(state.network.parameters.flat)),
        "seconds": seconds,
        "images_per_second": n * len(history) / seconds if seconds else None,
        "data": {
            "source": dataset.source,
            "checksum": dataset.checksum,
            "train": n,
            "validation": len(dataset.validation),
            "test": len(dataset.test),
        },
        "warnings": list(dataset.warnings),
        "environment": environment(),
    }
