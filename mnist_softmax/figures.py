"""Figures on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mnist_softmax.errors import ConfigError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
