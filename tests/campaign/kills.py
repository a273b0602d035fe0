"""Commands killed where they touch the disk, and given again: the same bits, and nothing left behind."""

from __future__ import annotations

import os
import re
import signal
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.campaign import child, disk
from tests.campaign.disk import Point
from tests.campaign.judge import Fault, faults
from tests.campaign.part import Part, scratch
from tests.campaign.parts import COMPARE, REPRODUCE, SWEEP, TRAIN
from tests.campaign.trial import Trial, Words

PATIENCE = 120  # seconds
ENDED = b"there is nothing to resume"  # a run that was whole when it was killed
RANDOM = r"(?<=/\.)([^/]+)\.[^/.]+$"  # the end of the name of a half-written file
TWO = tuple("2" if before == "--jobs" else word for before, word in zip(("", *COMPARE), COMPARE, strict=False))
# Processes of their own have clocks of their own: these files hold seconds.
TIMED = (
    "metrics.jsonl",
    "checkpoint.npz",
    "summary.json",
    "results.json",
    "results.csv",
    "results.md",
    "report.html",
)
COMMANDS: dict[str, tuple[Words, Words]] = {  # what is killed, and what goes on with it
    "train": (TRAIN, (*TRAIN, "--resume")),
    "compare": (COMPARE, COMPARE),
    "compare with two processes": (TWO, TWO),
    "sweep": (SWEEP, SWEEP),
    "reproduce": (REPRODUCE, (*REPRODUCE, "--resume")),
    "data": (("data", "data.source=sample"),) * 2,
}


class Kill(NamedTuple):
    """Which command is killed, at which touch of the disk, and at which one what goes on with it is killed, too."""

    command: str
    first: Point
    second: Point | None


def strategy(root: Path) -> SearchStrategy[Kill]:
    """Every touch of every command alike."""
    touches = {name: trace(name, root) for name in COMMANDS}
    points = [
        (name, Point(number, half))
        for name, kinds in touches.items()
        for number, kind in enumerate(kinds, 1)
        for half in ((False, True) if kind == "w" else (False,))
    ]
    again = st.none() | st.builds(Point, st.integers(1, 60))
    return st.builds(lambda point, second: Kill(*point, second), st.sampled_from(points), again)


@cache
def trace(name: str, root: Path) -> str:
    """The undisturbed command, in `root/whole/NAME`: a letter for each touch."""
    place = root / "whole" / name
    Trial(root / "begun", ()).lay_out(place)
    read, write = os.pipe()
    answer = child.run(COMMANDS[name][0], place, home(place), partial(_traced, write), PATIENCE)
    os.close(write)
    with os.fdopen(read) as pipe:
        touches = pipe.read()
    if answer.code != 0:
        raise RuntimeError(f"{name}: {answer.err.decode()}")
    return touches


def _traced(write: int) -> None:
    disk.even_clock()
    disk.trace(write)


def _killed(point: Point) -> None:
    disk.even_clock()
    disk.kill(point)


def home(place: Path) -> dict[str, str]:
    """Digits are cached in the folder, and what is temporary lies beside it."""
    return {"SCIKIT_LEARN_DATA": str(place / "home"), "TMPDIR": str(place.parent)}


def judge(kill: Kill, root: Path) -> list[Fault]:
    """Kill, go on, and compare all files with those of the undisturbed command."""
    first, again = COMMANDS[kill.command]
    with scratch(root) as folder:
        place = folder / "here"
        Trial(root / "begun", ()).lay_out(place)
        for words, point in ((first, kill.first), (again, kill.second)):
            if point:
                answer = child.run(words, place, home(place), partial(_killed, point), PATIENCE)
                if answer.outlived:
                    return [Fault("process left", kill.command)]
                if answer.code not in (0, -signal.SIGKILL) and ENDED not in answer.err:
                    return [Fault("killed", f"{kill.command}: {fault}") for fault in faults(answer)]
        return goes_on(kill.command, folder, place, root)


def goes_on(command: str, folder: Path, place: Path, root: Path) -> list[Fault]:
    """What goes on with a command must end well, with the files of the undisturbed one, and no others."""
    answer = child.run(COMMANDS[command][1], place, home(place), disk.even_clock, PATIENCE)
    if found := [*faults(answer)]:
        return found
    if answer.code != 0 and ENDED not in answer.err:
        return [Fault("not resumed", f"{command}: {answer.err.decode()[-90:]}")]
    left = [path.name for path in folder.iterdir() if path != place]
    differ = differing(place, root / "whole" / command, timed="processes" in command)
    others = [re.sub(RANDOM, r"\1", name) for name in differ]
    return [Fault("temporary left", f"{command}: {name[:20]}") for name in left] + [
        Fault("other files", f"{command}: {name}") for name in others[:1]
    ]


def differing(a: Path, b: Path, timed: bool) -> list[str]:
    """The files of which one folder has other bytes than the other, or none; of `timed` ones the times differ."""
    ours, theirs = contents(a, timed), contents(b, timed)
    return sorted(name for name in ours | theirs if ours.get(name, "-") != theirs.get(name, "-"))


def contents(folder: Path, timed: bool) -> dict[str, bytes | None]:
    """Every file's bytes; None for a folder, and for a file that need not be equal."""
    passed_over = (".lock", *TIMED) if timed else (".lock",)  # it names the last process that held it
    return {
        str(path.relative_to(folder)): path.read_bytes()
        if path.is_file() and path.name not in passed_over
        else None
        for path in folder.rglob("*")
    }


PART = Part(strategy, judge)
