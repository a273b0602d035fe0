"""docs/exercises.md: the book's exercises and problems that mean a run, each with its answer in a sentence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from mnist_softmax.book import report
from mnist_softmax.book.results import Result
from mnist_softmax.files import write_whole
from mnist_softmax.runs.summary import Seconds


class StoredAnswers(TypedDict):
    """What exercises.json has of an exercise."""

    id: str
    chapter: int
    section: str
    title: str
    asks: str
    findings: list[dict[str, Any]]
    inferred: list[str]
    runs: int
    seconds: Seconds


class Stored(TypedDict):
    """The content of exercises.json."""

    results: list[StoredAnswers]


STORED = TypeAdapter(Stored)

TITLE = "# Exercises and problems that mean a run"

HEAD = f"""\
{TITLE}

Written by `mnist-softmax reproduce exercises --report docs`; the numbers lie in exercises.json. Each is one config in
`configs/exercises/`, and `mnist-softmax reproduce ID` runs it alone. The questions are told in our words. Names like
`mu_0.9` are runs of that config. Accuracies on test are taken at the best epoch by validation. Intervals are those of
a mean over seeds, or of the mean difference of runs with the same seed (t, 95 %). Most exercises that need no run are
in [the book by commands](guide.md).
"""


def write(found: Sequence[Result], folder: Path) -> Path:
    """Merge `found` into the folder's exercises.json, and write the page anew from it."""
    results = {result["id"]: result for result in earlier(folder).get("results", [])}
    results |= {result["id"]: {key: result[key] for key in StoredAnswers.__annotations__} for result in found}
    content = {"results": [results[id] for id in sorted(results)]}
    write_whole(folder / "exercises.json", json.dumps(content, indent=1) + "\n")
    write_whole(folder / "exercises.md", page(content))
    return folder / "exercises.md"


def refuse_foreign(folder: Path) -> None:
    """Only a page of ours is replaced. Raises RunDirectoryError."""
    report.check_ours(folder, "exercises", TITLE)
    earlier(folder)


def earlier(folder: Path) -> dict[str, Any]:
    """What the folder's exercises.json holds. Raises RunDirectoryError: it is damaged, or not ours."""
    return report.stored(folder / "exercises.json", STORED, page)


def page(content: dict[str, Any]) -> str:
    """exercises.md, from what exercises.json holds."""
    parts = [HEAD]
    for chapter in sorted({result["chapter"] for result in content["results"]}):
        parts.append(f"## Chapter {chapter}\n")
        for result in content["results"]:
            if result["chapter"] == chapter:
                answers = [f"- {_sentence(finding['verdict'])}" for finding in result["findings"]]
                asked = f"### {result['title']}\n\n*{result['section']}*, `{result['id']}`. {result['asks']}\n"
                parts.append("\n".join([asked, *answers, *_notes(result)]) + "\n")
    return "\n".join(parts)


def _notes(result: Result) -> list[str]:
    return ["", " ".join(result["inferred"])] if result["inferred"] else []


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."
