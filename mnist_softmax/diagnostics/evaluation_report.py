"""How good a trained network is, in words: accuracy, cost, confusion matrix, worst mistakes; and several together."""

from __future__ import annotations

import numpy as np

from mnist_softmax.runs.answers import Answers
from mnist_softmax.runs.vote import leading, majority
from mnist_softmax.text import accuracy, aligned

WORST = 10


def evaluation(answers: Answers, split: str, cost_name: str) -> str:
    """The whole report as text."""
    n = len(answers.labels)
    with np.errstate(over="ignore"):
        cost = answers.costs.mean()
    right = int(np.count_nonzero(answers.answered == answers.labels))
    return "\n".join(
        [
            f"{split}: {accuracy(right / n, n)} of {n} right, mean {cost_name} cost {cost:.5f}",
            "",
            "true class down, answer across; 'right' is the share of its row on the diagonal:",
            _confusion(answers.confusion()),
            "",
            f"the worst mistakes have the largest output for a wrong answer ({split} images are numbered from 0):",
            _worst(answers),
        ]
    )


def vote(several: dict[str, Answers], split: str) -> str:
    """What each of several networks makes of a split, and what most of them answer."""
    labels = next(iter(several.values())).labels
    outputs = np.stack([answers.outputs for answers in several.values()])
    n, ties = len(labels), np.count_nonzero(leading(outputs).sum(axis=-1) > 1)
    answered = [(name, answers.answered) for name, answers in several.items()] + [("vote", majority(outputs))]
    rows = [["", "right", "errors"]]
    for name, answer in answered:
        wrong = np.count_nonzero(answer != labels)
        rows.append([name, accuracy((n - wrong) / n, n), f"{wrong:,}"])
    return "\n".join(
        [
            f"{split}: {n:,} images, {len(several)} networks; a vote is the answer that most of them give",
            *aligned(rows),
            f"ties: {ties:,} images; of the answers with the most votes the one with the largest sum of outputs wins",
        ]
    )


def _confusion(counts: np.ndarray) -> str:
    width = max(5, len(str(counts.max())) + 1)
    heading = " " * 4 + "".join(f"{k:{width}d}" for k in range(len(counts))) + "   right"
    rows = [
        f"{k:3d} "
        + "".join(f"{count:{width}d}" if count else ".".rjust(width) for count in row)
        + f"{_share(row, k):>8}"
        for k, row in enumerate(counts)
    ]
    return "\n".join([heading, *rows])


def _share(row: np.ndarray, k: int) -> str:
    return f"{100 * row[k] / row.sum():.1f} %" if row.sum() else "-"


def _worst(answers: Answers) -> str:
    worst = answers.worst(WORST)
    if not len(worst):
        return "none: every answer is right"
    heading = f"{'image':>7}  true  answer  output of the answer  output of the true class     cost"
    rows = [
        f"{i:7d}  {answers.labels[i]:4d}  {answers.answered[i]:6d}  {answers.outputs[i, answers.answered[i]]:20.6f}  "
        f"{answers.outputs[i, answers.labels[i]]:24.3g}  {answers.costs[i]:7.3f}"
        for i in worst
    ]
    return "\n".join([heading, *rows])
