"""How fast it is: against other people's libraries, and against its own sizes. See docs/performance.md."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn


def run(main: Callable[[], int | None]) -> NoReturn:
    """End the process with what `main` gives back; in silence where nobody reads its output, as with `| head`."""
    try:
        try:
            code = main()
        finally:  # of the help, too
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # which Python empties at its end
        code = 141  # as a shell says it of SIGPIPE
    sys.exit(code)
