"""Figures of a study, from what is stored. Each is drawn once, and saved as PNG for paper and as SVG for the page.

In the SVG ink and colours become CSS variables, so that the page can be light or dark.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from mnist_softmax.comparison.statistics import mean_interval
from mnist_softmax.figures import COLOURS, FAINT, INK, SIZE, STYLE
from mnist_softmax.training.history import History

MOST_BANDS = 4  # more of them hide each other
BAND = ", and its 95 % t-interval as a band"
Facts = dict[str, Any]


class Picture(NamedTuple):
    """A figure as SVG text and PNG bytes, with a caption and, for those who cannot see it, what it shows."""

    name: str
    caption: str
    alternative: str
    svg: str
    png: bytes


def accuracy_curves(histories: dict[str, list[History]]) -> Picture:
    """Validation accuracy over the epochs of each config: mean over seeds, with the 95 % t-interval as a band."""
    return _curves(
        histories, "validation_accuracy", "accuracy", "validation accuracy, %", 100,
        f"Validation accuracy after each epoch: mean over seeds{BAND}.",
    )  # fmt: skip


def cost_curves(histories: dict[str, list[History]]) -> Picture:
    """Training cost likewise, on a logarithmic axis; relative to each config's first epoch."""
    relative = {
        name: [[{"cost": r["train_cost"] / history[0]["train_cost"]} for r in history] for history in each]
        for name, each in histories.items()
    }
    return _curves(
        relative, "cost", "cost", "training cost, first epoch = 1", 1,
        f"Training cost after each epoch, as a multiple of the config's own after its first, mean over seeds{BAND}: "
        "different cost functions are different quantities.",
    )  # fmt: skip


def _curves(
    histories: dict[str, list[History]], metric: str, name: str, label: str, unit: float, caption: str
) -> Picture:
    with matplotlib.rc_context(STYLE):
        figure, axes = _axes()
        ends = []
        for k, (config, of) in enumerate(histories.items()):
            length = max(map(len, of))
            means = []
            for epoch in range(length):  # a run that stopped early leaves the mean to the others
                means.append(
                    mean_interval(
                        [
                            unit * h[epoch][metric]
                            for h in of
                            if len(h) > epoch and np.isfinite(h[epoch][metric])
                        ]
                    )
                )
            epochs = np.arange(1, length + 1)
            middle, low, high = (
                np.array([np.nan if each[key] is None else each[key] for each in means], float)
                for key in ("mean", "low", "high")
            )
            axes.plot(epochs, middle, color=COLOURS[k % len(COLOURS)], linewidth=1.6, label=config,
                      marker="o" if length == 1 else None)  # fmt: skip
            if len(histories) <= MOST_BANDS:
                axes.fill_between(epochs, low, high, color=COLOURS[k % len(COLOURS)], alpha=0.2, linewidth=0)
            ends.append(f"{config} from {middle[0]:.4g} to {middle[-1]:.4g}")
        if len(histories) > MOST_BANDS:
            caption = caption.replace(BAND, "")
        axes.set(xlabel="epoch", ylabel=label)
        axes.xaxis.get_major_locator().set_params(integer=True)
        _legend(axes, len(histories))
        return _picture(figure, name, caption, f"{caption} {'; '.join(ends)}.")


def differences(pairs: Sequence[Facts]) -> Picture:
    """Paired differences of final test accuracy: a dot a seed, the mean and its 95 % t-interval."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(SIZE[0], 1.1 + 0.62 * len(pairs)))
        axes = figure.subplots()
        words = []
        for k, pair in enumerate(pairs):
            at = len(pairs) - 1 - k
            spread = np.linspace(-0.13, 0.13, len(pair["differences"])) if len(pair["differences"]) > 1 else [0]
            axes.plot(
                100 * np.array(pair["differences"]),
                at + np.array(spread),
                "o",
                color=COLOURS[0],
                alpha=0.45,
                markersize=3.5,
            )
            if pair["low"] is not None:
                axes.plot([100 * pair["low"], 100 * pair["high"]], [at, at], color=INK, linewidth=1.6)
            axes.plot(100 * pair["mean"], at, "D", color=INK, markersize=5)
            words.append(pair["sentence"])
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_yticks(range(len(pairs)), [f"{pair['a']}\n- {pair['b']}" for pair in reversed(pairs)])
        axes.set_ylim(-0.6, len(pairs) - 0.4)
        axes.set_xlabel("difference of test accuracy, percentage points")
        caption = (
            "Paired differences of final test accuracy: a dot for each seed, the mean, and its 95 % t-interval."
        )
        return _picture(figure, "differences", caption, f"{caption} {'; '.join(words)}.")


def slowdown_curves(of: dict[str, Facts]) -> Picture:
    """Accuracy and gradient norm over the first mini-batches from saturated outputs, a line each config."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(SIZE[0], 5.4))
        upper, lower = figure.subplots(2, sharex=True)
        words = []
        for k, (config, facts) in enumerate(of.items()):
            x = facts["mini_batches"]
            for axes, key, unit in ((upper, "accuracy", 100), (lower, "gradient_norm", 1)):
                seeds = unit * np.array(facts[key], float)
                colour = COLOURS[k % len(COLOURS)]
                axes.plot(x, seeds.T, color=colour, linewidth=0.6, alpha=0.35)
                axes.plot(x, seeds.mean(axis=0), color=colour, linewidth=1.8, label=config)
                if axes is upper:
                    words.append(f"{config} from {seeds[:, 0].mean():.1f} to {seeds[:, -1].mean():.1f} %")
        lower.set_yscale("log")
        upper.set_ylabel("validation accuracy, %")
        lower.set(xlabel="mini-batches", ylabel="norm of dC/dw of the outputs")
        _legend(upper, len(of))
        caption = (
            "Learning slowdown: the first 1,000 mini-batches from saturated outputs (initializer large). Thin lines "
            "are seeds, thick ones their mean; learning rates are those of the configs."
        )
        return _picture(figure, "slowdown", caption, f"{caption} Accuracy: {'; '.join(words)}.")


def _axes() -> tuple[Figure, Any]:
    figure = Figure(figsize=SIZE)
    return figure, figure.subplots()


def _legend(axes: Any, entries: int) -> None:
    if entries > 1:
        axes.legend(loc="best", fontsize=10)


def _picture(figure: Figure, name: str, caption: str, alternative: str) -> Picture:
    svg, png = io.StringIO(), io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(svg, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    figure.savefig(png, format="png", dpi=160, facecolor="white")
    return Picture(name, caption, alternative, _for_page(svg.getvalue(), name), png.getvalue())


def _for_page(svg: str, name: str) -> str:
    """An SVG that may stand in a page beside others and follow its colours."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<svg ([^>]*?)width="[^"]*" height="[^"]*"|<svg ', r"<svg \1", svg, count=1)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    for k, colour in enumerate(COLOURS):
        svg = svg.replace(colour, f"var(--c{k})")
    return svg.replace(INK, "var(--ink)").replace(FAINT, "var(--line)")
