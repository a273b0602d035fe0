"""Replayed runs against the author's records, epoch by epoch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from mnist_softmax.book.claim import ONLY, Evidence
from mnist_softmax.book.experiment import Experiment
from mnist_softmax.book.reference import reference
from mnist_softmax.book.selected import select
from mnist_softmax.config.schema import Number
from mnist_softmax.errors import ConfigError
from mnist_softmax.metrics import METRICS
from mnist_softmax.reading import MOST_JSON, parse_json, read_whole
from mnist_softmax.training.history import History, Record

Recorded = dict[str, dict[str, tuple[list[int], list[float]]]]
"""For each run and metric the epochs that are known, and what was recorded after them."""


ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)
CURVES = TypeAdapter(dict[str, dict[str, list[Number]]])


@dataclass(frozen=True)
class Comparison:
    """One curve of one run; epochs count from 0."""

    epochs: int
    """How many epochs were compared."""
    equal: int
    """At how many of them counts are the same and costs within the tolerance."""
    first_difference: int | None
    largest: float
    """The largest difference: in images for a count, relative for a cost."""

    @property
    def exact(self) -> bool:
        """Every epoch agrees."""
        return self.equal == self.epochs


def book_cost(record: Record, metric: str, sizes: dict[str, int]) -> float:
    """A cost as the book's programs report it: with the penalty, in which lambda is divided by the number of
    images that the cost is of, however many the network was trained on."""
    return float(record[metric] + record["penalty"] * sizes["train"] / sizes[METRICS[metric].split])


def compare(
    metric: str,
    history: History,
    sizes: dict[str, int],
    epochs: list[int],
    record: list[float],
    tolerance: float,
) -> Comparison:
    """`record[k]` is what the author's program found after epoch `epochs[k]`; `sizes` of the three splits.

    His costs are those of `book_cost`, his accuracies are counts. Epochs that we have not trained are left out.
    """
    counts, n = METRICS[metric].is_accuracy, sizes[METRICS[metric].split]
    ours = {entry["epoch"] - 1: entry for entry in history if metric in entry}
    differences: dict[int, float] = {}
    for epoch, theirs in zip(epochs, record, strict=True):
        if entry := ours.get(epoch):
            if counts:
                differences[epoch] = abs(round(entry[metric] * n) - theirs)
            else:
                differences[epoch] = abs(book_cost(entry, metric, sizes) - theirs) / (abs(theirs) or 1)
    allowed = 0 if counts else tolerance
    parted = [epoch for epoch, difference in differences.items() if not difference <= allowed]  # it may be NaN
    equal, first = len(differences) - len(parted), parted[0] if parted else None
    return Comparison(len(differences), equal, first, max(differences.values(), default=0))


def replays(experiment: Experiment, evidence: Evidence, folder: Path | None) -> list[dict[str, Any]]:
    """Each curve of an experiment's recording: ours, and the comparison where the author's is known.

    His is read from his own file in `folder`, if it is there, else from the reference figures.
    """
    recording = experiment.book.recording
    if recording is None:
        return []
    known, against, found = reference_curves(recording.figures), "reference figures", []
    if folder and (path := folder / f"{recording.figures}.json").exists():
        known, against = _whole_curves(experiment, recording.figures, path), path.name
    for run, directory in evidence.recorded.items():
        history, sizes = directory.read_metrics(), evidence.sizes(directory)
        curves = known.get(run, {})
        for metric in recording.metrics:
            ours = {how: select(history, metric, how) for how in ("first", "peak", "final")}
            replay: dict[str, Any] = {"run": run, "metric": metric, "epochs": 0, "ours": ours}
            if metric in curves:
                comparison = compare(metric, history, sizes, *curves[metric], experiment.book.tolerance)
                replay |= asdict(comparison) | {"exact": comparison.exact, "against": against}
            found.append(replay)
    return found


def reference_curves(figures: str) -> Recorded:
    """What the reference figures have of a recording; nothing, where they do not know it."""
    known = reference()["recordings"].get(figures, {"epochs": [], "runs": {}})
    return {
        run: {metric: (known["epochs"], values) for metric, values in metrics.items()}
        for run, metrics in known["runs"].items()
    }


def _whole_curves(experiment: Experiment, figures: str, path: Path) -> Recorded:
    """What the author's own file has. Raises ConfigError: it is damaged, or another file."""
    try:
        curves = CURVES.validate_python(author_file(figures, parse_json(read_whole(path, MOST_JSON), ANYTHING)))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, TypeError, LookupError) as error:
        what = " ".join(str(error).split())
        raise ConfigError(f"{path}: is not laid out as the author's recordings are ({what:.200})") from None
    trained = {run: experiment.settings(run).training.epochs for run in experiment.runs}
    return {
        run: {metric: (_last(len(values), trained[run]), values) for metric, values in metrics.items()}
        for run, metrics in curves.items()
        if run in trained
    }


def _last(n: int, trained: int) -> list[int]:
    """The epochs of n values: all from the first on, or where these are fewer than were trained the last."""
    first = max(trained - n, 0)
    return [*range(first, first + n)]


def author_file(figures: str, content: Any) -> dict[str, dict[str, list[float]]]:
    """The curves of one of the author's own files, fig/<figures>.json, in the form of the reference figures:
    for each run and metric a value for each epoch, or for the last one only."""
    match figures:
        case "overfitting" | "overfitting_full" | "regularized" | "regularized_full":
            lists = ("test_cost", "test_accuracy", "train_cost", "train_accuracy")
            return {ONLY: dict(zip(lists, content, strict=True))}
        case "weight_initialization_30" | "weight_initialization_100":
            return {
                run: {"validation_accuracy": content[f"{run}_weight_initialization"][1]}
                for run in ("default", "large")
            }
        case "multiple_eta":
            runs = zip(("0.025", "0.25", "2.5"), content, strict=True)
            return {run: {"train_cost": curves[2]} for run, curves in runs}
        case "more_data":
            sizes = ("100", "200", "500", "1000", "2000", "5000", "10000", "20000", "50000")
            return {
                size: {"validation_accuracy": [round(100 * percent)]}  # of 10,000
                for size, percent in zip(sizes, content, strict=True)
            }
    raise ValueError(f"the layout of {figures}.json is not known")
