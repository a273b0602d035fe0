"""npz files built member by member, so that their names and headers can lie."""

from __future__ import annotations

import io
import os
import struct
import warnings
import zipfile
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.campaign.odd import shares

HEADERS = (
    "{'descr': '|u1', 'fortran_order': False, 'shape': (120, 28, 28), }",
    "{'descr': '|u1', 'fortran_order': True, 'shape': (120, 784), }",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (10000000000, 784), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (4000000000,), }",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 784), }",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (0, 784), }",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (120.0, 784), }",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (), }",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (9223372036854775807, 9223372036854775807), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (120,), }",
    "{'descr': [('a', '<f8'), ('b', '<i4')], 'fortran_order': False, 'shape': (10,), }",
    "{'descr': '<U1000000', 'fortran_order': False, 'shape': (1000,), }",
    "{'descr': '|V2147483647', 'fortran_order': False, 'shape': (9,), }",
    "{'descr': '>f2', 'fortran_order': False, 'shape': (120, 784), }",
    "{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (120,), }",
    "{'descr': '<c16', 'fortran_order': False, 'shape': (120,), }",
    "{'descr': '|b1', 'fortran_order': False, 'shape': (120, 784), }",
    "{'descr': 'x', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '|u1'}", "{}", "[]", "1", "", "{", "__import__('os').system('touch owned')", "{'descr': " * 300,
    "(" * 5000, "{'descr': '|u1', 'fortran_order': False, 'shape': (120, 784), 'more': 1}", "\0" * 20, "\x1b[31m",
)  # fmt: skip
NAMES = ("x_train", "x_train.npy", "x_train.npy.npy", "../x.npy", "/x.npy", ".npy", "", "y_train/",
"a" * 300 + ".npy", "\x1b[31m.npy", "\u202ex.npy", "x_validation.npy", "y_validation.npy", "file.npy",
"arr_0.npy", "w1.npy", "history.npy", "best.npy", "order.npy")  # fmt: skip
CONTENTS = (
    b"",
    b"PK\x03\x04",
    b"\x93NUMPY",
    b"\x93NUMPY\x01\x00",
    b"\x93NUMPY\x09\x09" + bytes(100),
    b"text",
    bytes(200),
)


class Evil:
    """Unpickled, it makes a file."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch owned",)


ARRAYS = tuple(
    value if isinstance(value, np.ndarray) else np.array(value)
    for value in (
        Evil(), 0, -1, 255, 256, 3.5, np.nan, np.inf, 1e300, True, "text", "\x1b[31m", "{", "[]", "{}", "null",
        "[1]", "NaN", "[" * 3000, '{"state": 1}', '[{"epoch": "x"}]', [], [[]], [1, 2], [[1, 2], [3, 4]],
        [1.5], ["a"], [b"a"], np.zeros((120, 784)), np.zeros((120, 28, 28), bool), np.full((120, 784), 16, np.uint8),
        np.full((120, 784), 1e6), np.full((120, 784), -1), np.zeros((120, 784), np.complex64), np.zeros(120,
        np.int64), np.full((120,), 300), np.full((120,), 9.5), np.full(120, np.nan), np.zeros((120, 1), np.uint8),
        np.zeros((120, 10)), np.zeros((3, 784)), np.zeros((0, 784)), np.zeros((120, 0)), np.zeros((120, 783),
        np.uint8), np.zeros((784, 5)), np.full((784, 5), np.nan), np.zeros((5, 10)), np.zeros(10), np.zeros(5),
        np.zeros((1,) * 32),
    )
)  # fmt: skip


class MemberChange(NamedTuple):
    """To the member that lies at a share of their number: another name, header, array or content; or it is gone."""

    where: float
    what: str
    which: int
    """Of NAMES, HEADERS, ARRAYS or CONTENTS; or which version of zip it is said to take."""

    def __call__(self, whole: bytes) -> bytes:
        try:
            with zipfile.ZipFile(io.BytesIO(whole)) as archive:
                members = [(name, archive.read(name)) for name in archive.namelist()]
        except Exception:  # what an earlier change has made of it
            return whole
        if not members:
            return whole
        at = int(self.where * len(members))
        name, content = members[at]
        match self.what:
            case "remove":
                members.pop(at)
            case "name":
                members[at] = (NAMES[self.which % len(NAMES)], content)
            case "twice":
                members.append((name, CONTENTS[self.which % len(CONTENTS)]))
            case "header":
                members[at] = (name, _npy(HEADERS[self.which % len(HEADERS)], content[128:]))
            case "array":
                members[at] = (name, _saved(ARRAYS[self.which % len(ARRAYS)]))
            case "content":
                members[at] = (name, CONTENTS[self.which % len(CONTENTS)])
        packed = _packed(members)
        if self.what == "version":
            return packed.replace(b"PK\x03\x04\x14\x00", b"PK\x03\x04" + struct.pack("<H", self.which * 37), 1)
        return packed


def member_changes() -> SearchStrategy[MemberChange]:
    """Any of them."""
    what = st.sampled_from(
        ("remove", "name", "twice", "header", "header", "array", "array", "content", "version")
    )
    return st.builds(MemberChange, shares(), what, st.integers(0, 59))


def bomb(size: int) -> bytes:
    """An npz file a thousandth as long as what it holds: `size` pixels, all dark."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({size // 784}, 784), }}"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in ("x_train", "y_train", "x_test", "y_test"):
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                member.write(_npy(header, b""))
                for _ in range(size // 2**24 if name == "x_train" else 1):
                    member.write(bytes(2**24))
    return file.getvalue()


def _packed(members: list[tuple[str, bytes]]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name that stands twice
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content)
    return file.getvalue()


def _saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _npy(header: str, content: bytes) -> bytes:
    line = (header + "\n").encode("utf-8", "surrogatepass")
    return b"\x93NUMPY\x02\x00" + struct.pack("<I", len(line)) + line + content
