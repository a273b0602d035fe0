"""The metrics that `training.monitor` may name: the only place that knows what such a name means."""

from __future__ import annotations

from typing import NamedTuple


class Metric(NamedTuple):
    """`quantity` of `split`, one number an epoch or, `by_layer`, one for each hidden layer.

    An accuracy lies between 0 and 1 and is shown in percent. The mean of outputs does, too, where outputs do.
    """

    split: str
    quantity: str
    by_layer: bool = False

    @property
    def name(self) -> str:
        """As configs and metrics.jsonl have it."""
        return f"{self.split}_{self.quantity}"

    @property
    def title(self) -> str:
        """As tables and figures have it: "training cost"."""
        return self.name.replace("_", " ").replace("train ", "training ")

    @property
    def is_cost(self) -> bool:
        return self.quantity == "cost"

    @property
    def is_accuracy(self) -> bool:
        return self.quantity == "accuracy"


SPLITS = ("train", "validation", "test")
QUANTITIES = ("cost", "accuracy", "mean_output", "mean_true_output")  # training/evaluation.py measures them

METRICS = {
    metric.name: metric
    for metric in (
        *(Metric(split, quantity) for split in SPLITS for quantity in QUANTITIES),
        Metric("train", "gradient_norms", by_layer=True),
    )
}
