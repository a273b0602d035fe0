"""What a run has measured: one record an epoch, and the few questions asked of them.

A record is a plain mapping, a line of metrics.jsonl: `epoch` (from 1), `learning_rate`, `seconds`, `penalty`,
and the monitored metrics named `<split>_<quantity>`, accuracies as fractions.
"""

from __future__ import annotations

from typing import Any

Record = dict[str, Any]
History = list[Record]


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
