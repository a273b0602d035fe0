"""How figures look, and figures on disk."""

from __future__ import annotations

import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_softmax.errors import ConfigError
from mnist_softmax.files import write_whole
from mnist_softmax.messages import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#0b6fb8", "#c2410c", "#15803d", "#9333ea", "#a16207", "#be185d", "#0f766e", "#475569")
INK, FAINT = "#1f2328", "#d9d9d6"
SIZE = (5.2, 3.4)  # inches: small, so that the letters can be read on a phone
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}


@contextmanager
def drawing(style: Mapping[Any, Any] = STYLE) -> Iterator[None]:
    """Inside, figures look as Matplotlib is by itself and `style` says, whatever its user's settings are."""
    matplotlib = load()
    by_itself = {key: value for key, value in dict.items(matplotlib.rcParamsDefault) if key != "backend"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", matplotlib.MatplotlibDeprecationWarning)  # of old settings
        with matplotlib.rc_context(by_itself | dict(style)):
            yield


def new_figure(size: tuple[float, float] = SIZE, **options: Any) -> Figure:
    """An empty one, drawn by Agg when it is saved, not by a backend that its user has chosen."""
    figure: Figure = load().figure.Figure(figsize=size, **options)
    return figure


def load() -> Any:
    """Matplotlib, also where a setting of its user would keep it from being imported."""
    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.CRITICAL)  # settings that it does not know
    try:
        try:
            import matplotlib.figure
        except Exception:  # MPLBACKEND is no backend's name, matplotlibrc is not text, ...
            for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
                del sys.modules[name]  # what is there of it is half made
            with _without_settings():
                import matplotlib.figure
        return matplotlib
    finally:
        log.setLevel(level)


@contextmanager
def _without_settings() -> Iterator[None]:
    """Inside, Matplotlib finds no settings but those that it brings: it has no switch for that."""
    exists, backend = os.path.exists, os.environ.pop("MPLBACKEND", None)

    def is_there(path: Any) -> bool:
        return exists(path) and (os.path.basename(path) != "matplotlibrc" or "mpl-data" in str(path))

    os.path.exists = is_there
    try:
        yield
    finally:
        os.path.exists = exists
        if backend is not None:
            os.environ["MPLBACKEND"] = backend


def log_scale(axes: Any) -> None:
    """A logarithmic y-axis, where something that is drawn has a logarithm: of 0 there is none."""
    import numpy as np

    if any((np.asarray(line.get_ydata(), float) > 0).any() for line in axes.lines):
        axes.set_yscale("log")


def legend(place: Any, lines: Mapping[str, Any], **where: Any) -> None:
    """Name lines, in a panel or a figure. Names are text: Matplotlib takes `$` for mathematics, and shows none of
    those that begin with `_`."""
    names = place.legend([*lines.values()], [str(k) for k in range(len(lines))], **where).get_texts()
    for shown, name in zip(names, lines, strict=True):
        shown.set(text=printable(name), parse_math=False)


def save(figure: Figure, path: str | Path) -> None:
    """Write `figure` in the format that the ending of `path` names.

    .png, .svg and .pdf have the same bytes each time; other formats may hold the time.
    Raises ConfigError: the format is unknown, or the file cannot be written.
    """
    known = figure.canvas.get_supported_filetypes().keys() - {"pgf"}  # which asks for a LaTeX
    suffix = Path(path).suffix.lstrip(".").lower()
    if suffix not in known:
        raise ConfigError(f"{path}: cannot draw '{suffix}'; end the name in {', '.join(sorted(known))}")
    dateless: Any = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(suffix)
    content = io.BytesIO()
    # in SVG: text stays text, and names inside the file do not change from one writing to the next
    with load().rc_context(
        {"svg.fonttype": "none", "font.sans-serif": ["DejaVu Sans"], "svg.hashsalt": "mnist_softmax"}
    ):
        figure.savefig(content, format=suffix, dpi=150, metadata=dateless)
    try:
        write_whole(Path(path), content.getvalue())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from None
