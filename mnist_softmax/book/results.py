"""What became of experiments of the book: a finding for each claim, replays, and our own figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from mnist_softmax.book.claim import Evidence, Finding
from mnist_softmax.book.experiment import Experiment
from mnist_softmax.book.replay import replays
from mnist_softmax.runs.environment import environment
from mnist_softmax.training.history import History, best_epoch

Result = dict[str, Any]

CHAPTER_OF_NETWORK3 = 6  # a program that takes the last of epochs that are as good


def results(
    experiments: Sequence[Experiment], evidence: Mapping[str, Evidence], recordings: Path | None
) -> list[Result]:
    """Judge experiments that have been trained; `recordings` is a folder of the author's files."""
    return [_result(experiment, evidence[experiment.id], recordings) for experiment in experiments]


def _result(experiment: Experiment, evidence: Evidence, recordings: Path | None) -> Result:
    book = experiment.book
    own = [evidence.seeded[run] for run in evidence.seeded if run not in book.runs_of]
    directories = [*chain(*own), *evidence.recorded.values()]
    replayed = replays(experiment, evidence, recordings)
    parted = {(each["run"], each["metric"]) for each in replayed if each["epochs"] and not each["exact"]}
    evidence = replace(evidence, parted=parted)
    summaries = [summary for directory in directories if (summary := directory.read_summary())]
    return {
        "id": experiment.id,
        "chapter": book.chapter,
        "section": book.section,
        "title": book.title,
        **({"asks": book.asks} if book.asks else {}),
        "findings": [{"kind": claim.kind} | claim.judge(evidence) for claim in book.claims],
        "replays": replayed,
        "chaotic": book.recording.chaotic if book.recording else None,
        "headlines": {
            run: headline(evidence.histories(run), last=book.chapter == CHAPTER_OF_NETWORK3)
            for run in evidence.seeded
            if run not in book.runs_of
        },
        "inferred": list(book.inferred),
        "deviations": list(book.deviations),
        "runs": len(summaries) + len(evidence.baseline),
        "seconds": sum(each["seconds"] for each in summaries)
        + sum(each["seconds"] for each in evidence.baseline),
        "environment": summaries[0]["environment"] if summaries else environment(),
    }


def headline(histories: Sequence[History], last: bool = False) -> Finding | None:
    """Our own figure: test accuracy, in percent, at the epoch with the best validation accuracy.

    Of epochs that are as good it is the first, or the last.
    """
    best = [best_epoch(history[::-1] if last else history) for history in histories]
    found = [100 * record["test_accuracy"] for record in best if record and "test_accuracy" in record]
    if not found:
        return None
    deviation = float(np.std(found, ddof=1)) if len(found) > 1 else None
    return {"mean": float(np.mean(found)), "deviation": deviation, "n": len(found)}


def spread(figures: Finding) -> str:
    """Standard deviation and number of a headline, in brackets."""
    deviation = "" if figures["deviation"] is None else f"sd {figures['deviation']:.2f}, "
    return f"({deviation}n {figures['n']})"
