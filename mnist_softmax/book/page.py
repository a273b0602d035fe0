"""results.md, and the README's short form of it: words and tables, from what results.json holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mnist_softmax.book.claim import of_run
from mnist_softmax.book.reference import ids_of
from mnist_softmax.book.results import Result, spread
from mnist_softmax.book.words import in_percent, rows

TITLE = "# The book, reproduced"

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
or lower. Of fewer than four runs only the plain difference is given. The *peak* (in the tables: best) is the
highest figure of any epoch. A transcript must lie in its interval at every epoch. Of gradient norms the logarithms
are compared, and nine of ten points must lie inside. A statement agrees if at least half of our runs do what it
says; so does one answer to all images. Two of these rules were changed once, after a trial of four seeds and before
the runs reported here were looked at: the interval of a best of three became wider (fewer degrees of freedom), and
"all runs" became "half of the runs".

**Ours.** The peak on test chooses its epoch by the test images, as the book does. Our own figure is test accuracy
at the epoch with the best validation accuracy, the last column but one. Where several epochs have that accuracy the
first counts. In chapter 6 the last counts, as in the book's network3. The book's numbers of chapter 6 are chosen in
the same way, and most are the best of three runs by validation.
"""

IN_GENERAL = """\
**In general.** Runs over seeds are in float32, unless the config says otherwise, and draw from NumPy's PCG64, each
use of random numbers from a stream of its own; the book's programs drew from the Mersenne twister, and those of
chapters 1 to 5 computed in float64. Costs and activations are computed so that they cannot overflow, where the book's
programs replace what has overflowed. Chapter 6 keeps the starting weights of network3, N(0, 1/n_out); a note of 2016
in the book calls n_out there a mistake for n_in. It keeps network3's lambda, too, which is divided by the number of
mini-batches; the configs have 10 times as much, for here it is divided by the number of images. Time is that of one
process by the clock, summed over runs, on machines that had other work to do as well.
"""


def page(content: dict[str, Any]) -> str:
    """results.md, from what results.json holds."""
    results = content["results"]
    parts = [f"{TITLE}\n", HOW, RULES, IN_GENERAL]
    for chapter in sorted({result["chapter"] for result in results}):
        chosen = [result for result in results if result["chapter"] == chapter]
        figures = _figures(content["figures"], chosen)
        parts += [f"## Chapter {chapter}\n", table(chosen), _not_run(chapter, results), figures, _notes(chosen)]
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


def _not_run(chapter: int, results: Sequence[Result]) -> str:
    """The chapter's experiments that have no result."""
    there = {result["id"] for result in results}
    missing = [id for id in ids_of(chapter) if id not in there]
    return f"Not run yet: {', '.join(f'`{id}`' for id in missing)}.\n" if missing else ""


def short(content: dict[str, Any]) -> str:
    """The README's form: for each chapter how many claims agree, and the replays."""
    lines = [
        "| chapter | exact replays | printed numbers and statements that agree | not | too few runs, or none |",
        "|---|---|---|---|---|",
    ]
    for chapter in sorted({result["chapter"] for result in content["results"]}):
        chosen = [result for result in content["results"] if result["chapter"] == chapter]
        replays = [(result, replay) for result in chosen for replay in result["replays"] if replay["epochs"]]
        findings = [(result["id"], finding) for result in chosen for finding in result["findings"]]
        judged = [(id, finding) for id, finding in findings if finding["agrees"] is not None]
        against = [id for id, finding in judged if not finding["agrees"]]
        open_ids = [
            id for id, finding in findings if finding["agrees"] is None and finding["verdict"] != "drawn"
        ]
        open_ids += [id for id in ids_of(chapter) if id not in {result["id"] for result in chosen}]
        exact = sum(replay["exact"] for _, replay in replays)
        parted = sum(bool(result["chaotic"]) and not replay["exact"] for result, replay in replays)
        curves = f"{exact} of {len(replays)} curves" if replays else "none recorded"
        if parted:
            curves += f"; {parted} part by rounding, of runs named chaotic beforehand"
        agreeing = f"{len(judged) - len(against)} of {len(judged)}"
        cells = [str(chapter), curves, agreeing, *(_names(ids) for ids in (against, open_ids))]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _names(ids: Sequence[str]) -> str:
    names = list(dict.fromkeys(ids))
    return ", ".join(names) or "none" if len(names) < 5 else f"{len(names)} experiments"


def _ours(result: Result) -> str:
    return "; ".join(
        f"{of_run(run)} {in_percent(each['mean'])} {spread(each)}".strip()
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
        ("What was assumed, why ours differs, and what is open", "inferred"),
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
    """Where it was run; the experiments of each machine but the one that has most."""
    places: dict[str, list[str]] = {}
    for result in content["results"]:
        place = _place(content["environments"][result["environment"]])
        places.setdefault(place, []).append(f"`{result['id']}`")
    first, *others = sorted(places, key=lambda place: -len(places[place])) or [""]
    lines = [f"{first}."] + [f"{', '.join(places[place])}: {place}." for place in others]
    seconds = sum(result["seconds"] for result in content["results"])
    runs = sum(result["runs"] for result in content["results"])
    data = f"{content['data']['source']}, sha256 {content['data']['checksum'][:16]}"
    total = f"Data: {data}. {runs} runs, {seconds / 60:.0f} minutes of one process in all."
    return "\n\n".join(["## Machine and versions", *lines, total]) + "\n"


def _place(where: dict[str, Any]) -> str:
    blas = "; ".join(f"{library['internal_api']} {library['version']}" for library in where["blas"])
    kernels = ", ".join(dict.fromkeys(kernel for each in where["blas"] if (kernel := each.get("architecture"))))
    return (
        f"{where['processor']}, {where['cores']} cores, {where['system']}; Python {where['python']}, "
        f"NumPy {where['numpy']}, SciPy {where['scipy']}, BLAS {blas}" + f" ({kernels})" * bool(kernels)
    )
