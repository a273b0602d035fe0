"""What a run has measured: one record an epoch, and the few questions asked of them.

A record is a plain mapping, a line of metrics.jsonl: `epoch` (from 1), `learning_rate`, `seconds`, `penalty`,
and the monitored metrics named `<split>_<quantity>`, accuracies as fractions.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, create_model

from mnist_softmax.metrics import METRICS, Metric
from mnist_softmax.reading import Damaged

MOST_BYTES = 50_000_000  # of metrics.jsonl; two hundred thousand epochs have as many
Record = dict[str, Any]
History = list[Record]


def _share(value: float) -> float:
    if value < 0 or value > 1:  # of a run that overflowed it may be NaN
        raise ValueError("expected a number from 0 to 1")
    return value


def _type(metric: Metric) -> Any:
    if metric.by_layer:
        return list[float]
    return Annotated[float, AfterValidator(_share)] if metric.is_accuracy else float


_FIELDS: dict[str, Any] = {
    "epoch": (Annotated[int, Field(gt=0)], ...),
    "learning_rate": (float, ...),
    "seconds": (Annotated[float, Field(ge=0, allow_inf_nan=False)], ...),
    "penalty": (float, ...),
} | {metric.name: (_type(metric), 0) for metric in METRICS.values()}
_Stored = create_model("_Stored", __config__=ConfigDict(extra="forbid"), **_FIELDS)


def _checked(record: dict[str, Any]) -> Record:
    _Stored.model_validate(record, strict=True)
    return record  # itself: its keys keep their order, and its numbers their bits


def in_order(history: History) -> History:
    """The history, where it has one record an epoch, from 1 on. Raises Damaged where it has not."""
    if [record["epoch"] for record in history] != [*range(1, len(history) + 1)]:
        raise Damaged("its history is not one record an epoch")
    return history


Checked = Annotated[dict[str, Any], AfterValidator(_checked)]
RECORD: TypeAdapter[Record] = TypeAdapter(Checked)
CheckedHistory = Annotated[list[Checked], AfterValidator(in_order)]


def column(history: History, metric: str) -> list[float]:
    """One metric over the epochs."""
    return [record[metric] for record in history]


def best_epoch(history: History, metric: str = "validation_accuracy") -> Record | None:
    """The record of the first epoch at which `metric` is highest; None where it was never measured."""
    measured = [record for record in history if metric in record]
    return max(measured, key=lambda record: record[metric], default=None)


def epochs_without_improvement(history: History) -> int:
    """How many epochs have passed since the best validation accuracy so far."""
    best = best_epoch(history)
    return history[-1]["epoch"] - best["epoch"] if best else 0
