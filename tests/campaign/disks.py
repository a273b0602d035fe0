"""Disks that refuse a call, are full from some write on, or fail once: a line says so, and later it goes on."""

from __future__ import annotations

import errno
from functools import partial
from pathlib import Path
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.campaign import child, disk
from tests.campaign.judge import Fault, faults
from tests.campaign.kills import COMMANDS, PATIENCE, goes_on, home, trace
from tests.campaign.odd import mixed
from tests.campaign.part import Part, scratch
from tests.campaign.trial import Trial

ONE_PROCESS = [name for name in COMMANDS if "processes" not in name]


class Failing(NamedTuple):
    """A command on a disk that refuses a call (chmod, fsync, flock), is full from a touch on, or fails at one."""

    command: str
    how: str
    number: int = 0

    def begin(self) -> None:
        """In the child."""
        disk.even_clock()
        if self.number:
            full = self.how == "full"
            disk.fail(self.number, errno.ENOSPC if full else errno.EIO, for_good=full)
        else:
            disk.refuse(self.how)


def strategy(root: Path) -> SearchStrategy[Failing]:
    """Mostly full and failing ones, each at any touch."""
    touches = [(name, number) for name in ONE_PROCESS for number in range(1, len(trace(name, root)) + 1)]
    refusing = st.builds(Failing, st.sampled_from(ONE_PROCESS), st.sampled_from(("chmod", "fsync", "flock")))
    failing = st.builds(
        lambda place, how: Failing(place[0], how, place[1]),
        st.sampled_from(touches),
        st.sampled_from(("full", "fails once")),
    )
    return mixed((1, refusing), (9, failing))


def judge(failing: Failing, root: Path) -> list[Fault]:
    """A disk without chmod or fsync is no reason to fail; all else is one line. Then the disk is well again."""
    with scratch(root) as folder:
        place = folder / "here"
        Trial(root / "begun", ()).lay_out(place)
        words = COMMANDS[failing.command][0]
        answer = child.run(words, place, home(place), partial(Failing.begin, failing), PATIENCE)
        if found := [
            fault._replace(cause=f"{failing.command}, {failing.how}: {fault.cause}") for fault in faults(answer)
        ]:
            return found
        if answer.code != 0 and failing.how in ("chmod", "fsync"):
            return [Fault("not needed", f"{failing.command}, {failing.how}: {answer.err.decode()[-90:]}")]
        return goes_on(failing.command, folder, place, root)


PART = Part(strategy, judge)
