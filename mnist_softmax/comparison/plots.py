"""Figures of a comparison, from what is stored. Each is drawn once, saved as PNG for paper and as SVG for the page.

In the SVG ink and colours become CSS variables, so that the page can be light or dark.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mnist_softmax.comparison.comparison import Facts
from mnist_softmax.comparison.slowdown import Slowdown
from mnist_softmax.comparison.statistics import mean_interval
from mnist_softmax.figures import COLOURS, FAINT, INK, SIZE, drawing, legend, load, log_scale, new_figure
from mnist_softmax.messages import printable
from mnist_softmax.metrics import METRICS
from mnist_softmax.training.history import History

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_BANDS = 4  # more of them hide each other
BAND = ", and its 95 % t-interval as a band"
VARIABLES = {INK: "ink", FAINT: "line"} | {colour: f"c{k}" for k, colour in enumerate(COLOURS)}


class Picture(NamedTuple):
    """A figure as SVG text and PNG bytes, with a caption and, for those who cannot see it, what it shows."""

    name: str
    caption: str
    alternative: str
    svg: str
    png: bytes


def accuracy_curves(histories: Mapping[str, list[History]]) -> Picture:
    """Validation accuracy over the epochs of each config: mean over seeds, with the 95 % t-interval as a band."""
    percent = {
        name: [[100 * record["validation_accuracy"] for record in history] for history in runs]
        for name, runs in histories.items()
    }
    title = METRICS["validation_accuracy"].title
    caption = f"{title.capitalize()} after each epoch: mean over seeds{BAND}."
    return _curves(percent, "accuracy", f"{title}, %", caption)


def cost_curves(histories: Mapping[str, list[History]]) -> Picture:
    """Training cost likewise, as a multiple of what it was after the first epoch."""
    multiples = {
        name: [_multiples([record["train_cost"] for record in history]) for history in runs]
        for name, runs in histories.items()
    }
    title = METRICS["train_cost"].title
    caption = (
        f"{title.capitalize()} after each epoch, as a multiple of the config's own after its first, mean over "
        f"seeds{BAND}: different cost functions are different quantities."
    )
    return _curves(multiples, "cost", f"{title}, first epoch = 1", caption)


def _multiples(costs: list[float]) -> list[float]:
    """Of the first one; of a cost of 0 there are none."""
    with np.errstate(over="ignore"):
        return [float(np.float64(each) / costs[0]) if costs[0] else math.nan for each in costs]


def _curves(curves: Mapping[str, list[list[float]]], name: str, label: str, caption: str) -> Picture:
    """Of each config the mean of its runs' curves; a run that stopped early leaves the mean to the others."""
    banded = len(curves) <= MOST_BANDS
    caption = caption if banded else caption.replace(BAND, "")
    with drawing():
        figure = new_figure()
        axes: Any = figure.subplots()
        lines, words = {}, []
        for k, (config, runs) in enumerate(curves.items()):
            epochs = np.arange(1, max(map(len, runs)) + 1)
            means = [
                mean_interval([run[e - 1] for run in runs if len(run) >= e and np.isfinite(run[e - 1])])
                for e in epochs
            ]
            middle, low, high = (np.array([m[key] for m in means], float) for key in ("mean", "low", "high"))
            style: Facts = {"color": COLOURS[k % len(COLOURS)], "marker": "o" if len(epochs) == 1 else None}
            [lines[config]] = axes.plot(epochs, middle, linewidth=1.6, **style)
            if banded:
                axes.fill_between(epochs, low, high, color=style["color"], alpha=0.2, linewidth=0)
            words.append(f"{config} from {middle[0]:.4g} to {middle[-1]:.4g}")
        axes.set(xlabel="epoch", ylabel=label)
        axes.xaxis.get_major_locator().set_params(integer=True)
        if len(lines) > 1:
            legend(axes, lines, loc="best", fontsize=10)
        return _picture(figure, name, caption, f"{caption} {'; '.join(words)}.")


def differences(pairs: Sequence[Facts]) -> Picture:
    """Paired differences of final test accuracy: a dot a seed, the mean and its 95 % t-interval."""
    with drawing():
        figure = new_figure((SIZE[0], 1.1 + 0.62 * len(pairs)))
        axes = figure.subplots()
        for k, pair in enumerate(pairs):
            at = len(pairs) - 1 - k
            spread = np.linspace(-0.13, 0.13, len(pair["differences"])) if len(pair["differences"]) > 1 else [0]
            dots: Facts = {"color": COLOURS[0], "alpha": 0.45, "markersize": 3.5}
            axes.plot(100 * np.array(pair["differences"]), at + np.array(spread), "o", **dots)
            if pair["low"] is not None:
                axes.plot([100 * pair["low"], 100 * pair["high"]], [at, at], color=INK, linewidth=1.6)
            axes.plot(100 * pair["mean"], at, "D", color=INK, markersize=5)
        axes.axvline(0, color=INK, linewidth=0.8)
        labels = [printable(f"{pair['a']}\n- {pair['b']}") for pair in reversed(pairs)]
        axes.set_yticks(range(len(pairs)), labels, parse_math=False)
        axes.set_ylim(-0.6, len(pairs) - 0.4)
        axes.set_xlabel("difference of test accuracy, percentage points")
        caption = "Paired differences of final test accuracy: a dot a seed, the mean, and its 95 % t-interval."
        words = "; ".join(pair["sentence"] for pair in pairs)
        return _picture(figure, "differences", caption, f"{caption} {words}.")


def slowdown_curves(slowdowns: Mapping[str, Slowdown]) -> Picture:
    """Accuracy and gradient norm over the first mini-batches from saturated outputs, a line each config."""
    with drawing():
        figure = new_figure((SIZE[0], 5.4))
        upper, lower = figure.subplots(2, sharex=True)
        lines, words = {}, []
        for k, (config, facts) in enumerate(slowdowns.items()):
            x = facts["mini_batches"]
            measured = ((upper, facts["accuracy"], 100), (lower, facts["gradient_norm"], 1))
            for axes, numbers, unit in measured:
                seeds = unit * np.array(numbers, np.float64)
                colour = COLOURS[k % len(COLOURS)]
                axes.plot(x, seeds.T, color=colour, linewidth=0.6, alpha=0.35)
                [lines[config]] = axes.plot(x, seeds.mean(axis=0), color=colour, linewidth=1.8)
                if axes is upper:
                    words.append(f"{config} from {seeds[:, 0].mean():.1f} to {seeds[:, -1].mean():.1f} %")
        log_scale(lower)
        upper.set_ylabel(f"{METRICS['validation_accuracy'].title}, %")
        lower.set(xlabel="mini-batches", ylabel="norm of dC/dw of the outputs")
        if len(lines) > 1:
            legend(upper, lines, loc="best", fontsize=10)
        caption = (
            "Learning slowdown: the first mini-batches of an epoch from saturated outputs (initializer large). Thin "
            "lines are seeds, thick ones their mean; learning rates are those of the configs."
        )
        return _picture(figure, "slowdown", caption, f"{caption} Accuracy: {'; '.join(words)}.")


def _picture(figure: Figure, name: str, caption: str, alternative: str) -> Picture:
    svg, png = io.StringIO(), io.BytesIO()
    with load().rc_context({"svg.hashsalt": name}), np.errstate(over="ignore"):
        figure.savefig(svg, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        figure.savefig(png, format="png", dpi=160, facecolor="white")
    return Picture(name, caption, alternative, _for_page(svg.getvalue(), name), png.getvalue())


def _for_page(svg: str, name: str) -> str:
    """An SVG that may stand in a page beside others and follow its colours."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<svg ([^>]*?)width="[^"]*" height="[^"]*"|<svg ', r"<svg \1", svg, count=1)
    return re.sub(r"<[^>]*>", lambda tag: _tag_for_page(tag[0], name), svg)  # tags alone, not the text between


def _tag_for_page(tag: str, name: str) -> str:
    tag = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", tag)
    for colour, variable in VARIABLES.items():
        tag = tag.replace(colour, f"var(--{variable})")
    return tag
