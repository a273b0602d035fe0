"""A replayed run against the author's record, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mnist_softmax.training.history import History, Record


@dataclass(frozen=True)
class Comparison:
    """One curve of one run; epochs count from 0."""

    run: str
    metric: str
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
    return record[metric] + record["penalty"] * sizes["train"] / sizes[metric.partition("_")[0]]


def compare(
    run: str,
    metric: str,
    history: History,
    sizes: dict[str, int],
    epochs: list[int],
    record: list[float],
    tolerance: float,
) -> Comparison:
    """`record[k]` is what the author's program found after epoch `epochs[k]`; `sizes` of the three splits.

    His costs are those of `book_cost`, his accuracies are counts.
    """
    split, _, quantity = metric.partition("_")
    by_epoch = {entry["epoch"] - 1: entry for entry in history if metric in entry}
    differences = []
    for epoch, recorded in zip(epochs, record, strict=True):
        entry = by_epoch[epoch]
        if quantity == "accuracy":
            differences.append(abs(round(entry[metric] * sizes[split]) - recorded))
        else:
            differences.append(abs(book_cost(entry, metric, sizes) - recorded) / abs(recorded))
    allowed = 0 if quantity == "accuracy" else tolerance
    parted = [epoch for epoch, difference in zip(epochs, differences, strict=True) if difference > allowed]
    return Comparison(
        run, metric, len(epochs), len(epochs) - len(parted), parted[0] if parted else None, max(differences)
    )


def author_file(figures: str, content: Any) -> dict[str, dict[str, list[float]]]:
    """The curves of one of the author's own files, fig/<figures>.json, in the form of the reference figures:
    for each run and metric a value for each epoch, or for the last one only."""
    lists = ("test_cost", "test_accuracy", "train_cost", "train_accuracy")
    if figures.startswith(("overfitting", "regularized")):
        return {"only": dict(zip(lists, content, strict=True))}
    if figures.startswith("weight_initialization"):
        return {
            run: {"validation_accuracy": content[f"{run}_weight_initialization"][1]}
            for run in ("default", "large")
        }
    if figures == "multiple_eta":
        return {
            run: {"train_cost": curves[2]}
            for run, curves in zip(("0.025", "0.25", "2.5"), content, strict=True)
        }
    if figures == "more_data":
        sizes = ("100", "200", "500", "1000", "2000", "5000", "10000", "20000", "50000")
        return {
            size: {"validation_accuracy": [round(100 * percent)]}  # of 10,000
            for size, percent in zip(sizes, content, strict=True)
        }
    raise ValueError(f"the layout of {figures}.json is not known")
