"""What the book says of single figures: numbers that it prints, statements, and transcripts of a run."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from mnist_softmax.book.claim import Claim, Count, Evidence, Finding, Prospect, Row, listed, of_run, unit
from mnist_softmax.book.prediction import FEW, LEAST_SEEDS, TOO_FEW, one_more_report
from mnist_softmax.book.selected import VALIDATION, Selected, of_recorded, select
from mnist_softmax.config.schema import Misfit, Number, PositiveInt
from mnist_softmax.metrics import METRICS


class Printed(Selected):
    """A number that the book prints, compared with the distribution of what our runs report."""

    kind: Literal["printed"] = "printed"
    value: Number
    best_of: Annotated[PositiveInt, Field(lt=LEAST_SEEDS)] = 1
    """The book reports the best of so many runs."""

    def judge(self, evidence: Evidence) -> Finding:
        accuracy = METRICS[self.metric].is_accuracy
        decimals = 2 if accuracy else len(f"{self.value:g}".partition(".")[2])
        values, by = self.values(evidence, self.run, self.layer), None
        if self.select == "by_validation":
            by = [select(history, VALIDATION, "peak") for history in evidence.histories(self.run)]
        found = one_more_report(values.tolist(), self.best_of, by)
        return {
            **self.model_dump(include={"metric", "select", "run", "layer", "best_of"}),
            **found.beside(self.value),
            "decimals": decimals,
            "deviation": found.deviation,
            "n": found.n,
            "verdict": found.verdict(self.value, decimals),
            "agrees": found.agrees(self.value, decimals),
            **(self.recorded_among(evidence, values) if self.best_of == 1 else {}),
        }

    @staticmethod
    def row(finding: Finding) -> Row:
        percent = unit(finding["metric"])
        places = 2 if percent else finding["decimals"] + 1
        what = f"{METRICS[finding['metric']].title}{of_run(finding['run'])}"
        how = {"peak": "best", "final": "final", "first": "initial"}
        by_validation = finding["select"] == "by_validation"
        what = f"{what} at the best validation epoch" if by_validation else f"{how[finding['select']]} {what}"
        if finding["layer"]:
            what = f"{how[finding['select']]} norm, hidden layer {finding['layer']}{of_run(finding['run'])}"
        if finding["best_of"] > 1:
            ours = min(finding["n"], finding["best_of"])
            what += f", best of {ours} runs" * (ours > 1)
            what += f"; the book's is the best of {finding['best_of']}" * (ours < finding["best_of"])
            what += " by validation" * by_validation
        here, interval = f"{finding['mean']:.{places}f}{percent}", ""
        if finding["low"] is not None:
            here += f" (sd {finding['deviation']:.{places}f})"
            high = min(finding["high"], 100) if percent else finding["high"]
            interval = f"{finding['low']:.{places}f} to {high:.{places}f}"
        book = f"{finding['book']:.{finding['decimals']}f}{percent}"
        row = Row.of(finding, what, book, here, interval, f"{finding['mean'] - finding['book']:+.{places}f}")
        if not interval:
            return row
        below = f" ({100 * finding['quantile']:.0f} % of ours at or below)"
        return row._replace(verdict=row.verdict + below + of_recorded(finding))


class Statement(Selected):
    """What the book says in words, as bounds within which a run's figure must lie."""

    kind: Literal["statement"] = "statement"
    says: str
    above: Number | None = None
    below: Number | None = None
    minus: str | None = None
    """Not the figure of `run` but its difference to that of this other run with the same seed."""
    over_layer: PositiveInt | None = None
    """Not the norm of `layer` but its ratio to that of this other hidden layer."""

    def check(self, prospect: Prospect) -> None:
        if not prospect.sizes:
            super().check(prospect)
            self._check_layer(self.over_layer, prospect, self.run, "over_layer")
        elif self.metric not in ("validation_accuracy", "test_accuracy"):
            raise Misfit("metric", "a baseline has validation_accuracy and test_accuracy")
        if self.minus:
            prospect.check(self.metric, self.minus, "minus")
            self._check_layer(self.layer, prospect, self.minus)

    def judge(self, evidence: Evidence) -> Finding:
        if evidence.baseline:
            split = METRICS[self.metric].split
            n = evidence.sizes()[split]
            values = np.array([100 * record[split] / n for record in evidence.baseline])
        else:
            values = self.values(evidence, self.run, self.layer)
        if self.minus:
            values = values - self.values(evidence, self.minus, self.layer)
        if self.over_layer:
            values = values / self.values(evidence, self.run, self.over_layer)
        above = -np.inf if self.above is None else self.above
        below = np.inf if self.below is None else self.below
        holds = int(np.count_nonzero((values > above) & (values < below)))
        few = len(values) < FEW and not evidence.baseline
        return {
            **self.model_dump(include={"says", "metric", "select", "run", "minus", "above", "below"}),
            "ratio": self.over_layer is not None,
            "mean": float(values.mean()),
            "smallest": float(values.min()),
            "largest": float(values.max()),
            "n": len(values),
            "verdict": f"holds in {holds} of {len(values)}" + TOO_FEW * few,
            "agrees": None if few else 2 * holds >= len(values),
            **({} if self.minus or evidence.baseline else self.recorded_among(evidence, values)),
        }

    @staticmethod
    def row(finding: Finding) -> Row:
        percent = unit(finding["metric"])
        if finding["minus"] and percent:
            percent = " points"
        bounds = [
            f"{word} {finding[word]:g}{percent}" for word in ("above", "below") if finding[word] is not None
        ]
        of = METRICS[finding["metric"]].title
        of = "ratio" if finding["ratio"] else "difference" if finding["minus"] else of
        if finding["minus"]:
            of += f"{of_run(finding['run'])} to {finding['minus']}"
        else:
            of += of_run(finding["run"])
        row = Row.of(
            finding,
            f'"{finding["says"]}" ({of})',
            ", ".join(bounds),
            f"{finding['mean']:.2f}{percent}",
            f"{finding['smallest']:.2f} to {finding['largest']:.2f} (all runs)",
        )
        return row._replace(verdict=row.verdict + of_recorded(finding))


class Transcript(Claim):
    """Right answers that the book prints for single epochs of one run."""

    kind: Literal["transcript"] = "transcript"
    least_runs = LEAST_SEEDS
    metric: Literal["test_accuracy", "validation_accuracy"] = "test_accuracy"
    counts: dict[Count, Count]
    """By epoch."""

    def check(self, prospect: Prospect) -> None:
        prospect.check(self.metric)
        if missing := set(self.counts).difference(prospect.measured()):
            raise Misfit("counts", f"epoch {min(missing)} is not sure to be measured")

    def judge(self, evidence: Evidence) -> Finding:
        n, histories = evidence.sizes()[METRICS[self.metric].split], evidence.histories()
        epochs: list[Finding] = []
        for epoch, book in self.counts.items():
            found = one_more_report([n * history[epoch][self.metric] for history in histories])
            consistent = bool(found.agrees(book, 0))
            epochs.append({"epoch": epoch, **found.beside(book), "consistent": consistent})
        inside = sum(each["consistent"] for each in epochs)
        return {
            "metric": self.metric,
            "of": n,
            "epochs": epochs,
            "n": len(histories),
            "verdict": "consistent"
            if inside == len(epochs)
            else f"{inside} of {len(epochs)} epochs consistent",
            "agrees": inside == len(epochs),
        }

    @staticmethod
    def row(finding: Finding) -> Row:
        epochs, n = finding["epochs"], finding["of"]
        bounded = [{"low": max(each["low"], 0), "high": min(each["high"], n)} for each in epochs]
        return Row.of(
            finding,
            f"transcript, right of {n:,}, epochs {listed('{epoch}', epochs)}",
            listed("{book}", epochs),
            listed("{mean:.0f}", epochs),
            listed("{low:.0f}-{high:.0f}", bounded),
        )


Kinds = Printed | Statement | Transcript
