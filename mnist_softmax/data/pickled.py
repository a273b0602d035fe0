"""Arrays out of a pickle, such as the book's mnist.pkl.gz, without running what it asks for.

A pickle is a program: it may name any function and call it. Here only the few names by which NumPy rebuilds an array
are known, each is answered by a function of ours that makes plain numbers of plain bytes, and all others are refused.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, ClassVar, cast

import numpy as np

from mnist_softmax.data.cache import reason
from mnist_softmax.data.stored import LARGEST, check_size, opened, read
from mnist_softmax.errors import DataError

MOST_READS = 100_000  # the book's file takes some hundred


def is_pickle(head: bytes) -> bool:
    """Whether a file that begins so is a pickle: of protocol 2 or later, or of a tuple, list or dict before that."""
    return (head[:1] == b"\x80" and head[1:2] in (b"\2", b"\3", b"\4", b"\5")) or (
        head[:1] in (b"(", b"]", b"}") and b"numpy" in head
    )


def read_pickle(path: Path) -> dict[str, np.ndarray]:
    """The arrays of the pickle by name: those of a dict, or x and y of each pair of the book's (train, validation,
    test). Pixels that all are whole multiples of 1/256, as the book's are, become the bytes that they were.

    Raises DataError: it names anything but arrays of numbers, is damaged, holds something else, or too much. No code
    of it runs.
    """
    try:
        with opened(path) as file:
            content = _Arrays(_Bounded(path, file)).load()
    except DataError:
        raise
    except Exception as error:  # odd bytes can fail in any way on their way through the unpickler
        raise DataError(f"{path}: is no pickle of arrays that is read ({reason(error)[:200]})") from None
    found = _named(content)
    if found is None:
        raise DataError(
            f"{path}: expected pairs (images, labels) of train, validation and test, or a dict of arrays; "
            "write the arrays with numpy.savez and set data.source=npz"
        )
    return found | _as_bytes({name: array for name, array in found.items() if _is_float_images(array)})


def _named(content: Any) -> dict[str, np.ndarray] | None:
    if isinstance(content, list | tuple) and len(content) in (2, 3):
        if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in content):
            return None
        splits = ("train", "validation", "test") if len(content) == 3 else ("train", "test")
        content = {f"{a}_{split}": pair[k] for split, pair in zip(splits, content, strict=True)
                   for k, a in enumerate("xy")}  # fmt: skip
    if not isinstance(content, dict):
        return None
    arrays = {name: getattr(value, "array", value) for name, value in content.items()}
    if any(not isinstance(array, np.ndarray) for array in arrays.values()):
        return None
    return cast(dict[str, np.ndarray], arrays)


def _is_float_images(array: np.ndarray) -> bool:
    return array.dtype.kind == "f" and array.ndim > 1 and array.size > len(array)


def _as_bytes(images: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The bytes k for pixels k / 256; where not all are that, the images as they are, for all have one scale."""
    whole: dict[str, np.ndarray] = {}
    for name, array in images.items():
        if not 0 <= array.min() <= array.max() < 1:
            return images
        whole[name] = (array * 256).astype(np.uint8)
        if not np.array_equal(whole[name] / array.dtype.type(256), array):
            return images
    return whole


class _Bounded:
    """Reads a file, but neither without end nor in endless small steps."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path, self.file, self.size, self.reads = path, file, 0, 0

    def read(self, size: int) -> bytes:
        self.count(size)
        return bytes(read(self.file, size))

    def readline(self) -> bytes:
        """Protocol 0 has a whole array in a line."""
        line = self.file.readline(LARGEST + 1)
        self.count(len(line))
        return line

    def count(self, size: int) -> None:
        """Raises DataError where it has become too much."""
        self.size, self.reads = self.size + size, self.reads + 1
        check_size(self.path, self.size)
        if self.reads > MOST_READS:
            raise DataError(f"{self.path}: is a pickle of too many things; expected some arrays")


class _Array:
    """An array being rebuilt."""

    array: np.ndarray | None = None

    def __init__(self, numbers: Callable[..., np.ndarray]) -> None:
        self.numbers = numbers

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, content = state
        self.array = self.numbers(content, dtype, shape, "F" if fortran else "C")


class _Type:
    """A NumPy type, known by its name and byte order alone."""

    def __init__(self, name: Any) -> None:
        if not isinstance(name, str):
            raise pickle.UnpicklingError("the name of a type is no word")
        self.name, self.order = name, "="

    def __setstate__(self, state: Any) -> None:
        self.order = state[1] if state[1] in ("<", ">") else "="


class _Words(dict[str, Any]):
    """A dict whose keys are words. The hash of a tuple of tuples may take for ever: a few bytes say a thousand times
    twice the same."""

    def __setitem__(self, key: Any, value: Any) -> None:
        if not isinstance(key, str):
            raise pickle.UnpicklingError("a key in it is no word")
        super().__setitem__(key, value)


class _Arrays(pickle._Unpickler):  # the one in Python: that in C makes a table as long as a pickle says
    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = dict(pickle._Unpickler.dispatch)
    stack: list[Any]
    pop_mark: Callable[[], list[Any]]

    def __init__(self, file: _Bounded) -> None:
        super().__init__(file, encoding="latin1")  # Python 2 kept bytes as text
        self.file = file

    def load_frame(self) -> None:
        """A frame is read like all the rest: in one piece its steps would not be counted."""
        self.file.read(8)

    def load_bytes(self) -> None:
        """As many as are there: Python would first make room for all that are promised."""
        self.stack.append(self.file.read(int.from_bytes(self.file.read(8), "little")))

    def load_empty_dict(self) -> None:
        self.stack.append(_Words())

    def load_dict(self) -> None:
        items, words = self.pop_mark(), _Words()
        for key, value in zip(items[::2], items[1::2], strict=True):
            words[key] = value
        self.stack.append(words)

    def load_set(self) -> None:
        """NumPy writes none, and what is in it might be hashed for ever."""
        raise pickle.UnpicklingError("it holds a set")

    dispatch[pickle.FRAME[0]] = load_frame
    dispatch[pickle.BYTEARRAY8[0]] = load_bytes
    dispatch[pickle.EMPTY_DICT[0]], dispatch[pickle.DICT[0]] = load_empty_dict, load_dict
    dispatch[pickle.EMPTY_SET[0]] = dispatch[pickle.FROZENSET[0]] = load_set

    def find_class(self, module: str, name: str) -> Any:
        """What stands for a name of the pickle, made anew each time, for a pickle may change what it gets.

        Raises UnpicklingError for all names but those of NumPy's arrays.
        """
        known: dict[str, Callable[..., Any]] = {
            "numpy.core.multiarray._reconstruct": lambda *arguments: _Array(self._numbers),
            "numpy.core.numeric._frombuffer": lambda *arguments: self._numbers(*arguments),
            "numpy.ndarray": lambda *arguments: None,
            "numpy.dtype": lambda name, *arguments: _Type(name),
            "_codecs.encode": lambda text, encoding: self._encoded(text),  # Python 3's bytes for Python 2
        }
        asked = f"{module}.{name}"
        if asked.replace("numpy._core", "numpy.core") not in known:
            raise pickle.UnpicklingError(f"it asks for {asked}, which could run anything")
        return known[asked.replace("numpy._core", "numpy.core")]

    def _numbers(self, content: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
        """Numbers of one of NumPy's plain types out of bytes, and nothing that NumPy itself would run."""
        kind = np.dtype(dtype.name).newbyteorder(dtype.order)
        if kind.kind not in "buif":
            raise pickle.UnpicklingError(f"it holds an array of type {kind}")
        content = self._encoded(content) if isinstance(content, str) else content
        return np.frombuffer(content, kind).reshape(shape, order="F" if order == "F" else "C")

    def _encoded(self, text: str) -> bytes:
        self.file.count(len(text))
        return text.encode("latin1")
