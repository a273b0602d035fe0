"""A program in C (reference.c), compiled here into a temporary folder: dense, and touching only the lit pixels."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.peers import LeftOut
from benchmarks.work import ETA, Work, c_compiler
from mnist_softmax.buffers import zeros
from mnist_softmax.data.dataset import Split

SOURCE = Path(__file__).with_name("reference.c")
LANES = 16


class Digits(ctypes.Structure):
    """`digits` of reference.c. The lists of lit pixels are made once, as the floats of other peers are."""

    _fields_ = [(name, ctypes.c_void_p) for name in ("bytes", "first", "pixel", "value", "label")]

    def __init__(self, split: Split) -> None:
        images, labels = np.ascontiguousarray(split.images), split.labels.astype(np.uint8)
        lit = images != 0
        first = np.concatenate([[0], lit.sum(axis=1).cumsum()])
        pixel = np.broadcast_to(np.arange(images.shape[1], dtype=np.uint16), images.shape)[lit]
        self.arrays = (images, first, pixel, images[lit], labels)  # kept alive
        super().__init__(*(array.ctypes.data for array in self.arrays))


def compiled(hidden: int) -> ctypes.CDLL:
    """The program for so many hidden neurons. Raises LeftOut where it cannot be compiled."""
    compiler = c_compiler()
    if compiler is None:
        raise LeftOut("no C compiler")
    with tempfile.TemporaryDirectory() as folder:
        steps = [
            # sums may be taken in any order, and e^x of many numbers at once
            ["-O3", "-march=native", "-ffast-math", "-fPIC", f"-DHIDDEN={hidden}", "-c", SOURCE, "-o", "it.o"],
            # without -ffast-math, with which linking would turn off denormals in this whole process
            ["-shared", "it.o", "-o", "it.so", "-lm"],
        ]
        for words in steps:
            done = subprocess.run([compiler, *words], cwd=folder, capture_output=True, text=True)
            if done.returncode:
                complaint = done.stderr.strip().partition("\n")[0]
                raise LeftOut(f"{compiler} could not compile {SOURCE.name}: {complaint}")
        program = ctypes.CDLL(f"{folder}/it.so")
    program.right.restype = ctypes.c_int64
    return program


def network(work: Work) -> np.ndarray:
    """`network` of reference.c: rows of w1 and of b1, w2, filled up with zeros; then b2."""
    rows = np.vstack([work.start["w1"], work.start["b1"], work.start["w2"].T])
    padded = -(-work.hidden // LANES) * LANES
    flat = zeros((len(rows) * padded + LANES,), np.float32)
    flat[:-LANES].reshape(-1, padded)[:, : work.hidden] = rows
    flat[-LANES:][:10] = work.start["b2"]
    return flat


def trained(program: ctypes.CDLL, net: np.ndarray, train: Digits, order: np.ndarray, lit: bool) -> None:
    """Train `net` on the images of `order`."""
    where, count = ctypes.c_void_p(order.ctypes.data), ctypes.c_int64(len(order))
    here = ctypes.c_void_p(net.ctypes.data)
    program.train(here, ctypes.byref(train), where, count, ctypes.c_float(ETA), ctypes.c_int(lit))


def start(work: Work, lit: bool = False) -> Callable[[int], float]:
    """A function that trains an epoch."""
    program, net = compiled(work.hidden), network(work)
    train, test = Digits(work.dataset.train), Digits(work.dataset.test)
    count = len(work.labels_test)

    def epoch(number: int) -> float:
        trained(program, net, train, work.order(number), lit)
        here = ctypes.c_void_p(net.ctypes.data)
        return program.right(here, ctypes.byref(test), ctypes.c_int64(count), ctypes.c_int(lit)) / count

    return epoch


def start_lit(work: Work) -> Callable[[int], float]:
    """The same, touching only the lit pixels."""
    return start(work, lit=True)
