"""What a person reads while the book is reproduced."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from tqdm import tqdm

from mnist_softmax.experiments.book.experiment import Experiment
from mnist_softmax.experiments.book.reproduce import Plan
from mnist_softmax.experiments.run import Task
from mnist_softmax.reporting.book_words import rows


def listing(experiments: Sequence[Experiment]) -> str:
    """The experiments that there are."""
    width = max(len(experiment.id) for experiment in experiments)
    return "\n".join(
        f"{each.id:<{width}}  chapter {each.book.chapter}  {each.book.title}" for each in experiments
    )


def introduction(plan: Plan) -> str:
    """What is to be done."""
    experiments = len(plan.experiments)
    return (
        f"{experiments} experiment{'s' * (experiments != 1)}, {plan.total} runs in {plan.output}, "
        f"{len(plan.unfinished)} of them to be trained"
    )


class Progress:
    """A bar over all the work on a terminal; elsewhere a line for each run that has ended."""

    def __init__(self, runs: int) -> None:
        self.runs, self.done, self.share = runs, 0, 0.0
        self.bar: Any = None

    def __enter__(self) -> Progress:
        if self.runs and sys.stderr.isatty():
            form = "{percentage:3.0f} %|{bar}| {elapsed}, {remaining} left{postfix}"
            self.bar = tqdm(total=1.0, bar_format=form, dynamic_ncols=True)
        return self

    def advance(self, task: Task, share: float) -> None:
        """A run has ended, which was this share of the work."""
        self.done, self.share = self.done + 1, self.share + share
        if self.bar is not None:
            self.bar.set_postfix_str(f"{self.done} of {self.runs} runs")
            self.bar.update(share)
        else:
            print(f"{100 * self.share:3.0f} %  {self.done} of {self.runs}  {task.directory}", flush=True)

    def __exit__(self, *exception: object) -> None:
        if self.bar is not None:
            self.bar.close()


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
