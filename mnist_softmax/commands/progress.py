"""How far many runs are: one live line on a terminal or in a notebook, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
from time import monotonic
from typing import Any

from tqdm.auto import tqdm

from mnist_softmax.errors import UserError
from mnist_softmax.messages import message
from mnist_softmax.runs.many import Event

LINES = 10  # where no line can be live


def in_a_notebook() -> bool:
    """Whether this Python is the kernel of a notebook, where tqdm.auto draws a bar of the page."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


class RunsProgress:
    """Told of events by `show`, from any thread; `total` runs of `epochs` epochs altogether."""

    def __init__(self, total: int, epochs: int) -> None:
        self.total, self.epochs = total, max(epochs, 1)
        self.trained: dict[int, int] = {}
        self.begun: set[int] = set()
        self.done: set[int] = set()
        self.failed: set[int] = set()
        self.lock = threading.Lock()
        self.began = monotonic()
        self.at_start = 0  # epochs that were trained before this call
        self.printed = 0
        self.bar: tqdm[Any] | None = None
        if sys.stderr.isatty() or in_a_notebook():
            shape = "{desc} |{bar}| {n_fmt}/{total_fmt} epochs{postfix}"
            self.bar = tqdm(total=self.epochs, bar_format=shape, dynamic_ncols=True, leave=False)
            self.bar.set_description_str(self.counts())

    def show(self, event: Event) -> None:
        """Take an event in, and show it."""
        with self.lock:
            before = self.trained.get(event.number, 0)
            self.trained[event.number] = max(before, event.epochs)
            if event.earlier:
                self.at_start += event.epochs
            else:
                self.begun.add(event.number)
            if event.outcome is not None:
                failed = isinstance(event.outcome, UserError)
                (self.failed if failed else self.done).add(event.number)
                told = message(f"a run failed: {event.outcome}")
                if failed and self.bar:
                    self.bar.write(told, file=sys.stderr)
                elif failed:
                    print(told, file=sys.stderr, flush=True)
            if self.bar:
                self.bar.set_description_str(self.counts(), refresh=False)
                self.bar.set_postfix_str(self.time_left(), refresh=False)
                self.bar.n = min(self.sum(), self.epochs)
                self.bar.refresh()
            elif self.sum() * LINES // self.epochs > self.printed or (self.is_over() and not event.earlier):
                self.printed = self.sum() * LINES // self.epochs
                print(f"{self.counts()}; {self.time_left()}", file=sys.stderr, flush=True)

    def counts(self) -> str:
        """Such as "12 done, 10 running, 0 failed of 30"."""
        running = len(self.begun - self.done - self.failed)
        return f"{len(self.done)} done, {running} running, {len(self.failed)} failed of {self.total}"

    def sum(self) -> int:
        """Epochs trained in all."""
        return sum(self.trained.values())

    def is_over(self) -> bool:
        """Whether every run has ended."""
        return len(self.done) + len(self.failed) == self.total

    def time_left(self) -> str:
        """From the epochs trained since the beginning."""
        here, passed = self.sum() - self.at_start, monotonic() - self.began
        if self.is_over():
            return f"{passed:.0f} s in all"
        if here <= 0:
            return "time left not known yet"
        return f"about {passed * (self.epochs - self.sum()) / here:.0f} s left"

    def close(self) -> None:
        """Take the line away."""
        if self.bar:
            self.bar.close()
