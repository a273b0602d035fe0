"""Files of digits as a broken download, another program or an enemy may leave them."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.campaign.archives import bomb, member_changes
from tests.campaign.judge import Fault
from tests.campaign.odd import byte_changes, mixed
from tests.campaign.part import Part, judge_trial
from tests.campaign.trial import Content, Odd, Trial

FILES = (
    *(f"idx/{stem}-{kind}" for stem in ("train", "t10k") for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")),
    *(f"idx_gz/{stem}-{kind}.gz" for stem in ("train", "t10k") for kind in ("images-idx3-ubyte",
    "labels-idx1-ubyte")), "digits.npz", "compressed.npz", "digits.npz", "digits.csv", "mnist.pkl.gz",
)  # fmt: skip
ODD = tuple(Odd(kind) for kind in ("nothing", "folder", "pipe", "-> /dev/zero", "-> nowhere", "-> ."))
WHOLE = (
    b"", b"\x1f\x8b", b"PK\x05\x06" + bytes(18), b"\x80\x04cos\nsystem\n(S'touch owned'\ntR.", b"\x93NUMPY\x01\x00",
    b"<html>404</html>", b"label,1x1,1x2\n5,0,0\n", b"version https://git-lfs.github.com/spec/v1\n",
    b"%PDF-1.4", b"\0" * 4096,
)  # fmt: skip


class Damaged(NamedTuple):
    """One file, what is done to its bytes (of a .gz file to what it holds, where `inside`), or what it is instead."""

    file: str
    changes: tuple[Any, ...]
    inside: bool
    instead: Content | str | None
    train: bool

    def content(self, root: Path) -> Content:
        """What lies there in the end."""
        if self.instead == "bomb":
            return _bomb(self.file.endswith(".npz"))
        if self.instead is not None:
            assert not isinstance(self.instead, str)
            return self.instead
        whole = (root / "formats" / self.file).read_bytes()
        inside = self.inside and self.file.endswith(".gz")
        whole = gzip.decompress(whole) if inside else whole
        for change in self.changes:
            whole = change(whole)
        return gzip.compress(whole, 1, mtime=0) if inside else whole


def strategy(root: Path) -> SearchStrategy[Damaged]:
    """Mostly one or two changes."""
    files = st.sampled_from(FILES)
    bytes_of = st.lists(byte_changes(), min_size=1, max_size=3).map(tuple)
    members = st.lists(member_changes(), min_size=1, max_size=2).map(tuple)
    archives = st.sampled_from(("digits.npz", "compressed.npz"))
    damaged = st.builds(Damaged, files, bytes_of, st.booleans(), st.none(), st.booleans())
    rebuilt = st.builds(Damaged, archives, members, st.just(False), st.none(), st.booleans())
    instead = st.sampled_from((*ODD, *WHOLE, "bomb"))
    other = st.builds(Damaged, files, st.just(()), st.just(False), instead, st.just(False))
    return mixed((4, damaged), (3, rebuilt), (1, other))


def judge(damaged: Damaged, root: Path) -> list[Fault]:
    """`data` describes it, or `train` trains on it."""
    source = "idx" if damaged.file.startswith("idx") else "npz"
    path = damaged.file.partition("/")[0]
    pairs = (f"data.source={source}", f"data.path={path}")
    train = ("train", "--config", str(root / "begun" / "small.yaml"), "--output", "run")
    words = (*train, *pairs) if damaged.train else ("data", *pairs)
    return judge_trial(Trial(root / "formats", (words,), {damaged.file: damaged.content(root)}), root)


@cache
def _bomb(archive: bool) -> bytes:
    """Three gigabytes in three megabytes."""
    size = 3 * 2**30
    if archive:
        return bomb(size)
    return gzip.compress(bytes(2**28), 1, mtime=0) * (size // 2**28)


PART = Part(strategy, judge)
