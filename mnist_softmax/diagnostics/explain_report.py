"""Why dC/db_j = a_j - y_j: the digit, tables with the reason in words, and bars."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mnist_softmax.diagnostics.explain import DIGITS, PRODUCT, STEP, Explanation, number
from mnist_softmax.figures import drawing, new_figure, save
from mnist_softmax.messages import printable
from mnist_softmax.text import half_blocks

INK = 0.3  # of a full pixel: what is darker is drawn

COST = {
    "log_likelihood": "C = -ln a_y",
    "cross_entropy": "C = -sum_j [y_j ln a_j + (1 - y_j) ln(1 - a_j)]",
    "quadratic": "C = 1/2 sum_j (a_j - y_j)^2",
}

MEASURED = f"""\
y is the true digit. y_j is 1 for j = y and 0 for the other outputs.
dC/db_j is measured: b_j is raised and lowered by h = {STEP:g}, and nothing else changes. With
D(h) = (C(b_j + h) - C(b_j - h)) / 2h the table has (4 D(h/2) - D(h)) / 3: so the error of order h^2 cancels."""

PATHS = """
one path: dC/da_j da_j/dz_j, the path z_j -> a_j -> C, which is (BP1) of the book.
all paths: the sum over k of dC/da_k da_k/dz_j, the paths z_j -> a_k -> C through every output: the chain rule."""


def report(explanations: Sequence[Explanation], title: str, picture: str = "") -> str:
    """The digit, the table of each kind of output, what agrees with what was measured, and why."""
    head = f"{title}\n\n{picture}" if picture else title
    words = MEASURED if explanations[0].cost_name == "log_likelihood" else MEASURED + PATHS
    return "\n\n".join([head, words, *map(_table, explanations)])


def draw(x: np.ndarray, encoding: str | None = "utf-8") -> str:
    """The digit, pixels x (width,) from 0 to 1, as text with two pixels a letter; empty rows are left out.

    Nothing where the image is not a square.
    """
    side = math.isqrt(len(x))
    ink = x.reshape(side, side) > INK if side * side == len(x) else np.zeros((0, 0), bool)
    if not ink.any():
        return ""
    ink = np.pad(ink, ((0, side % 2), (0, 0)))
    return "\n".join(line.rstrip() for line in half_blocks(ink, encoding)).strip("\n")


def _table(explanation: Explanation) -> str:
    columns = explanation.columns()
    cells = [[title, *map(number, column), _sum(title, column)] for title, column in columns.items()]
    cells[0] = ["y_j", *(f"{y:.0f}" for y in explanation.y), "1"]
    widths = [max(9, *map(len, column)) if k else 3 for k, column in enumerate(cells)]
    names = ["  j", *(f"{j:3d}" for j in range(len(explanation.y))), "sum"]
    lines = [
        "  ".join([name, *(cell.rjust(width) for cell, width in zip(row, widths, strict=True))]).rstrip()
        for name, *row in zip(names, *cells, strict=True)
    ]
    cost = COST.get(explanation.cost_name, explanation.cost_name)
    heading = f"{explanation.output} outputs: {cost} = {explanation.cost:.6g}"
    return "\n".join([heading, *lines, *_verdicts(explanation), _why(explanation)])


def _sum(title: str, column: np.ndarray) -> str:
    """The sum, 0 where only rounding is left of it; none where a sum has no meaning."""
    if title in ("z_j", "dC/da_j"):
        return ""
    total = float(column.sum())
    return number(0.0 if abs(total) <= 1e-9 * abs(column).sum() else total)


def _verdicts(e: Explanation) -> list[str]:
    agreeing, digits, lines = e.agreeing(), e.digits(), []
    names = {name: name for name in e.claims()}
    if e.cost_name == "log_likelihood":  # "one path" has no column
        names = {"all paths": PRODUCT, "a_j - y_j": "a_j - y_j", "y_j (a_j - 1)": "y_j (a_j - 1)"}
    for name, shown in names.items():
        says = f"agrees to {digits[name]:.0f} digits" if digits[name] >= DIGITS else "agrees"
        says = f"{says} with" if name in agreeing else "differs from"
        lines.append(
            f"{shown:{len(PRODUCT)}}  {says} what was measured (largest difference {e.difference(name):.0e})"
        )
    return lines


def _why(e: Explanation) -> str:
    """The reason, in words."""
    if e.output == "softmax" and e.cost_name == "log_likelihood":
        return (
            "Why: all outputs share one sum, so z_j changes every output. C depends on one of them, a_y.\n"
            "So dC/db_j = dC/da_y da_y/dz_j, for every j: -1/a_y times a_y (1 - a_y) for j = y, times -a_y a_j for\n"
            "the others. That is a_j - y_j. (BP1) follows one path, z_j -> a_j -> C, and gives y_j (a_j - 1)."
        )
    if e.output == "softmax":
        return (
            "Why: all outputs share one sum, so z_j changes every output, and each a_k is a path from z_j to C.\n"
            "dC/db_j is the sum over all paths, dC/da_k da_k/dz_j. (BP1) follows one path, z_j -> a_j -> C."
        )
    why = "Why: z_j changes a_j and no other output. There is one path, z_j -> a_j -> C, and (BP1) is right."
    if e.cost_name == "log_likelihood":
        why += "\ndC/da_j is 0 except for j = y. So no slope is positive, and no wrong output is ever lowered."
    return why


def plot(explanations: Sequence[Explanation], title: str, path: str) -> None:
    """Bars for every output: both formulas and what was measured, a panel for each kind of output.

    Raises ConfigError: `path` cannot be written, or no figure can be written in its format.
    """
    with drawing({}):
        figure = new_figure((5.5 * len(explanations), 4), layout="constrained")
        panels = figure.subplots(1, len(explanations), sharey=True, squeeze=False)[0]
        for panel, each in zip(panels, explanations, strict=True):
            j = np.arange(len(each.y))
            formulas = {"$a_j - y_j$": each.error, "$y_j (a_j - 1)$": each.error_at_true_output}
            for offset, (name, formula), colour in zip(
                (-0.2, 0.2), formulas.items(), ("C0", "C1"), strict=True
            ):
                panel.bar(j + offset, formula, 0.4, label=name, color=colour)
            panel.plot(j, each.measured, "kD", markersize=5, label="$dC/db_j$ measured")
            panel.axhline(0, color="black", linewidth=0.8)
            agreeing = [name for name in each.agreeing() if "path" not in name]
            measured = " and ".join(agreeing).replace("a_j", "$a_j$").replace("y_j", "$y_j$") or "neither"
            panel.set(title=f"{each.output} outputs: measured is {measured}", xlabel="output j", xticks=j)
        panels[0].set_ylabel("$dC/db_j$")
        panels[-1].legend(loc="lower right")
        figure.suptitle(printable(title), parse_math=False)
        save(figure, path)
