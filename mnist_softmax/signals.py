"""Ctrl-C, and the signals by which batch schedulers, closed terminals and limits of time ask a program to end.

All end the program as Ctrl-C does: what was trained is saved, one line says how to go on, and the exit code is 128
and the signal's number.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGXCPU")
ENDING = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))  # Windows has two of them
AGAIN = 0.05  # seconds after which a signal that came during an import comes again
LOOK_EVERY = 0.5  # seconds between two looks whether the parent lives
SAME = 2.0  # seconds within which signals are one request; the end must not be interrupted by the next
WATCH = "end with the parent"

_answered = [float("-inf")]  # when a signal was last answered


class Interrupted(KeyboardInterrupt):
    """The program is asked to end by the signal of this number."""

    def __init__(self, number: int) -> None:
        self.number, self.exit_code = number, 128 + number
        super().__init__(signal.Signals(number).name)


def answer() -> None:
    """From now on each of the signals raises Interrupted, but for those that are ignored, as SIGHUP is by nohup."""
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    sys.unraisablehook = _swallowed


def ignore() -> None:
    """From now on none of them does anything: the program is about to end."""
    for number in ENDING:
        while signal.getsignal(number) is not signal.SIG_IGN:
            with suppress(Interrupted):  # of one that came before and is answered first
                signal.signal(number, signal.SIG_IGN)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _is_importing(frame):  # half an import may swallow the interrupt, or show it as some other fault
        _come_again(number)
    elif time.monotonic() - _answered[-1] > SAME:
        _answered[:] = [time.monotonic()]
        raise Interrupted(number)


def _come_again(number: int) -> None:
    again = threading.Timer(AGAIN, os.kill, (os.getpid(), number))
    again.daemon = True
    again.start()


def _swallowed(unraisable: Any) -> None:
    """An interrupt that came where nothing can be raised, as in a callback from C or in `__del__`, comes again."""
    if isinstance(unraisable.exc_value, Interrupted):
        _answered[:] = [float("-inf")]
        _come_again(unraisable.exc_value.number)
    else:
        sys.__unraisablehook__(unraisable)


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


@contextmanager
def held() -> Iterator[None]:
    """Inside, what is being saved is not interrupted; a signal that comes is answered at the end."""
    if threading.current_thread() is not threading.main_thread():  # where Python answers no signals
        yield
        return
    came: list[int] = []
    before: dict[int, Any] = {
        number: signal.signal(number, lambda number, frame: came.append(number))
        for number in ENDING
        if callable(signal.getsignal(number))
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came[:1]:
            signal.raise_signal(number)


@contextmanager
def interrupts_kept_from_children() -> Iterator[None]:
    """Inside, processes are started that do not see Ctrl-C, which a terminal sends to all: the parent ends them."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with(parent: int) -> None:
    """In a process that `parent` has started: end when it does, however it ends."""
    if not any(thread.name == WATCH for thread in threading.enumerate()):
        threading.Thread(target=_watch, args=(parent,), name=WATCH, daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:  # whose children are given another parent
        time.sleep(LOOK_EVERY)
    os._exit(1)
