"""Calls that are made at once, and can be recorded to be made again.

A mini-batch takes some 25 calls of NumPy and BLAS on ten rows, and between two of them Python needs as long as many
a call does. But whatever lies in the same buffers takes the same calls on the same arrays: so the calls of a
mini-batch are recorded once, and then played as a list, without a line of Python between them. At 784-30-10 a
mini-batch takes 13 us so, and 63 where every one goes through the methods.

What is recorded is the call, not what led to it. So every number that changes from one mini-batch to the next must
be in an array that a call writes: `call(np.greater, a, 0, on)`, and never `on = a > 0`, which would be worked out
only once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from operator import call as make
from typing import Any

import numpy as np
from scipy.linalg.blas import dgemm, sgemm
from threadpoolctl import threadpool_info

GEMM = {np.dtype("float32"): sgemm, np.dtype("float64"): dgemm}
OVERWRITE = 1  # tells SciPy's BLAS to write into the array given, and not into a copy of it

Recording = list[Callable[[], Any]]
_recording: ContextVar[Recording | None] = ContextVar("recording", default=None)


def call(function: Callable[..., Any], *arguments: Any, **named: Any) -> None:
    """function(*arguments), now and whenever a recording that goes on is played. Calls inside it are its own."""
    recording = _recording.get()
    if recording is None:
        function(*arguments, **named)
        return
    recording.append(partial(function, *arguments, **named))
    token = _recording.set(None)
    try:
        function(*arguments, **named)
    finally:
        _recording.reset(token)


@contextmanager
def recorded() -> Iterator[Recording]:
    """All calls that are made inside, as a list for `play`."""
    recording: Recording = []
    token = _recording.set(recording)
    try:
        yield recording
    finally:
        _recording.reset(token)


def play(recording: Recording) -> None:
    """Make the calls once more, in their order."""
    deque(map(make, recording), 0)


def product(a: np.ndarray, b: np.ndarray, out: np.ndarray, alpha: float = 1.0, beta: float = 0.0) -> None:
    """out = beta out + alpha a b by BLAS, for matrices stored by rows or by columns; a call takes 0.3 us.

    NumPy's matmul takes 0.9 us, and can neither add to what is there nor scale.
    """
    if not out.flags.f_contiguous:  # BLAS counts columns first: the transpose of a b is b^T a^T
        a, b, out = b.T, a.T, out.T
    operands = [(x, 0) if x.flags.f_contiguous else (x.T, 1) for x in (a, b)]
    if not all(x.flags.f_contiguous for x in (out, *(x for x, _ in operands))):
        raise ValueError("a product takes matrices that are stored without gaps")
    (a, a_transposed), (b, b_transposed) = operands
    call(GEMM[out.dtype], alpha, a, b, beta, out, a_transposed, b_transposed, OVERWRITE)


# With AVX-512 OpenBLAS multiplies small matrices as they lie, and copies larger ones into an order of its own first:
SMALL = 1_000_000  # it takes products m x k x n up to this size so,
SMALL_OUT = 1_200  # and where the second matrix is given transposed, as w is, only up to m n


@cache
def has_small_products() -> bool:
    """Whether OpenBLAS knows small matrices on this processor: its products for older ones copy always."""
    return any(
        library.get("architecture") in ("SkylakeX", "Cooperlake", "SapphireRapids")
        for library in threadpool_info()
    )
