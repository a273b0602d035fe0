"""How the book's figures are drawn: our curves as lines, the author's figures as hollow points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_softmax.figures import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AUTHOR = "recorded by the book's author"


def new_axes(title: str, x: str, y: str) -> tuple[Figure, Any]:
    """A figure of one panel, and that."""
    figure = new_figure()
    return figure, figure.add_subplot(title=title, xlabel=x, ylabel=y)


def pictures(images: np.ndarray, across: int) -> tuple[Figure, list[Any]]:
    """Images (n, rows, columns), so many across, large numbers black as in the book; and the panel of each."""
    rows = max(-(-len(images) // across), 1)
    figure = new_figure((across * 0.8, rows * 0.8))
    panels = [*figure.subplots(rows, across, squeeze=False).flat]
    for axes in panels:
        axes.axis("off")
    for axes, image in zip(panels, images, strict=False):
        axes.imshow(image, cmap="binary", interpolation="nearest")
    return figure, panels[: len(images)]


def author_points(axes: Any, x: Any, y: Any, label: str = AUTHOR, marker: str = "o", **style: Any) -> None:
    """The author's figures; the legend names them once."""
    known = axes.get_legend_handles_labels()[1]
    style = {"markersize": 3, "markeredgewidth": 0.6, "label": f"_{label}" if label in known else label} | style
    axes.plot(x, y, marker, markerfacecolor="none", markeredgecolor="black", **style)


def legend(axes: Any, **where: Any) -> None:
    """Our curves first, the author's points last."""
    entries = zip(*axes.get_legend_handles_labels(), strict=True)
    axes.legend(*zip(*sorted(entries, key=lambda entry: "author" in entry[1]), strict=True), **where)
