"""Joins template, style sheet, scripts, digits and networks into one HTML file that asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mnist_softmax import __version__
from mnist_softmax.errors import ConfigError
from mnist_softmax.files import write_whole
from mnist_softmax.lab.contents import gather
from mnist_softmax.lab.sources import SOURCES

SCRIPTS = (
    "engine",
    "drawing",
    "trainer",
    "page",
    "act1",
    "act2",
    "act3",
    "presets",
    "act4",
    "act5",
    "act6",
    "begin",
)
IN_THE_WORKER = ("engine", "trainer")  # their text is read again, for a worker is made of it
MARK = b'content="mnist-softmax lab"'  # how a page of ours is known


class Page(NamedTuple):
    """The file that was written, its size in bytes, and what the user should be told."""

    path: Path
    size: int
    warnings: tuple[str, ...]


def lab(
    runs: Sequence[str | Path] = (), output: str | Path = "lab.html", overrides: Sequence[str] = ()
) -> Page:
    """Write the page to `output`, with the networks of up to four run directories.

    `overrides` are pairs such as "data.source=openml"; without runs the digits are the sample of 5,000.
    Raises UserError: a run that the page cannot show, digits that cannot be had, an output that cannot be
    written or that holds something else than a page of ours.
    """
    path = Path(output).expanduser()
    _refuse_foreign(path)
    contents = gather(runs, overrides)
    text = render(json.dumps(contents.stored), contents.about).encode("utf-8")
    try:
        write_whole(path, text)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from None
    return Page(path, len(text), contents.warnings)


def render(stored: str, about: str) -> str:
    """The whole page. `stored` is JSON, `about` a line for its foot."""
    texts = {name: _read(f"{name}.js") for name in SCRIPTS}
    style = _read("style.css")
    template = Environment(
        loader=PackageLoader("mnist_softmax.lab", "."), autoescape=True, undefined=StrictUndefined
    ).get_template("page.html")
    return template.render(
        policy=policy(style, [texts[name] for name in SCRIPTS]),
        style=Markup(style),
        scripts=[
            {"id": f"{name}-text" if name in IN_THE_WORKER else "", "text": Markup(text)}
            for name, text in texts.items()
        ],
        stored=Markup(stored.replace("<", "\\u003c")),  # no tag can end the script that holds it
        sources=SOURCES,
        about=about,
        version=__version__,
    )


def policy(style: str, scripts: Sequence[str]) -> str:
    """A Content-Security-Policy that lets in these texts, a worker made of them, and no request at all."""
    allowed = " ".join(_hash(text) for text in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; worker-src blob:; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode()}'"


def _read(name: str) -> str:
    return files("mnist_softmax.lab").joinpath(name).read_text(encoding="utf-8")


def _refuse_foreign(path: Path) -> None:
    """Only a page of ours is replaced. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            ours = MARK in file.read(5000)
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from None
    if not ours:
        raise ConfigError(
            f"{path}: holds something that is not a page of the lab; choose another with --output"
        )
