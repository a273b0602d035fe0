"""One figure of each run: which epoch it is taken from, and where the author's recorded run lies among ours."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from mnist_softmax.book.claim import ONLY, Claim, Evidence, Finding, Prospect, unit
from mnist_softmax.config.schema import Misfit, Number, PositiveInt
from mnist_softmax.config.training import MetricName
from mnist_softmax.metrics import METRICS
from mnist_softmax.training.history import History

VALIDATION = "validation_accuracy"


class Selected(Claim):
    """A claim on one figure of a run: `metric` at one epoch; its best epoch is chosen by itself (`peak`), or, as
    network3 does, is the last of those that are best on validation (`by_validation`)."""

    metric: MetricName = "test_accuracy"
    select: Annotated[Literal["peak", "final", "first", "by_validation"], Field(validate_default=True)] = "peak"
    """`first` is after the first epoch; for gradient norms before it."""
    run: str | None = None
    """Which of `runs`; where there is only one, nothing."""
    layer: PositiveInt | None = None
    """For gradient norms: which hidden layer, the first is 1."""
    recorded: Number | None = None
    """What a run that the author recorded had, to be placed among ours; of an exact replay it is known without."""

    @field_validator("select")
    @classmethod
    def _norms_have_no_peak(cls, select: str, info: ValidationInfo) -> str:
        metric = METRICS.get(info.data.get("metric", ""))
        if metric and metric.by_layer and select in ("peak", "by_validation"):
            raise ValueError(f"expected first or final, for {metric.name} has no peak")
        return select

    def check(self, prospect: Prospect) -> None:
        prospect.check(self.metric, self.run, "run")
        if self.select == "by_validation":
            prospect.check(VALIDATION, self.run, "run")
        self._check_layer(self.layer, prospect, self.run)

    def _check_layer(
        self, layer: int | None, prospect: Prospect, run: str | None = None, key: str = "layer"
    ) -> None:
        if layer and not METRICS[self.metric].by_layer:
            raise Misfit(key, f"{self.metric} is not of a layer")
        prospect.check_layer(layer, run, key)

    def values(self, evidence: Evidence, run: str | None, layer: int | None) -> np.ndarray:
        """The figure of each seed; an accuracy in percent."""
        if METRICS[self.metric].by_layer:
            epoch = {"first": 0, "final": -1}[self.select]
            return np.array([course[epoch, (layer or 1) - 1] for course in evidence.courses(run)])
        return np.array([select(history, self.metric, self.select) for history in evidence.histories(run)])

    def recorded_among(self, evidence: Evidence, values: np.ndarray) -> Finding:
        """Where the author's recorded run lies among our `values`: nothing, where its figure is not known."""
        run = self.run or ONLY
        directory = evidence.recorded.get(run)
        history = directory.read_metrics() if directory and (run, self.metric) not in evidence.parted else []
        value = self.recorded
        if value is None and any(self.metric in record for record in history):
            value = select(history, self.metric, self.select)
        if value is None:
            return {}
        below, above = np.count_nonzero(values < value), np.count_nonzero(values > value)
        figures = {"below": int(below), "above": int(above), "of": len(values)}
        ends = {"smallest": float(values.min()), "largest": float(values.max())}
        return {"recorded": {"value": value} | figures | ends}


def select(history: History, metric: str, how: str) -> float:
    """`metric` at its `peak`, at the `final` or `first` epoch, or `by_validation`; an accuracy in percent."""
    measured = [record for record in history if metric in record]
    record = {
        "peak": lambda: max(measured, key=lambda record: record[metric]),
        "final": lambda: measured[-1],
        "first": lambda: measured[0],
        "by_validation": lambda: max(reversed(measured), key=lambda record: record[VALIDATION]),
    }[how]()
    value = record[metric]
    return float(100 * value if METRICS[metric].is_accuracy else value)


def of_recorded(finding: Finding) -> str:
    """Where the recorded run lies among ours, to be put after a verdict."""
    found = finding.get("recorded")
    if not found:
        return ""
    among = f"{found['below']} of ours are below it, {found['above']} above"
    ends = f"{found['smallest']:.2f} to {found['largest']:.2f}"
    return f"; the recorded run has {found['value']:.2f}{unit(finding['metric'])}: {among} ({ends})"
