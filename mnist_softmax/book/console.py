"""What a person reads while the book is reproduced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mnist_softmax.book.experiment import Experiment
from mnist_softmax.book.plan import Plan
from mnist_softmax.book.words import rows


def listing(experiments: Sequence[Experiment]) -> str:
    """The experiments that there are."""
    width = max(len(experiment.id) for experiment in experiments)
    return "\n".join(
        f"{each.id:<{width}}  chapter {each.book.chapter}  {each.book.title}" for each in experiments
    )


def introduction(plan: Plan) -> str:
    """What is to be done."""
    experiments = len(plan.experiments)
    return f"{experiments} experiment{'s' * (experiments != 1)}, {len(plan.every_task())} runs in {plan.output}"


def say(text: str) -> None:
    """A line on what is going on."""
    print(text, flush=True)


def verdicts(results: Sequence[dict[str, Any]]) -> str:
    """A line for each finding."""
    table = [("", "book", "here", "verdict")] + [
        (f"{result['id']}: {row.claim}", row.book, row.here, row.verdict)
        for result in results
        for row in rows(result)
    ]
    widths = [max(len(line[k]) for line in table) for k in range(3)]
    return "\n" + "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[3]]).rstrip()
        for line in table
    )
