"""A gradient check in words: errors array by array, what the step does to them, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_softmax.config.config import Config
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.diagnostics.gradient_check import DIRECTIONS, EXAMPLES, ArrayCheck, Check

WORDS = f"""\
Each slope is found twice: by the program's backpropagation, and by the difference (C(h) - C(-h)) / 2h.
entries     one weight or bias is moved by h and by -h; some of each array are tried
directions  all numbers of an array are moved together, by h times a random vector of length 1; {DIRECTIONS} are tried
error       the largest difference between both slopes, divided by the steepest slope of the array
left out    steps in which a neuron's relu, a pool's maximum or a weight's L1 penalty passes a kink: there the
            slope is another one on each side"""


def report(checks: Sequence[Check], settings: Config, dataset: Dataset, step: float, threshold: float) -> str:
    """The whole report as text."""
    network = settings.network
    parts = [
        f"{network.title}, {network.hidden_activation} hidden, {network.output_activation} outputs, "
        f"cost {network.cost}; starting weights of seed {settings.seed}, float64,\n"
        f"the first {min(EXAMPLES, len(dataset.train))} training images ({dataset.source}); "
        f"centred differences with h = {step:g}"
    ]
    parts.append(WORDS)
    parts += [f"{_title(check)}:\n{_arrays(check)}" for check in checks]
    parts += [_sweep(checks, step), _verdict(checks, network.output_error, threshold)]
    return "\n\n".join(parts)


def passes(checks: Sequence[Check], threshold: float) -> bool:
    """Whether every error is within the threshold."""
    return all(check.worst_error <= threshold for check in checks)


def _title(check: Check) -> str:
    if check.l2 or check.l1:
        return f"cost and penalties (l2 {check.l2:g}, l1 {check.l1:g}), as a step of training takes it"
    return "the cost alone, by backpropagation"


def _arrays(check: Check) -> str:
    heading = f"{'':5}{'steepest slope':>15}{'entries':>9}{'error':>10}{'directions':>12}{'error':>10}"
    return "\n".join([f"{heading}{'left out':>10}", *map(_array, check.arrays)])


def _array(array: ArrayCheck) -> str:
    directions = sum(probe.at is None for probe in array.probes)
    entries = len(array.probes) - directions
    steepest = max((abs(probe.numeric) for probe in array.probes), default=0.0)
    errors = [
        f"{array.error(kind):.1e}" if count else "-" for kind, count in ((False, entries), (True, directions))
    ]
    return (
        f"{array.name:5}{steepest:15.2e}{entries:9d}{errors[0]:>10}{directions:12d}{errors[1]:>10}"
        f"{array.at_kinks:10d}"
    )


def _sweep(checks: Sequence[Check], step: float) -> str:
    """Errors fall as h^2 until rounding, which grows as 1/h, takes over."""
    lines = [
        "the largest error at other steps h. Where the gradient is right, it falls as h^2 from large h to small,\n"
        "because the cost is curved; then it rises as 1/h, because C(h) and C(-h) are rounded and divided by h"
    ]
    lines.append(f"{'h':>8}" + "".join(f"{name:>18}" for name in ("cost alone", "with penalties")))
    for row in zip(*(check.sweep for check in checks), strict=True):
        h = row[0][0]
        mark = "   <- used above" if h == step else ""
        lines.append(f"{h:8.0e}" + "".join(f"{error:18.1e}" for _, error in row) + mark)
    return "\n".join(lines)


def _verdict(checks: Sequence[Check], output_error: str, threshold: float) -> str:
    worst = max(check.worst_error for check in checks)
    if passes(checks, threshold):
        return f"passed: the largest error is {worst:.1e}; up to {threshold:g} is allowed"
    lines = [f"FAILED: the largest error is {worst:.1e}; up to {threshold:g} is allowed"]
    for check in checks:
        for array in check.arrays:
            if array.worst_error > threshold:
                kind = "with penalties" if check.l2 or check.l1 else "cost alone"
                lines.append(f"  {kind}: {_where(array)}")
    if output_error != "exact":
        lines.append(
            f"This is expected: network.output_error is {output_error}, so delta_j = y_j (a_j - 1).\n"
            "With softmax outputs the gradient of this cost is a_j - y_j (docs/derivation.md)."
        )
    return "\n".join(lines)


def _where(array: ArrayCheck) -> str:
    at, analytic, numeric = array.worst
    place = "along a direction in " + array.name if at is None else f"{array.name}[{', '.join(map(str, at))}]"
    return f"{place} is {analytic:.9g} by the program, {numeric:.9g} by differences"
