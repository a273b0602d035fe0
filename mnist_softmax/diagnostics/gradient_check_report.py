"""A gradient check in words: errors array by array, what the step does to them, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_softmax.config.config import Config
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.diagnostics.gradient_check import EXAMPLES, ArrayCheck, Check


def report(checks: Sequence[Check], settings: Config, dataset: Dataset, step: float, threshold: float) -> str:
    """The whole report as text."""
    network = settings.network
    parts = [
        f"{network.title}, {network.hidden_activation} hidden, {network.output_activation} outputs, "
        f"cost {network.cost}; starting weights of seed {settings.seed}, float64,\n"
        f"the first {min(EXAMPLES, len(dataset.train))} training images ({dataset.source}); "
        f"centred differences with h = {step:g}"
    ]
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
    return "\n".join([f"{heading}{'at kinks':>10}", *map(_array, check.arrays)])


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
    lines = ["worst error at other steps h: it falls as h^2 (the curve bends), then rises as 1/h (rounding)"]
    lines.append(f"{'h':>8}" + "".join(f"{name:>18}" for name in ("cost alone", "with penalties")))
    for row in zip(*(check.sweep for check in checks), strict=True):
        h = row[0][0]
        mark = "   <- read above" if h == step else ""
        lines.append(f"{h:8.0e}" + "".join(f"{error:18.1e}" for _, error in row) + mark)
    return "\n".join(lines)


def _verdict(checks: Sequence[Check], output_error: str, threshold: float) -> str:
    worst = max(check.worst_error for check in checks)
    if passes(checks, threshold):
        return f"passed: the worst relative error is {worst:.1e}, within {threshold:g}"
    lines = [f"FAILED: the worst relative error is {worst:.1e}, more than {threshold:g}"]
    for check in checks:
        for array in check.arrays:
            if array.worst_error > threshold:
                kind = "with penalties" if check.l2 or check.l1 else "cost alone"
                lines.append(f"  {kind}: {_where(array)}")
    if output_error != "exact":
        lines.append(
            f"That is as it should be: network.output_error is {output_error}, delta_j = y_j (a_j - 1),\n"
            "which is not the gradient of this cost with softmax outputs. That is a_j - y_j (docs/derivation.md)."
        )
    return "\n".join(lines)


def _where(array: ArrayCheck) -> str:
    at, analytic, numeric = array.worst
    place = "along a direction in " + array.name if at is None else f"{array.name}[{', '.join(map(str, at))}]"
    return f"{place} is {analytic:.9g} by the program, {numeric:.9g} by differences"
