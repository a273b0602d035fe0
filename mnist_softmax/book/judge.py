"""What became of each claim of the book: a finding, plain numbers and a verdict, from runs on disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_softmax.book import block, gradients
from mnist_softmax.book.experiment import ONLY, reference
from mnist_softmax.book.prediction import predict
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.runs.answers import answers, load_network
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.training.history import History, best_epoch

Finding = dict[str, Any]
NORMS = "train_gradient_norms"


@dataclass(frozen=True)
class Evidence:
    """What an experiment has left on disk."""

    seeded: dict[str, list[RunDirectory]]
    """For each run, one directory a seed."""
    recorded: dict[str, RunDirectory]
    baseline: list[dict[str, Any]]
    dataset: Dataset

    def histories(self, run: str | None) -> list[History]:
        """Of each seed."""
        return [directory.read_metrics() for directory in self.seeded[run or ONLY]]

    def courses(self, run: str | None = None) -> np.ndarray:
        """Gradient norms, (seeds, 1 + epochs, hidden layers)."""
        return np.array([gradients.course(directory, self.dataset) for directory in self.seeded[run or ONLY]])

    def size(self, metric: str) -> int:
        """Images of the split that `metric` is of."""
        return len(getattr(self.dataset, metric.partition("_")[0]))


def judge(claim: block.Claim, evidence: Evidence) -> Finding:
    """The finding of one claim: `kind`, what was claimed, what was found, and a `verdict`; `agrees` or not."""
    finding: Finding = {"kind": claim.kind} | JUDGES[claim.kind](claim, evidence)
    return finding


def _values(claim: block.Selected, run: str | None, evidence: Evidence) -> np.ndarray:
    """The selected figure of each seed; an accuracy in percent."""
    if claim.metric == NORMS:
        epoch = {"first": 0, "final": -1}[claim.select]
        layers = evidence.courses(run)[:, epoch]
        return layers[:, claim.layer - 1] if claim.layer else layers[:, 0]
    return np.array([select(history, claim.metric, claim.select) for history in evidence.histories(run)])


def select(history: History, metric: str, how: str) -> float:
    """`metric` at its `peak`, or at the `final` or `first` epoch; an accuracy in percent."""
    measured = [record[metric] for record in history if metric in record]
    value = {"peak": max(measured), "final": measured[-1], "first": measured[0]}[how]
    return 100 * value if metric.endswith("accuracy") else value


def _printed(claim: block.Printed, evidence: Evidence) -> Finding:
    decimals = 2 if claim.metric.endswith("accuracy") else len(f"{claim.value:g}".partition(".")[2])
    found = predict(_values(claim, claim.run, evidence).tolist(), claim.best_of)
    verdict = found.verdict(claim.value, decimals)
    return {
        "metric": claim.metric,
        "select": claim.select,
        "run": claim.run,
        "layer": claim.layer,
        "best_of": claim.best_of,
        "book": claim.value,
        "decimals": decimals,
        "mean": found.mean,
        "deviation": found.deviation,
        "low": found.low,
        "high": found.high,
        "quantile": found.quantile(claim.value),
        "n": found.n,
        "verdict": verdict,
        "agrees": verdict == "consistent",
    }


def _statement(claim: block.Statement, evidence: Evidence) -> Finding:
    if evidence.baseline:
        split = claim.metric.partition("_")[0]
        values = np.array([100 * record[split] / evidence.size(claim.metric) for record in evidence.baseline])
    else:
        values = _values(claim, claim.run, evidence)
    if claim.minus:
        values = values - _values(claim, claim.minus, evidence)
    if claim.over_layer:
        values = values / evidence.courses(claim.run)[:, 0, claim.over_layer - 1]
    above = -np.inf if claim.above is None else claim.above
    below = np.inf if claim.below is None else claim.below
    holds = int(np.count_nonzero((values > above) & (values < below)))
    return {
        "says": claim.says,
        "metric": claim.metric,
        "select": claim.select,
        "run": claim.run,
        "minus": claim.minus,
        "ratio": claim.over_layer is not None,
        "above": claim.above,
        "below": claim.below,
        "mean": float(values.mean()),
        "smallest": float(values.min()),
        "largest": float(values.max()),
        "n": len(values),
        "verdict": f"holds in {holds} of {len(values)}",
        "agrees": 2 * holds >= len(values),
    }


def _transcript(claim: block.Transcript, evidence: Evidence) -> Finding:
    n, histories = evidence.size(claim.metric), evidence.histories(None)
    epochs = []
    for epoch, book in claim.counts.items():
        found = predict([n * history[epoch][claim.metric] for history in histories])
        epochs.append(
            {
                "epoch": epoch,
                "book": book,
                "mean": found.mean,
                "low": found.low,
                "high": found.high,
                "quantile": found.quantile(book),
                "consistent": found.verdict(book, 0) == "consistent",
            }
        )
    inside = sum(each["consistent"] for each in epochs)
    return {
        "metric": claim.metric,
        "of": n,
        "epochs": epochs,
        "n": len(histories),
        "verdict": "consistent" if inside == len(epochs) else f"{inside} of {len(epochs)} epochs consistent",
        "agrees": inside == len(epochs),
    }


def _one_class(claim: block.OneClass, evidence: Evidence) -> Finding:
    split = getattr(evidence.dataset, claim.metric.partition("_")[0])
    classes = np.bincount(split.labels, minlength=evidence.dataset.num_classes).tolist()
    allowed = classes if claim.always is None else [claim.always]
    counts = [
        [round(record[claim.metric] * len(split)) for record in history] for history in evidence.histories(None)
    ]
    always = sum(all(count in allowed for count in run) for run in counts)
    one_answer = sum(
        len(np.unique(_said(directory, split))) == 1 for directory in evidence.seeded[ONLY]
    )  # of the trained network, image by image
    printed = sum(count in allowed and count in classes for count in claim.counts)
    n = len(counts)
    verdict = (
        f"{printed} of {len(claim.counts)} printed counts are class counts; "
        f"one answer to all images in {one_answer} of {n} runs"
    )
    if claim.always is not None:
        verdict += f"; {claim.always} after every epoch in {always} of {n}"
    return {
        "metric": claim.metric,
        "of": len(split),
        "book": list(claim.counts),
        "classes": classes,
        "runs_with_one_answer": one_answer,
        "runs_always_a_class_count": always,
        "final": [run[-1] for run in counts],
        "n": n,
        "verdict": verdict,
        "agrees": printed == len(claim.counts) and 2 * (one_answer if claim.always is None else always) >= n,
    }


def _said(directory: RunDirectory, split: Any) -> np.ndarray:
    with np.errstate(all="ignore"):  # where overflow is the point
        return answers(load_network(directory), split).answered


def _exact(claim: block.Exact, evidence: Evidence) -> Finding:
    n = len(getattr(evidence.dataset, claim.split))
    factor = 1 if claim.unit == "count" else 100 / n
    found = {record["size"]: factor * record[claim.split] for record in evidence.baseline}
    sizes = [
        {"size": size, "book": book, "here": found[size], "equal": abs(found[size] - book) < 1e-9}
        for size, book in claim.values.items()
    ]
    equal = sum(each["equal"] for each in sizes)
    return {
        "split": claim.split,
        "unit": claim.unit,
        "sizes": sizes,
        "n": len(sizes),
        "verdict": f"exact: {equal} of {len(sizes)}",
        "agrees": equal == len(sizes),
    }


def _outperforms(claim: block.Outperforms, evidence: Evidence) -> Finding:
    other = reference()["recordings"][claim.recording]["percent"]
    pairs = [
        {"run": run, "other": other[run], "here": select(directory.read_metrics(), claim.metric, "final")}
        for run, directory in evidence.recorded.items()
    ]
    above = sum(pair["here"] > pair["other"] for pair in pairs)
    return {
        "says": claim.says,
        "metric": claim.metric,
        "pairs": pairs,
        "n": len(pairs),
        "verdict": f"holds at {above} of {len(pairs)}",
        "agrees": above == len(pairs),
    }


def _curves(claim: block.Curves, evidence: Evidence) -> Finding:
    """Norms spread by factors, so their logarithms are compared."""
    recorded = reference()["recordings"][claim.recording]
    logs = np.log10(evidence.courses())
    points = [
        {
            "epoch": epoch,
            "layer": layer + 1,
            "book": norm,
            "mean": 10**found.mean,
            "low": 10**found.low,
            "high": 10**found.high,
            "consistent": found.low <= np.log10(norm) <= found.high,
        }
        for epoch, norms in zip(recorded["epochs"], recorded["norms"], strict=True)
        for layer, norm in enumerate(norms)
        for found in [predict(logs[:, epoch, layer].tolist())]
    ]
    inside = sum(bool(point["consistent"]) for point in points)
    return {
        "points": [{**point, "consistent": bool(point["consistent"])} for point in points],
        "n": len(logs),
        "verdict": f"{inside} of {len(points)} points consistent",
        "agrees": inside >= 0.9 * len(points),
    }


def _bars(claim: block.Bars, evidence: Evidence) -> Finding:
    """Single neurons have no counterpart, so the length of the row of bars of each layer is compared."""
    recorded = np.linalg.norm(reference()["recordings"][claim.recording]["gradients"], axis=-1)
    bars = [
        gradients.initial_gradients(directory.read_config(), evidence.dataset, claim.neurons)
        for directory in evidence.seeded[ONLY]
    ]
    logs = np.log10(np.linalg.norm(bars, axis=-1))
    layers = []
    for layer, book in enumerate(recorded):
        found = predict(logs[:, layer].tolist())
        inside = bool(found.low <= np.log10(book) <= found.high)
        layers.append(
            {
                "layer": layer + 1,
                "book": float(book),
                "mean": 10**found.mean,
                "low": 10**found.low,
                "high": 10**found.high,
                "consistent": inside,
            }
        )
    inside_all = all(each["consistent"] for each in layers)
    return {
        "neurons": claim.neurons,
        "layers": layers,
        "first": bars[0].tolist(),
        "n": len(bars),
        "verdict": "consistent" if inside_all else "not consistent",
        "agrees": inside_all,
    }


JUDGES: dict[str, Callable[[Any, Evidence], Finding]] = {
    "printed": _printed,
    "statement": _statement,
    "transcript": _transcript,
    "one_class": _one_class,
    "exact": _exact,
    "outperforms": _outperforms,
    "curves": _curves,
    "bars": _bars,
}


def headline(histories: Sequence[History]) -> Finding | None:
    """Our own figure: test accuracy, in percent, at the epoch with the best validation accuracy."""
    best = [best_epoch(history) for history in histories]
    found = [100 * record["test_accuracy"] for record in best if record and "test_accuracy" in record]
    if not found:
        return None
    return {"mean": float(np.mean(found)), "deviation": float(np.std(found, ddof=1)), "n": len(found)}
