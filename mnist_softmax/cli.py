"""The `mnist-softmax` command: one command line run, and its exit code."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from typing import TextIO, cast

from mnist_softmax.commands.line import COMMANDS, parse
from mnist_softmax.errors import INTERRUPTED, UserError
from mnist_softmax.messages import Printable, message, one_line

BROKEN_PIPE = 141  # as a shell says it of SIGPIPE


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and give back its exit code; the user's mistakes become one line on stderr."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()  # now, while it can be said that it failed
        return code
    except UserError as error:
        _say("\n".join(f"error: {one_line(str(each))}" for each in error.args))
        return error.exit_code
    except KeyboardInterrupt as error:  # Ctrl-C, or a signal that is answered like it
        by = f"interrupted by {error}" if str(error) not in ("", "SIGINT") else "interrupted"
        _say("\n" + "; ".join([by, *getattr(error, "__notes__", ())]))
        return getattr(error, "exit_code", INTERRUPTED)
    except MemoryError as error:
        what = f" ({error})" if str(error) else ""
        _say(
            f"error: not enough memory{what}; close other programs, or make network.layers, --jobs or"
            " --cohort smaller"
        )
        return UserError.exit_code
    except OSError as error:  # files are answered for where they are opened: it is our output, or the system
        ours = _stream_that_fails()
        if ours and isinstance(error, BrokenPipeError):  # the reader of our output has gone, as with `| head`
            return BROKEN_PIPE
        _say(one_line(f"error: {ours or error.filename or 'refused by the system'}: {error.strerror or error}"))
        return UserError.exit_code


def _run(arguments: list[str]) -> int:
    try:
        options = parse(arguments)
    except SystemExit as end:  # of argparse, after its help or its complaint
        return int(end.code or 0)
    with redirect_stdout(cast(TextIO, Printable(sys.stdout))) if sys.stdout else nullcontext():
        return int(COMMANDS[options.command].run(options))


def _say(text: str) -> None:
    """To standard error, if that can be written; the exit code speaks as well."""
    with contextlib.suppress(OSError):
        print(message(text), file=sys.stderr)
    _stream_that_fails()


def _stream_that_fails() -> str | None:
    """The name of our output, if it cannot be written; it is led to /dev/null, so that Python can end in silence."""
    failing = None
    for name, stream in (("standard error", sys.stderr), ("standard output", sys.stdout)):
        with contextlib.suppress(OSError, AttributeError):
            stream.flush()
        if getattr(stream, "failed", False):
            failing = name
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return failing
