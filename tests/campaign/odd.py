"""Odd values, and changes that put them into right content: a tree of keys, or bytes."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Key = tuple[str | int, ...]
WORDS = (
    "", " ", ".", "..", "/", "~", "~nobody/x", "-", "--", "0", "-1", "nan", "inf", "null", "true", "a b",
    "a#b", "x: y", "../../etc/passwd", "/dev/zero", "/dev/stdin", "/proc/self/mem", "\0", "\x07",
    "\x1b[31mred", "\n", "\r\n", "\t", "\u202eabc", "\u2028", "\ud800", "\U0001f600", "%s%n", "{0}", "$HOME",
    "$x_1$", "<script>", "'", '"', "\\", "|", "_", "a" * 300, "x" * 5000, "softmax", "sigmoid", "book", "adam",
    "sample", "npz", "loglik",
)  # fmt: skip
NUMBERS = (
    0, 1, 2, -1, 7, 10, 255, 256, 784, 2**31, 2**32, 2**63, 2**64, 10**30, 10**400, -(10**18), 0.0, -0.0, 0.1,
    0.5, 1.0, 1e-320, 1e-30, 1e308, -1e308, float("inf"), float("-inf"), float("nan"), 0.1 + 0.2, 1e6,
    1_000_000, 10**9,
)  # fmt: skip
SIMPLE: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    [{}],
    {"kind": None},
    {"": ""},
    [None],
    {"a": {"b": []}},
)


def odd_values() -> SearchStrategy[Any]:
    """Of every type: words, numbers, nothing, lists and mappings of these."""
    one = st.sampled_from(WORDS) | st.sampled_from(NUMBERS) | st.sampled_from(SIMPLE) | st.text(max_size=12)
    names = st.sampled_from(("kind", "neurons", "a", "epochs")) | st.text(max_size=5)
    return one | st.lists(one, max_size=4) | st.dictionaries(names, one, max_size=3)


def mixed(*parts: tuple[int, SearchStrategy[Any]]) -> SearchStrategy[Any]:
    """Of several strategies each so often."""
    return st.sampled_from([strategy for often, strategy in parts for _ in range(often)]).flatmap(_itself)


def _itself(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return strategy


def shares() -> SearchStrategy[float]:
    """From 0 to below 1, all alike."""
    return st.integers(0, 9999).map(lambda number: number / 10_000)


class TreeChange(NamedTuple):
    """At a place in nested mappings and lists: `set` the value, `remove` or `rename` the key."""

    where: Key | float
    """Keys; or how far down a walk through all places."""
    what: str
    value: Any


def tree_changes(keys: Sequence[Key] = ()) -> SearchStrategy[TreeChange]:
    """At one of `keys`, or anywhere."""
    where = shares() | st.sampled_from(keys) if keys else shares()
    return st.builds(
        TreeChange, where, st.sampled_from(("set", "set", "set", "remove", "rename")), odd_values()
    )


def changed(tree: Any, changes: Sequence[TreeChange]) -> Any:
    """A copy of `tree` with the changes made that can be made."""
    root = {"": copy.deepcopy(tree)}
    for where, what, value in changes:
        places = [*_places(root[""], ("",))]
        key = places[int(where * len(places))] if isinstance(where, float) else ("", *where)
        _change(root, key, what, copy.deepcopy(value))
    return root.get("")


def _places(tree: Any, key: Key) -> list[Key]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [key, *(place for name, value in inner for place in _places(value, (*key, name)))]


def _change(tree: Any, key: Key, what: str, value: Any) -> None:
    *above, last = key
    for name in above:
        if isinstance(tree, dict):
            tree = tree.setdefault(name, {})
        elif isinstance(tree, list) and isinstance(name, int) and name < len(tree):
            tree = tree[name]
        else:
            return
    if isinstance(tree, dict):
        if what == "set" or last == "":
            tree[last] = value
        elif what == "remove":
            tree.pop(last, None)
        else:
            tree[str(value)[:20]] = tree.pop(last, None)
    elif isinstance(tree, list) and isinstance(last, int) and last < len(tree):
        tree[last : last + 1] = [] if what == "remove" else [value]


class ByteChange(NamedTuple):
    """At a share of the length of bytes, or so many bytes from their beginning."""

    what: str
    where: float | int
    content: bytes

    def __call__(self, whole: bytes) -> bytes:
        at = self.where if isinstance(self.where, int) else int(self.where * len(whole))
        match self.what:
            case "flip":
                return whole[:at] + bytes(byte ^ 0x41 for byte in whole[at : at + 1]) + whole[at + 1 :]
            case "write":
                return whole[:at] + self.content + whole[at + len(self.content) :]
            case "insert":
                return whole[:at] + self.content + whole[at:]
            case "cut out":
                return whole[:at] + whole[at + len(self.content) :]
            case "cut":
                return whole[:at]
        raise ValueError(self.what)


LIES = tuple(number.to_bytes(4, order) for number in (0, 1, 9, 255, 2**16, 2**31 - 1, 2**32 - 1, 0x801, 0x803)
             for order in ("big", "little"))  # fmt: skip


def byte_changes() -> SearchStrategy[ByteChange]:
    """Anywhere, or among the first bytes, where files say what they are."""
    what = st.sampled_from(("flip", "write", "write", "insert", "cut out", "cut"))
    where = shares() | st.integers(0, 32)
    return st.builds(ByteChange, what, where, st.sampled_from(LIES) | st.binary(min_size=1, max_size=8))
