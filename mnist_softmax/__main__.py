"""`mnist-softmax`, `python -m mnist_softmax` and the scripts: the command line, as a process of its own."""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from mnist_softmax import signals
from mnist_softmax.errors import Notice


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line, from the first import to the last line ready for signals, and give its exit code."""
    try:
        signals.answer()
        _open_streams()
        _show_notices()
        from mnist_softmax import cli

        return cli.main(argv)
    except signals.Interrupted as error:  # outside `cli.main`
        return error.exit_code
    finally:
        signals.ignore()


def _show_notices() -> None:
    """Warnings of ours in a line, and none of the libraries, unless `python -W` asks for all."""
    if sys.warnoptions:
        return

    def show(message: Warning | str, *where: Any, **more: Any) -> None:
        from mnist_softmax.commands.console import warn

        warn(str(message))

    warnings.simplefilter("ignore")
    warnings.simplefilter("always", Notice)
    warnings.showwarning = show


class Output(io.TextIOWrapper):
    """A standard stream that knows afterwards whether it failed: an OSError does not say of which file it is."""

    failed = False

    def write(self, text: str) -> int:
        with self._noting():
            return super().write(text)

    def flush(self) -> None:
        with self._noting():
            super().flush()

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            self.failed = True
            raise


def _open_streams() -> None:
    """Output streams that know when they fail; those that are closed, as by `>&-`, lead to /dev/null.

    Otherwise the next file that is opened would get their number, and what is printed.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free, this one
    for number, name in ((1, "stdout"), (2, "stderr")):
        given: TextIO | None = getattr(sys, name)
        stream = Output(
            io.BufferedWriter(io.FileIO(number, "w", closefd=False)),
            encoding=given.encoding if given else "utf-8",
            errors="backslashreplace",  # a path may not fit the terminal's alphabet
            line_buffering=number == 2 or os.isatty(number),
        )
        setattr(sys, name, stream)


if __name__ == "__main__":
    sys.exit(main())
