"""Why dC/db_j = a_j - y_j, as tables and as bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mnist_softmax.diagnostics.explain import Explanation
from mnist_softmax.figures import save

COLUMNS = ("y_j", "z_j", "a_j", "dC/da_j", "da_y/dz_j", "a_j - y_j", "y_j (a_j - 1)", "dC/db_j measured")
WIDTHS = (6, 10, 11, 14, 12, 12, 15, 18)

WHY = {
    "softmax": """
C looks at a_y alone, but all outputs share one sum: z_j moves a_y too, by da_y/dz_j = a_y (1[j=y] - a_j).
Times dC/da_y = -1/a_y that is a_j - 1[j=y] = a_j - y_j, for every j.""",
    "sigmoid": """
No sum is shared: z_j moves a_j and nothing else. da_y/dz_j = 0 for j != y, and C feels b_y alone.
Nothing ever pushes a wrong output down.""",
}


def report(explanations: Sequence[Explanation], title: str) -> str:
    """The tables of both kinds of output, what agrees with what was measured, and why."""
    return "\n\n".join([title, *map(_table, explanations)])


def _table(explanation: Explanation) -> str:
    e = explanation
    columns = (e.y, e.z, e.a, e.grad_a, e.jacobian, e.error, e.error_at_true_output, e.measured)
    header = "  j" + "".join(name.rjust(width) for name, width in zip(COLUMNS, WIDTHS, strict=True))
    rows = [f"{j:3d}" + _row([column[j] for column in columns]) for j in range(len(e.y))]
    sums = "sum" + _row([column.sum() for column in columns], leave_out=(1,))
    heading = f"{e.output} outputs: C = -ln a_y = {e.cost:.6g}"
    return "\n".join([heading, header, *rows, sums, *_verdicts(e)]) + WHY[e.output]


def _row(values: Sequence[float], leave_out: Sequence[int] = ()) -> str:
    cells = []
    for i, (value, width) in enumerate(zip(values, WIDTHS, strict=True)):
        text = "" if i in leave_out else f"{value:.0f}" if i == 0 else _number(value)
        cells.append(text.rjust(width))
    return "".join(cells)


def _number(value: float) -> str:
    """Six decimals where they say something, else powers of ten; 0 is 0."""
    if value == 0:
        return "0"
    return f"{value:.6f}" if 1e-3 <= abs(value) < 1e4 else f"{value:.2e}"


def _verdicts(explanation: Explanation) -> list[str]:
    agreeing = explanation.agreeing()
    lines = []
    for name, digits in explanation.digits().items():
        off = abs(explanation.formulas()[name] - explanation.measured).max()
        says = f"agrees to {digits:.1f} digits" if name == agreeing else "does not agree"
        lines.append(f"{name:14} {says} with what was measured (largest difference {off:.1e})")
    return lines


def plot(explanations: Sequence[Explanation], title: str, path: str) -> None:
    """Bars for every output: both formulas and what was measured, a panel for each kind of output.

    Raises ConfigError: `path` cannot be written, or no figure can be written in its format.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4), layout="constrained")
    panels = figure.subplots(1, len(explanations), sharey=True)
    for panel, each in zip(panels, explanations, strict=True):
        j = np.arange(len(each.y))
        for offset, (name, formula), colour in zip(
            (-0.2, 0.2), each.formulas().items(), ("C0", "C1"), strict=True
        ):
            panel.bar(
                j + offset,
                formula,
                0.4,
                label=_maths(name),
                color=colour,
            )
        panel.plot(j, each.measured, "kD", markersize=5, label="$dC/db_j$ measured")
        panel.axhline(0, color="black", linewidth=0.8)
        panel.set(
            title=f"{each.output} outputs: measured is {_maths(each.agreeing())}", xlabel="output j", xticks=j
        )
    panels[0].set_ylabel("$dC/db_j$")
    panels[-1].legend(loc="lower right")
    figure.suptitle(title)
    save(figure, path)


def _maths(formula: str) -> str:
    return formula.replace("a_j", "$a_j$").replace("y_j", "$y_j$")
