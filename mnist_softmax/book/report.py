"""The written report: results.json with every figure, and what is made of it alone (page.py)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from mnist_softmax.book import figures as book_figures
from mnist_softmax.book import headers
from mnist_softmax.book.claim import Evidence
from mnist_softmax.book.page import TITLE, page, short
from mnist_softmax.book.plan import Plan
from mnist_softmax.book.reference import place
from mnist_softmax.book.results import Result
from mnist_softmax.errors import ConfigError, RunDirectoryError
from mnist_softmax.files import write_whole
from mnist_softmax.reading import Damaged, opened, read_json, reading
from mnist_softmax.runs.summary import Environment, Seconds


class Headline(TypedDict):
    """A run's test accuracy over its seeds, as `results.headline` makes it."""

    mean: float
    deviation: float | None
    n: int


class StoredResult(TypedDict):
    """What results.json has of an experiment."""

    id: str
    chapter: int
    section: str
    title: str
    findings: list[dict[str, Any]]
    replays: list[dict[str, Any]]
    chaotic: str | None
    headlines: dict[str, Headline | None]
    inferred: list[str]
    deviations: list[str]
    runs: int
    seconds: Seconds
    environment: int


class Stored(TypedDict):
    """The content of results.json."""

    results: list[StoredResult]
    figures: dict[str, list[str]]
    environments: list[Environment]
    data: dict[str, str]


STORED = TypeAdapter(Stored)

BEGIN, END = "<!-- reproduce: begin -->", "<!-- reproduce: end -->"

OTHERS = "move it, or choose another --report"


def write(
    found: Sequence[Result],
    plan: Plan,
    evidence: Mapping[str, Evidence],
    folder: Path,
    checkout: Path | None = None,
) -> Path:
    """Merge `found` into the folder's results.json and write the rest anew from it, figures first.

    In a `checkout` README.md gets the short form between its markers, where it has them, and the experiments' configs
    what to expect.
    """
    figures = book_figures.draw(plan, evidence, folder / "figures" / "book")
    before = earlier(folder)
    results = {result["id"]: result for result in before.get("results", [])}
    environments = before.get("environments", [])
    for result in found:
        if result["environment"] not in environments:
            environments.append(result["environment"])
        results[result["id"]] = result | {"environment": environments.index(result["environment"])}
    content = {
        "results": sorted(results.values(), key=lambda result: place(result["id"])),
        "figures": before.get("figures", {}) | figures,
        "environments": environments,
        "data": {key: getattr(next(iter(plan.datasets.values())), key) for key in ("source", "checksum")},
    }
    text = page(content)  # before anything is written, for what cannot be told must not be stored
    write_whole(folder / "results.json", json.dumps(content, indent=1) + "\n")
    write_whole(folder / "results.md", text)
    if checkout:
        _renew(checkout, plan, content)
    return folder / "results.md"


def _renew(checkout: Path, plan: Plan, content: dict[str, Any]) -> None:
    results = {result["id"]: result for result in content["results"]}
    for experiment in plan.experiments:
        if not experiment.is_exercise:
            headers.renew(experiment.path, results[experiment.id], checkout)
    readme = checkout / "README.md"
    if readme.is_file() and BEGIN in (text := readme.read_text(encoding="utf-8")):
        write_whole(readme, between_markers(text, short(content)))


def refuse_foreign(folder: Path) -> None:
    """Only a report of ours is replaced. Raises RunDirectoryError."""
    check_ours(folder, "results", TITLE)
    earlier(folder)


def check_ours(folder: Path, stem: str, title: str) -> None:
    """Raises RunDirectoryError: a page or its JSON is there, and does not begin as ours do."""
    for name, mark in ((f"{stem}.md", f"{title}\n"), (f"{stem}.json", "{")):
        path = folder / name
        if os.path.lexists(path):
            with reading(path, OTHERS), opened(path) as file:
                if file.read(len(mark)) != mark.encode():
                    raise RunDirectoryError(f"{path}: is not a report of the book; {OTHERS}")


def earlier(folder: Path) -> dict[str, Any]:
    """What the folder's results.json holds. Raises RunDirectoryError: it is damaged, or not ours."""
    return stored(folder / "results.json", STORED, page, short)


def stored(path: Path, form: TypeAdapter[Any], *shown: Callable[[dict[str, Any]], str]) -> dict[str, Any]:
    """What an earlier call wrote, of this form, or {}. Raises RunDirectoryError: it is damaged, or not ours.

    Claims word their own findings, so whether these are whole shows when all that is `shown` of them is made.
    """
    content = read_json(path, form, OTHERS)
    if content is None:
        return {}
    with reading(path, OTHERS):
        try:
            for show in shown:
                show(dict(content))
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise Damaged(f"a result is not whole ({type(error).__name__}: {error})") from None
    return dict(content)


def between_markers(text: str, content: str) -> str:
    """`text` with what stands between the markers replaced. Raises ConfigError where the second is missing."""
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ConfigError(f"README.md: {BEGIN} without {END}")
    return f"{before}{BEGIN}\n{content}{END}{after}"
