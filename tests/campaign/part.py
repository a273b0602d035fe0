"""A part of the campaign: what it draws, and how one of these is judged."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis.strategies import SearchStrategy

from mnist_softmax.commands.line import COMMANDS
from tests.campaign import child
from tests.campaign.judge import Fault, faults
from tests.campaign.trial import Trial


class Part(NamedTuple):
    """`strategy(root)` draws inputs, for which right folders lie in `root`; `judge(input, root)` tries one."""

    strategy: Callable[[Path], SearchStrategy[Any]]
    judge: Callable[[Any, Path], list[Fault]]


@contextmanager
def scratch(root: Path) -> Iterator[Path]:
    """A folder for one input, gone when it has been judged."""
    folder = Path(tempfile.mkdtemp(dir=root / "scratch"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def judge_trial(trial: Trial, root: Path) -> list[Fault]:
    """Run the commands of a trial, each in the folder as the one before has left it, until one is at fault."""
    with scratch(root) as folder:
        place, temporary = folder / "here", folder / "temporary"
        temporary.mkdir()
        trial.lay_out(place)
        for words in trial.commands:
            environment = {"TMPDIR": str(temporary), **trial.environment}
            answer = child.run(words, place, environment, trial.prepare)
            found = [*faults(answer), *left_behind(place, temporary)]
            if found:
                command = words[0] if words and words[0] in COMMANDS else "no command"
                return [fault._replace(cause=f"{command}: {fault.cause}") for fault in found]
    return []


def left_behind(place: Path, temporary: Path) -> Iterator[Fault]:
    """Half-written files have hidden names: .model.npz.x1y2z3w4. No command that ended by itself leaves one.

    Inputs with code in them make a file `owned`.
    """
    if half := [path.name for path in place.rglob(".*.*") if path.name.count(".") > 1]:
        yield Fault("file left", half[0].rpartition(".")[0])
    if (place / "owned").exists():
        yield Fault("code ran", "of an input")
    if kept := [path.name for path in temporary.iterdir()]:
        yield Fault("temporary left", kept[0][:20])
