"""Text from anywhere made fit to be shown: nothing in it that a terminal would obey, and no line without end."""

from __future__ import annotations

import reprlib
from typing import Any, TextIO
from unicodedata import category

LONGEST = 900  # characters of a line
MOST_LINES = 20


def printable(text: str) -> str:
    """`text` with what a terminal would obey, or could not show, written out: "\\x1b" for an escape character."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if c in "\n\t" or c.isprintable() or category(c) == "Zs" else _written_out(c) for c in text
    )


def bounded(line: str) -> str:
    """A long line without its middle: what is wrong stands at its beginning, what to do at its end."""
    half = (LONGEST - 5) // 2
    return line if len(line) <= LONGEST else f"{line[:half]} ... {line[-half:]}"


def message(text: str) -> str:
    """`text` made fit to be shown: printable, its lines and their number bounded."""
    lines = printable(text).split("\n")
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"... and {len(lines) - MOST_LINES + 1:,} lines more"]
    return "\n".join(map(bounded, lines))


def one_line(text: str) -> str:
    """`text` as the one line that it is meant to be: a name may hold the end of a line."""
    return text.replace("\n", "\\n")


def shown(value: Any) -> str:
    """A value as a message has it: its repr, as far as 60 characters, however much it holds."""
    try:
        return f"{_brief.repr(value):.60}"
    except ValueError:  # Python writes out no number of more than 4,300 digits
        return f"a very large {type(value).__name__}"


class Printable:
    """A stream that writes out what a terminal would obey: names of files and of configs may hold anything."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """As the stream's own."""
        return self.stream.write(printable(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def _written_out(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = _brief.maxlong = 60
_brief.maxlist = _brief.maxtuple = _brief.maxdict = _brief.maxset = 12
_brief.maxlevel = 3
