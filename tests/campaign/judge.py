"""What an answer must be: an exit code of the list, one line for each fault, and nothing that is not for a reader."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from mnist_softmax.commands.line import EXIT_CODES
from tests.campaign.child import HANG, Answer

ALLOWED = {int(code) for code in re.findall(r"\b(\d+) ", EXIT_CODES)}
LONGEST = 1000  # characters of a line
MOST = 40  # lines of an error: a config names all its faults at once
ERROR = re.compile(r"((mnist-softmax[\w ]*: )?error|a run failed): .*\S")
BESIDE = re.compile(r"warning: \S|usage: |interrupted|\d+ done, \d+ running|$")
CONTROL = ("Cc", "Cf", "Cs", "Zl", "Zp")  # of Unicode's categories; Cf are those that turn the text round


class Fault(NamedTuple):
    """What is wrong, and what faults of one cause have in common."""

    kind: str
    cause: str


def faults(answer: Answer) -> Iterator[Fault]:
    """All that is wrong with an answer."""
    err, out = (text.decode("utf-8", "surrogateescape") for text in (answer.err, answer.out))
    if "Traceback (most recent call last)" in err:
        yield Fault("traceback", _origin(err))
        return
    if answer.hung:
        yield Fault("hang", f"longer than {HANG} s")
        return
    if answer.code not in ALLOWED:
        yield Fault("exit code", f"{answer.code}: {_gist(err)}")
    if answer.outlived:
        yield Fault("process left", _gist(err))
    if found := re.search(r"\b\w*Warning: .*|Exception ignored .*", err):
        yield Fault("warning", _gist(found.group()))
    if "enough memory" in err:
        yield Fault("memory", _gist(err))
    yield from _odd_lines(out + err)
    if answer.code not in (0, 1, 130, 141, 143):
        yield from _no_error(err)


def _odd_lines(text: str) -> Iterator[Fault]:
    for line in text.split("\n"):
        if any(map(_is_control, line)):
            yield Fault("control character", _gist(line))
            break
    for line in text.split("\n"):
        if len(line) > LONGEST:
            yield Fault("long line", _gist(line))
            break


def _is_control(character: str) -> bool:
    return character != "\t" and unicodedata.category(character) in CONTROL


def _no_error(err: str) -> Iterator[Fault]:
    """An error is told in lines that say so, and there are not many."""
    lines = err.split("\n")
    if not any(ERROR.match(line) for line in lines):
        yield Fault("no error line", _gist(err))
    elif other := [line for line in lines if not ERROR.match(line) and not BESIDE.match(line)]:
        yield Fault("line beside the error", _gist(other[0]))
    elif len(lines) > MOST:
        yield Fault("many lines", _gist(err))


def _origin(err: str) -> str:
    """The exception, and the last line of the program that it came through."""
    places = re.findall(r'File ".*?/(mnist_softmax/[^"]+)", line \d+, in (\S+)', err)
    exception = re.findall(r"^([A-Za-z_][\w.]*)(?::|$)", err, re.MULTILINE)
    return f"{exception[-1] if exception else '?'} in {' '.join(places[-1]) if places else '?'}"


def _gist(text: str) -> str:
    """The plain words of the last line: what differs from one input to the next is left out."""
    line = next((line for line in reversed(text.split("\n")) if line.strip()), "(nothing)")
    words = re.findall(r"(?<!\S)[A-Za-z][a-z]*[,;:]?(?!\S)", line[:5000])
    return " ".join(words)[:80] or "(no words)"
