"""One command line in a forked child: a thousand in the time in which Python starts ten times.

The parent has imported everything. The child gets a folder, files for its output, a limit of memory and a limit of
time; whatever it does is done to itself.
"""

from __future__ import annotations

import atexit
import ctypes
import io
import os
import resource
import select
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

HANG = 10  # seconds
MEMORY = 1_500_000_000  # bytes more than there are at the beginning
KEPT = 200_000  # bytes of output that are looked at


class Answer(NamedTuple):
    """What a command gave: its exit code (negative: the signal that ended it), output, and what it left running."""

    code: int
    out: bytes
    err: bytes
    seconds: float
    hung: bool = False
    outlived: bool = False
    """Whether a process of its own was still there some seconds later."""


def run(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    prepare: Callable[[], None] | None = None,
    patience: float = HANG,
) -> Answer:
    """The answer to `mnist-softmax words` in `folder`."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            _become(words, folder, environment or {}, prepare, out.fileno(), err.fileno())
        busy = max(1, os.getloadavg()[0] / (os.cpu_count() or 1))  # others need their time, too
        hung = not _ends(child, patience * busy)
        if hung:
            os.killpg(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        seconds = time.monotonic() - began
        outlived = not hung and not _alone(child)
        return Answer(os.waitstatus_to_exitcode(status), _content(out), _content(err), seconds, hung, outlived)


def _ends(child: int, patience: float) -> bool:
    descriptor = os.pidfd_open(child)
    try:
        return bool(select.select([descriptor], [], [], patience)[0])
    finally:
        os.close(descriptor)


def _alone(group: int) -> bool:
    """Whether all processes that a command had started are gone, some seconds after itself."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    os.killpg(group, signal.SIGKILL)
    return False


def _content(file: io.BufferedRandom) -> bytes:
    file.seek(0)
    return file.read(KEPT)


# ---- in the child


def _become(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    prepare: Callable[[], None] | None,
    out: int,
    err: int,
) -> None:
    """Never returns."""
    code = 70
    try:
        os.setpgid(0, 0)
        os.chdir(folder)
        os.environ.update(environment)
        tempfile.tempdir = os.environ.get("TMPDIR")
        for descriptor, target in ((os.open(os.devnull, os.O_RDONLY), 0), (out, 1), (err, 2)):
            os.dup2(descriptor, target)
        sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding="utf-8")
        sys.stderr = io.TextIOWrapper(
            io.FileIO(2, "w", closefd=False), encoding="utf-8", errors="backslashreplace", line_buffering=True
        )
        sys.argv = ["mnist-softmax", *words]
        _be_bounded()
        _stay_inside()
        if prepare:
            prepare()
        code = _exit_code(words)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _be_bounded() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: it does not outlive the campaign


def _stay_inside() -> None:
    """No network and no browser."""

    def nowhere(host: object, *args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, f"no address for {host} in a campaign")

    socket.getaddrinfo = nowhere
    webbrowser.open = lambda *args, **kwargs: True


def _exit_code(words: Sequence[str]) -> int:
    """As Python ends: SystemExit is an exit code, any other exception a traceback."""
    from mnist_softmax.cli import main

    code: object = 1
    try:
        code = main(list(words))
    except SystemExit as error:
        code = error.code
    except BaseException:
        traceback.print_exc()
    threading._shutdown()  # as Python ends
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    if isinstance(code, str):
        print(code, file=sys.stderr, flush=True)
        return 1
    return 0 if code is None else int(code) & 255
