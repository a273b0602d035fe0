"""What a person reads while a network trains: the config once, a line an epoch, a closing summary.

On a terminal a bar follows the mini-batches; elsewhere (a file, a pipe) there are plain lines only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from mnist_softmax.config.config import Config
from mnist_softmax.config.placed import Placed
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.errors import RunFailed, UserError
from mnist_softmax.messages import bounded, message
from mnist_softmax.metrics import METRICS
from mnist_softmax.runs.summary import Data, Summary
from mnist_softmax.text import accuracy, aligned
from mnist_softmax.training.history import Record


def warn(text: str) -> None:
    """A warning that cannot be overlooked, on standard error."""
    print(_loud(message(f"warning: {text}")), file=sys.stderr, flush=True)


def _loud(text: str) -> str:
    plain = not _on_a_terminal() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return text if plain else f"\033[1;33m{text}\033[0m"


def _on_a_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def runs_are_kept(error: Exception, again: str) -> UserError:
    """What to tell where something after the training has failed: `again` makes it anew."""
    known = error if isinstance(error, UserError) else RunFailed(f"{type(error).__name__}: {error}")
    what = " ".join(str(known).split())
    return type(known)(f"the report was not written: {what}; all runs are kept: mend the cause, then {again}")


def introduction(settings: Config, dataset: Dataset, directory: str) -> str:
    """The resolved config, the data and the place of the run."""
    sizes = (
        f"{len(dataset.train):,} training, {len(dataset.validation):,} validation, {len(dataset.test):,} test"
    )
    facts = [
        ("data", f"{dataset.source}: {sizes} images"),
        *([("found", dataset.recognised)] if dataset.recognised else []),
        *_layers(settings.network.placed()),
        ("run", directory),
    ]
    return "\n".join(map(bounded, [*settings.to_yaml().split("\n"), *aligned(facts, left=2)]))


def _layers(layers: Sequence[Placed[Any]]) -> list[tuple[str, str]]:
    """What goes through the network, and how many parameters each layer has."""
    counts = [layer.num_parameters for layer in layers if layer.arrays]
    shapes = [
        " x ".join(map(str, (layer.shape_out[-1], *layer.shape_out[:-1]))) for layer in layers if layer.arrays
    ]
    return [
        ("layers", " -> ".join([f"{layers[0].n_in}", *shapes])),
        ("parameters", f"{sum(counts):,} ({' + '.join(f'{count:,}' for count in counts)})"),
    ]


class EpochTable:
    """One aligned line per epoch, under a heading that is written once."""

    def __init__(self, settings: Config, dataset: Dataset) -> None:
        self.metrics = settings.training.monitor
        self.n = {name: len(getattr(dataset, name)) for name in ("train", "validation", "test")}
        self.epochs = settings.training.epochs
        self.hidden = len(settings.network.hidden())

    def heading(self) -> str:
        """The names of the columns."""
        names = [METRICS[metric].title.rjust(self._width(metric)) for metric in self.metrics]
        return "  ".join(["epoch", *names, "learning rate", "seconds"])

    def line(self, record: Record) -> str:
        """The figures of one epoch; an accuracy as percent and as a count."""
        cells = [self._cell(metric, record.get(metric)).rjust(self._width(metric)) for metric in self.metrics]
        return "  ".join(
            [f"{record['epoch']:5d}", *cells, f"{record['learning_rate']:13.6g}", f"{record['seconds']:7.2f}"]
        )

    def _cell(self, metric: str, value: Any) -> str:
        if value is None:  # an epoch that monitor_every leaves out
            return ""
        if isinstance(value, list):  # a number for each hidden layer
            return " ".join(f"{each:.2e}" for each in value)
        return accuracy(value, self.n[METRICS[metric].split]) if METRICS[metric].is_accuracy else f"{value:.5f}"

    def _width(self, metric: str) -> int:
        widest = [1.0] * self.hidden if METRICS[metric].by_layer else 1.0
        return max(len(METRICS[metric].title), len(self._cell(metric, widest)))


def progress_bar(batches: Iterable[Any], total: int) -> Iterable[Any]:
    """A tqdm bar over an epoch's mini-batches on a terminal, gone when the epoch is over."""
    if not _on_a_terminal():
        return batches
    from tqdm import tqdm

    return tqdm(batches, total=total, unit=" mini-batches", unit_scale=True, leave=False, dynamic_ncols=True)


def conclusion(summary: Summary, directory: str) -> str:
    """What came of it, and where it lies."""
    facts = []
    for label, record in (("final", summary["final"]), ("best by validation", summary["best_by_validation"])):
        if record:
            facts.append((label, _result(record, summary["data"])))
    speed = summary["images_per_second"]  # None where the clock stood still
    rate = f", {speed:,.0f} images/s" if speed else ""
    facts.append(
        ("trained", f"{summary['epochs']} epochs in {summary['seconds']:.1f} s{rate} ({summary['reason']})")
    )
    if summary.get("model") == "best_by_validation":
        facts.append(("kept", "the parameters that were best by validation"))
    facts.append(("run", directory))
    return "\n".join(aligned(facts, left=2))


def _result(record: Record, data: Data) -> str:
    sizes = {"test": data["test"], "validation": data["validation"], "train": data["train"]}
    shown = [
        f"{name} {accuracy(record[f'{name}_accuracy'], sizes[name])}"
        for name in sizes
        if f"{name}_accuracy" in record
    ]
    return f"{', '.join(shown) or 'no accuracy was monitored'}  (epoch {record['epoch']})"
