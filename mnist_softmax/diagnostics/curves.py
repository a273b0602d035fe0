"""What runs measured, epoch by epoch: read from run directories, never trained here."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnist_softmax.errors import ConfigError, RunDirectoryError
from mnist_softmax.figures import drawing, legend, log_scale, new_figure, save
from mnist_softmax.files import write_whole
from mnist_softmax.metrics import METRICS
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.training.history import History, column


class Curves(NamedTuple):
    """The history of one run, under the name that tells it from the others."""

    name: str
    history: History


def read(paths: Sequence[str], metrics: Sequence[str]) -> list[Curves]:
    """The histories of the runs at `paths`.

    Raises RunDirectoryError: there is no run or it has no epoch yet; ConfigError: it did not measure a metric.
    """
    runs = []
    for path, name in zip(paths, _names(paths), strict=True):
        directory = RunDirectory(path)
        directory.read_config()
        history = directory.read_metrics() if directory.metrics.is_file() else []
        if not history:
            raise RunDirectoryError(f"{path}: has no epoch to show yet")
        for metric in metrics:
            if all(metric not in record for record in history):
                measured = ", ".join(sorted({key for record in history for key in record} - {"epoch"}))
                raise ConfigError(
                    f"{path}: did not measure '{metric}', but {measured}; training.monitor says what is measured"
                )
        complete = [record for record in history if all(metric in record for metric in metrics)]
        if not complete:
            raise RunDirectoryError(f"{path}: has no epoch that measured all of {', '.join(metrics)}")
        runs.append(Curves(name, complete))
    return runs


def _names(paths: Sequence[str]) -> list[str]:
    """`loglik` for runs/loglik/seed-0 where that tells runs apart, else `loglik/seed-0`, else the whole path."""
    parts = [Path(path).resolve().parts for path in paths]
    for names in (["/".join(part[-2:-1]) for part in parts], ["/".join(part[-2:]) for part in parts]):
        if len(set(names)) == len(names):
            return names
    return list(paths)


def table(runs: Sequence[Curves], metrics: Sequence[str]) -> str:
    """The metrics of every run after its last epoch."""
    width = max(len("run"), *(len(run.name) for run in runs))
    lines = [f"{'run':{width}}  epoch" + "".join(f"  {metric:>17}" for metric in metrics)]
    for run in runs:
        last = run.history[-1]
        cells = "".join(f"  {_text(last[metric]):>{max(17, len(metric))}}" for metric in metrics)
        lines.append(f"{run.name:{width}}  {last['epoch']:5d}{cells}")
    return "\n".join(lines)


def _text(value: float | list[float]) -> str:
    """A list has a number for each hidden layer."""
    return " ".join(f"{each:.3g}" for each in value) if isinstance(value, list) else f"{value:.6g}"


def write_csv(runs: Sequence[Curves], metrics: Sequence[str], path: str) -> None:
    """A line for each epoch of each run: `run`, `epoch`, the metrics. A metric by layer has a column for each layer,
    such as train_gradient_norms_1. Raises ConfigError: the file cannot be written.
    """
    lines = [
        {"run": run.name, "epoch": record["epoch"]} | _cells({metric: record[metric] for metric in metrics})
        for run in runs
        for record in run.history
    ]
    text = io.StringIO()
    writer = csv.DictWriter(
        text, list(dict.fromkeys(key for line in lines for key in line)), lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(lines)
    try:
        write_whole(Path(path), text.getvalue())
    except OSError as error:
        raise ConfigError(f"--csv {path}: cannot be written: {error.strerror or error}") from None


def _cells(values: dict[str, float | list[float]]) -> dict[str, float]:
    """Numbers by column."""
    cells: dict[str, float] = {}
    for name, value in values.items():
        if isinstance(value, list):
            cells |= {f"{name}_{l}": each for l, each in enumerate(value, start=1)}
        else:
            cells[name] = value
    return cells


@np.errstate(over="ignore")  # Matplotlib looks for marks far beyond what there is
def plot(runs: Sequence[Curves], metrics: Sequence[str], path: str) -> None:
    """A panel for each metric, a line for each run, over the epochs (from 1). Raises ConfigError as `save`."""
    columns = len(metrics) if len(metrics) <= 3 else 2
    rows = math.ceil(len(metrics) / columns)
    with drawing({}):
        figure = new_figure((3.8 * columns, 2.8 * rows + 0.5), layout="constrained")
        for number, metric in enumerate(metrics, start=1):
            panel = figure.add_subplot(rows, columns, number)
            lines = {}
            for run, style in zip(runs, _styles(len(runs)), strict=True):
                lines[run.name], *_ = panel.plot(
                    column(run.history, "epoch"), column(run.history, metric), style
                )
            known = METRICS.get(metric)  # beside these: penalty, learning_rate, seconds
            panel.set(title=known.title if known else metric.replace("_", " "), xlabel="epoch")
            if known and known.is_accuracy:
                panel.set_ylim(-0.03, 1.03)
            if known and (known.is_cost or known.by_layer):  # outputs may be negative
                log_scale(panel)
            panel.grid(alpha=0.3)
        legend(figure, lines, loc="outside lower center", ncols=min(len(runs), 4))
        save(figure, path)


def _styles(count: int) -> list[str]:
    """Lines that can be told apart without colour, and where they lie on each other."""
    return [("-", "--", ":", "-.")[i % 4] for i in range(count)]
