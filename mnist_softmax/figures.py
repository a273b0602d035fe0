"""How figures look, and figures on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_softmax.errors import ConfigError

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


def save(figure: Figure, path: str | Path) -> None:
    """Write `figure` in the format that the ending of `path` names: .png, .svg, .pdf, ...; the same bytes each time.

    Raises ConfigError: the format is unknown, or the file cannot be written.
    """
    import matplotlib

    known = figure.canvas.get_supported_filetypes()
    suffix = Path(path).suffix.lstrip(".").lower()
    if suffix not in known:
        raise ConfigError(f"--plot {path}: cannot draw '{suffix}'; end the name in {', '.join(sorted(known))}")
    dateless = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(suffix)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        # in SVG: text stays text, and names inside the file do not change from one writing to the next
        with matplotlib.rc_context(
            {"svg.fonttype": "none", "font.sans-serif": ["DejaVu Sans"], "svg.hashsalt": "mnist_softmax"}
        ):
            figure.savefig(path, dpi=150, metadata=dateless)
    except OSError as error:
        raise ConfigError(f"--plot {path}: cannot be written: {error.strerror or error}") from None
