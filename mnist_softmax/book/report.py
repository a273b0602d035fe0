"""The written report: results.json with every figure, results.md made from it alone, and the README's short form."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from mnist_softmax.book import figures as book_figures
from mnist_softmax.book.claim import Evidence, of_run
from mnist_softmax.book.plan import Plan
from mnist_softmax.book.reference import reference
from mnist_softmax.book.results import Result
from mnist_softmax.book.words import in_percent, rows
from mnist_softmax.errors import ConfigError, RunDirectoryError
from mnist_softmax.files import write_whole
from mnist_softmax.reading import Damaged, opened, read_json, reading
from mnist_softmax.runs.environment import environment
from mnist_softmax.runs.summary import Environment, Seconds


class StoredResult(TypedDict):
    """What results.json has of an experiment."""

    id: str
    chapter: int
    section: str
    title: str
    findings: list[dict[str, Any]]
    replays: list[dict[str, Any]]
    chaotic: str | None
    headlines: dict[str, dict[str, float] | None]
    inferred: list[str]
    deviations: list[str]
    runs: int
    seconds: Seconds


class Stored(TypedDict):
    """The content of results.json."""

    results: list[StoredResult]
    figures: dict[str, list[str]]
    environment: Environment
    data: dict[str, str]


STORED = TypeAdapter(Stored)

BEGIN, END = "<!-- reproduce: begin -->", "<!-- reproduce: end -->"

TITLE = "# The book, reproduced"
OTHERS = "move it, or choose another --report"

HOW = """\
Written by `mnist-softmax reproduce`; the numbers lie in results.json. Which chapter is which command: \
`mnist-softmax reproduce` lists the experiments, `mnist-softmax reproduce ID` runs one, \
`mnist-softmax reproduce chapter3` a chapter, `mnist-softmax reproduce all` everything.
"""

RULES = """\
**Replays.** Runs that the author's programs recorded with seeded generators are trained again from the same
random numbers, in float64 and in the order of rounding of his programs, and compared epoch by epoch: a count of
right answers must be the same, a cost within a millionth of itself. Epochs count from 0, as in the book.

**Printed numbers.** Most runs of the book were not seeded, so its number is one draw of many. n runs of ours give
the mean and standard deviation (sd) of reports made as the book's was (peak or final, test or validation, best of
k runs), and the 95 % prediction interval for one more such report: mean ± t · sd · √(1 + k/n), t of (n - 1)/k
degrees of freedom. *Consistent*: the book's number lies in that interval. Otherwise by how much our mean is higher
or lower. A transcript is judged epoch by epoch in the same way; gradient norms by their logarithms, where nine of
ten points must lie inside; a statement, or one answer to all images, by how many runs do so, at least half of them.
The interval was widened for best-of-three numbers (degrees of freedom) and the last rule loosened from all runs to
half after a first trial of four seeds, before the runs reported here were looked at.

**Ours.** The peak on test chooses its epoch by the test images, as the book does. Our own figure is test accuracy
at the epoch with the best validation accuracy, the last column but one.
"""

IN_GENERAL = """\
**In general.** Runs over seeds are in float32, unless the config says otherwise, and draw from NumPy's PCG64, each
use of random numbers from a stream of its own; the book's programs computed in float64 and drew from the Mersenne
twister. Costs and activations are computed so that they cannot overflow, where the book's programs replace what
has overflowed. Time is seconds of one process, summed over runs, on a machine that had other work to do as well.
"""


def write(found: Sequence[Result], plan: Plan, evidence: Mapping[str, Evidence], folder: Path) -> Path:
    """Merge `found` into the folder's results.json and write the rest anew from it, figures first.

    A README.md beside the folder gets the short form between its markers, where it has them.
    """
    figures = book_figures.draw(plan, evidence, folder / "figures" / "book")
    stored = _stored(folder / "results.json")
    results = {result["id"]: result for result in stored.get("results", [])}
    results |= {result["id"]: result for result in found}
    order = reference()["order"]
    in_order = sorted(results.values(), key=lambda r: order.index(r["id"]) if r["id"] in order else len(order))
    content = {
        "results": in_order,
        "figures": stored.get("figures", {}) | figures,
        "environment": environment(),
        "data": {key: getattr(next(iter(plan.datasets.values())), key) for key in ("source", "checksum")},
    }
    write_whole(folder / "results.json", json.dumps(content, indent=1) + "\n")
    write_whole(folder / "results.md", page(content))
    readme = folder.parent / "README.md"
    if readme.is_file() and BEGIN in (text := readme.read_text(encoding="utf-8")):
        write_whole(readme, between_markers(text, short(content)))
    return folder / "results.md"


def refuse_foreign(folder: Path) -> None:
    """Only a report of ours is replaced. Raises RunDirectoryError."""
    for name, mark in (("results.md", f"{TITLE}\n"), ("results.json", "{")):
        path = folder / name
        if os.path.lexists(path):
            with reading(path, OTHERS), opened(path) as file:
                if file.read(len(mark)) != mark.encode():
                    raise RunDirectoryError(f"{path}: is not a report of the book; {OTHERS}")
    _stored(folder / "results.json")


def _stored(path: Path) -> dict[str, Any]:
    """What an earlier call wrote; claims word their own findings, so whether they are whole shows when they do."""
    content = read_json(path, STORED, OTHERS)
    if content is None:
        return {}
    with reading(path, OTHERS):
        try:
            page(dict(content))
            short(dict(content))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise Damaged(f"a result is not whole ({type(error).__name__}: {error})") from None
    return dict(content)


def page(content: dict[str, Any]) -> str:
    """results.md, from what results.json holds."""
    results = content["results"]
    parts = [f"{TITLE}\n", HOW, RULES, IN_GENERAL]
    for chapter in sorted({result["chapter"] for result in results}):
        chosen = [result for result in results if result["chapter"] == chapter]
        figures = _figures(content["figures"], chosen)
        parts += [f"## Chapter {chapter}\n", table(chosen), figures, _notes(chosen)]
    return "\n".join(part for part in [*parts, _machine(content)] if part)


def table(results: Sequence[Result]) -> str:
    """One chapter: a row for each claim and each replay."""
    lines = [
        "| id | what | book | here | 95 % interval | n | difference | verdict | ours, test | time |",
        "|---|---|---:|---:|---:|---:|---:|---|---:|---:|",
    ]
    for result in results:
        row, *others = rows(result)
        first = [f"`{result['id']}`", *row, _ours(result), _time(result["seconds"])]
        for cells in (first, *(["", *other, "", ""] for other in others)):
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def short(content: dict[str, Any]) -> str:
    """The README's form: for each chapter how many claims agree, and the replays."""
    lines = [
        "| chapter | exact replays | printed numbers and statements that agree | not |",
        "|---|---|---|---|",
    ]
    for chapter in sorted({result["chapter"] for result in content["results"]}):
        chosen = [result for result in content["results"] if result["chapter"] == chapter]
        replays = [(result, replay) for result in chosen for replay in result["replays"] if replay["epochs"]]
        findings = [(result["id"], finding) for result in chosen for finding in result["findings"]]
        against = [id for id, finding in findings if not finding["agrees"]]
        exact = sum(replay["exact"] for _, replay in replays)
        parted = sum(bool(result["chaotic"]) and not replay["exact"] for result, replay in replays)
        curves = f"{exact} of {len(replays)} curves" if replays else "none recorded"
        if parted:
            curves += f"; {parted} part by rounding, of runs named chaotic beforehand"
        agreeing = f"{len(findings) - len(against)} of {len(findings)}"
        lines.append(f"| {chapter} | {curves} | {agreeing} | {', '.join(dict.fromkeys(against)) or 'none'} |")
    return "\n".join(lines) + "\n"


def between_markers(text: str, content: str) -> str:
    """`text` with what stands between the markers replaced. Raises ConfigError where the second is missing."""
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ConfigError(f"README.md: {BEGIN} without {END}")
    return f"{before}{BEGIN}\n{content}{END}{after}"


def _ours(result: Result) -> str:
    return "; ".join(
        f"{of_run(run)} {in_percent(each['mean'])} (sd {each['deviation']:.2f}, n {each['n']})".strip()
        for run, each in result["headlines"].items()
        if each
    )


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def _figures(figures: dict[str, list[str]], results: Sequence[Result]) -> str:
    lines = [
        f"![{name}](figures/book/{name}.svg)" for result in results for name in figures.get(result["id"], [])
    ]
    return "\n".join(["### Figures\n", *lines, ""]) if lines else ""


def _notes(results: Sequence[Result]) -> str:
    parts = []
    for heading, key in (
        ("Deviations", "deviations"),
        ("Open questions, and what was assumed", "inferred"),
        ("Chaotic runs, named beforehand", "chaotic"),
    ):
        notes: dict[str, list[str]] = {}
        for result in results:
            texts = [result[key]] if isinstance(result[key], str) else result[key] or []
            for text in texts:
                notes.setdefault(text, []).append(f"`{result['id']}`")
        if notes:
            listed = [f"{k}. {', '.join(ids)}: {text}" for k, (text, ids) in enumerate(notes.items(), 1)]
            parts.append("\n".join([f"### {heading}\n", *listed, ""]))
    return "\n".join(parts)


def _machine(content: dict[str, Any]) -> str:
    where = content["environment"]
    blas = "; ".join(f"{library['internal_api']} {library['version']}" for library in where["blas"])
    seconds = sum(result["seconds"] for result in content["results"])
    runs = sum(result["runs"] for result in content["results"])
    return (
        "## Machine and versions\n\n"
        f"{where['processor']}, {where['cores']} cores, {where['system']}; Python {where['python']}, "
        f"NumPy {where['numpy']}, SciPy {where['scipy']}, BLAS {blas}. Data: {content['data']['source']}, sha256 "
        f"{content['data']['checksum'][:16]}. {runs} runs, {seconds / 60:.0f} minutes of one core in all.\n"
    )
