"""What the book says that admits little chance: counts of one class, exact figures, and one method above another."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from mnist_softmax.book.claim import ONLY, Claim, Count, Evidence, Finding, Prospect, Row, listed
from mnist_softmax.book.reference import recordings_of
from mnist_softmax.book.selected import select
from mnist_softmax.config.schema import Misfit, Number, PositiveInt, one_of
from mnist_softmax.data.dataset import Split
from mnist_softmax.metrics import METRICS
from mnist_softmax.runs.answers import answers, load_network
from mnist_softmax.runs.directory import RunDirectory


class OneClass(Claim):
    """Printed counts that are those of a network that gives every image the same answer."""

    kind: Literal["one_class"] = "one_class"
    metric: Literal["test_accuracy", "validation_accuracy"] = "test_accuracy"
    counts: tuple[Count, ...]
    always: Count | None = None
    """Every run must have this count after every epoch; without it any class will do."""

    def check(self, prospect: Prospect) -> None:
        prospect.check(self.metric)

    def judge(self, evidence: Evidence) -> Finding:
        split = getattr(evidence.dataset, METRICS[self.metric].split)
        classes = np.bincount(split.labels, minlength=evidence.dataset.num_classes).tolist()
        allowed = classes if self.always is None else [self.always]
        counts = [
            [round(record[self.metric] * len(split)) for record in history if self.metric in record]
            for history in evidence.histories()
        ]
        always = sum(all(count in allowed for count in run) for run in counts)
        one_answer = sum(len(np.unique(_answered(run, split))) == 1 for run in evidence.seeded[ONLY])
        printed = sum(count in allowed and count in classes for count in self.counts)
        n = len(counts)
        verdict = (
            f"{printed} of {len(self.counts)} printed counts are class counts; "
            f"one answer to all images in {one_answer} of {n} runs"
        )
        if self.always is not None:
            verdict += f"; {self.always} after every epoch in {always} of {n}"
        return {
            "metric": self.metric,
            "of": len(split),
            "book": list(self.counts),
            "classes": classes,
            "runs_with_one_answer": one_answer,
            "runs_always_a_class_count": always,
            "final": [run[-1] for run in counts],
            "n": n,
            "verdict": verdict,
            "agrees": printed == len(self.counts) and 2 * (one_answer if self.always is None else always) >= n,
        }

    @staticmethod
    def row(finding: Finding) -> Row:
        final = ", ".join(map(str, sorted(set(finding["final"]))))
        what = f"the same answer to every image, right of {finding['of']:,}"
        return Row.of(finding, what, ", ".join(map(str, finding["book"])), f"{final} in the end")


def _answered(directory: RunDirectory, split: Split) -> np.ndarray:
    """What the trained network says to each image."""
    with np.errstate(all="ignore"):  # where overflow is the point
        return answers(load_network(directory), split).answered


class Exact(Claim):
    """What admits no chance: counts or percentages that must come out as printed."""

    kind: Literal["exact"] = "exact"
    split: Literal["validation", "test"]
    unit: Literal["count", "percent"]
    values: dict[PositiveInt, Number]
    """By the number of training images."""

    def check(self, prospect: Prospect) -> None:
        if missing := set(self.values).difference(prospect.sizes):
            raise Misfit("values", f"book.baseline.sizes does not have {min(missing)}")

    def judge(self, evidence: Evidence) -> Finding:
        factor = 1 if self.unit == "count" else 100 / evidence.sizes()[self.split]
        found = {record["size"]: factor * record[self.split] for record in evidence.baseline}
        sizes = [
            {"size": size, "book": book, "here": found[size], "equal": abs(found[size] - book) < 1e-9}
            for size, book in self.values.items()
        ]
        equal = sum(each["equal"] for each in sizes)
        return {
            "split": self.split,
            "unit": self.unit,
            "sizes": sizes,
            "n": len(sizes),
            "verdict": f"exact: {equal} of {len(sizes)}",
            "agrees": equal == len(sizes),
        }

    @staticmethod
    def row(finding: Finding) -> Row:
        form, sizes = ",.0f" if finding["unit"] == "count" else ".2f", finding["sizes"]
        percent = "" if finding["unit"] == "count" else " %"
        return Row.of(
            finding,
            f"{finding['split']}, trained on {listed('{size:,}', sizes)} images",
            listed(f"{{book:{form}}}{percent}", sizes),
            listed(f"{{here:{form}}}{percent}", sizes),
            difference="0" if finding["agrees"] else "see the numbers",
        )


OTHERS = recordings_of("percent")


class Outperforms(Claim):
    """In the replay every run ends above what another method reached at the same size."""

    kind: Literal["outperforms"] = "outperforms"
    says: str
    metric: Literal["test_accuracy", "validation_accuracy"]
    recording: Annotated[str, one_of(OTHERS)]
    """The other method's percentages, by the name of our run."""

    def check(self, prospect: Prospect) -> None:
        if not prospect.recorded:
            raise Misfit("kind", "is judged by a replay; book.recording is missing")
        for run, metrics in prospect.recorded.items():
            if run not in OTHERS[self.recording]:
                raise Misfit("recording", f"has nothing for run {run}")
            if self.metric not in metrics:
                raise Misfit("metric", f"is not recorded; add {self.metric} to book.recording.metrics")

    def judge(self, evidence: Evidence) -> Finding:
        other = OTHERS[self.recording]
        pairs = [
            {"run": run, "other": other[run], "here": select(directory.read_metrics(), self.metric, "final")}
            for run, directory in evidence.recorded.items()
        ]
        above = sum(pair["here"] > pair["other"] for pair in pairs)
        return {
            "says": self.says,
            "metric": self.metric,
            "pairs": pairs,
            "n": len(pairs),
            "verdict": f"holds at {above} of {len(pairs)}",
            "agrees": above == len(pairs),
        }

    @staticmethod
    def row(finding: Finding) -> Row:
        pairs = finding["pairs"]
        return Row.of(
            finding,
            f'"{finding["says"]}" (final {METRICS[finding["metric"]].title} at {listed("{run}", pairs)})',
            listed("{other:.2f}", pairs),
            listed("{here:.2f}", pairs),
        )


Kinds = Exact | OneClass | Outperforms
