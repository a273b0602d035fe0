"""Checkpoints: a training state as a file of named arrays, from which training goes on to the same bits.

No pickle: numbers are arrays, and the random state is JSON text. Files are replaced whole, so that a kill or a full
disk at any instant leaves the old one or the new one, never half of either. Only the history is in a file that
grows, metrics.jsonl, of which a checkpoint names the part that it goes on from.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from mnist_softmax.arrays import read_arrays, write_arrays
from mnist_softmax.config.config import Config
from mnist_softmax.errors import RunDirectoryError
from mnist_softmax.network.network import Network
from mnist_softmax.network.parameters import Parameters
from mnist_softmax.reading import Damaged, parse_json, read_whole, reading
from mnist_softmax.training.cohort import State
from mnist_softmax.training.history import MOST_BYTES, RECORD, CheckedHistory, History, in_order
from mnist_softmax.training.loop import start
from mnist_softmax.training.randomness import Order

ANEW = "train anew with train --overwrite, or delete the run's folder and repeat its command"
"""What to do with a damaged file of a run; compare, sweep and reproduce have no --overwrite."""
Arrays = dict[str, np.ndarray]
METRICS = "metrics.jsonl"


class Lines(TypedDict):
    """The part of metrics.jsonl that a checkpoint goes on from."""

    epochs: Annotated[int, Field(ge=0)]
    sha256: str


LINES: TypeAdapter[Lines | History] = TypeAdapter(
    Lines | CheckedHistory
)  # the records themselves, as they once were


def snapshot(state: State, data_checksum: str, records: str) -> Arrays:
    """A copy of `state` as named arrays, with the data it was trained on.

    Its history is not copied, so that an epoch costs the same however many there were before. It lies in
    metrics.jsonl; the snapshot holds how many lines of it there are, and `records`, their sha256.
    """
    arrays: Arrays = {name: np.array(view) for name, view in state.network.parameters.named()}
    for slot, parameters in state.slots.items():
        arrays |= {f"{slot}_{name}": np.array(view) for name, view in parameters.named()}
    if state.best is not None:
        arrays["best"] = state.best.copy()
    arrays["order"] = np.array(json.dumps(state.order.state))
    arrays["history"] = np.array(json.dumps({"epochs": len(state.history), "sha256": records}))
    arrays["data_checksum"] = np.array(data_checksum)
    return arrays


def save(path: Path, arrays: Arrays) -> None:
    """Write named arrays as one file."""
    write_arrays(path, **arrays)


def load_state(path: Path, settings: Config, data_checksum: str) -> State:
    """The state of a snapshot for the same settings; its history is read from metrics.jsonl beside it.

    Raises RunDirectoryError: the file is damaged or cannot be read, is of another network, was trained on other
    data, or the history is not that of the snapshot.
    """
    state = start(settings)
    with reading(path, ANEW):
        stored = read_arrays(path)
        _fill(state.network.parameters, stored, "")
        for slot, parameters in state.slots.items():
            _fill(parameters, stored, f"{slot}_")
        trained_on = _text(stored, "data_checksum")
        history = parse_json(_text(stored, "history"), LINES)
    state.history = _records_beside(path.with_name(METRICS), history) if isinstance(history, dict) else history
    with reading(path, ANEW):
        _go_on(state.order, _text(stored, "order"), len(state.history))
        if settings.training.early_stopping and state.history:
            state.best = _like(state.network.parameters.flat, stored, "best")
    if trained_on != data_checksum:
        raise RunDirectoryError(
            f"{path}: was trained on other data than is found now (the checksums differ); "
            f"bring the same data back, {ANEW}"
        )
    return state


def stored_text(path: Path, name: str) -> str | None:
    """A text that lies in a checkpoint beside the state, None where there is none of this name."""
    with reading(path, ANEW):
        stored = read_arrays(path)
        return _text(stored, name) if name in stored else None


def save_model(path: Path, network: Network) -> None:
    """Write the network's parameters alone: w1, b1, w2, b2, ..."""
    save(path, dict(network.parameters.named()))


def load_model(path: Path, network: Network) -> None:
    """Fill `network` with what `save_model` wrote.

    Raises RunDirectoryError: the file cannot be read, is damaged, or of another network.
    """
    with reading(path, ANEW):
        _fill(network.parameters, read_arrays(path), "")


def _records_beside(path: Path, lines: Lines) -> History:
    """The first records of metrics.jsonl; a kill may have left more than there were at the checkpoint."""
    if lines["epochs"] == 0:
        return []
    if not os.path.lexists(path):
        raise RunDirectoryError(f"{path}: is missing, and the checkpoint goes on from it; {ANEW}")
    with reading(path, ANEW):
        first = read_whole(path, MOST_BYTES).splitlines(keepends=True)[: lines["epochs"]]
        if hashlib.sha256(b"".join(first)).hexdigest() != lines["sha256"]:
            raise Damaged(f"its first {lines['epochs']} lines are not those that belong to the checkpoint")
        return in_order([parse_json(line, RECORD) for line in first])


def _fill(parameters: Parameters, stored: Mapping[str, np.ndarray], prefix: str) -> None:
    for name, view in parameters.named():
        view[...] = _like(view, stored, prefix + name)


def _like(view: np.ndarray, stored: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """The stored array of this name, of the shape and type of `view`. Raises Damaged where there is none."""
    array = stored.get(name)
    if array is None:
        raise Damaged(f"{name} is missing")
    if array.shape != view.shape:
        raise Damaged(f"{name} has shape {array.shape}; this network needs {view.shape}")
    if array.dtype.newbyteorder("=") != view.dtype:
        raise Damaged(f"{name} is of type {array.dtype}; this network needs {view.dtype}")
    return array


def _text(stored: Mapping[str, np.ndarray], name: str) -> str:
    array = stored.get(name)
    if array is None or array.dtype.kind != "U" or array.ndim:
        raise Damaged(f"{name} is missing or no text")
    return str(array)


def _go_on(order: Order, text: str, epochs: int) -> None:
    """Let `order` go on from where it was after so many epochs. Raises Damaged."""
    try:
        order.state = json.loads(text)
    except Exception as error:  # NumPy takes nearly anything and then fails in any way
        raise Damaged(f"order is no random state ({type(error).__name__})") from None
    if getattr(order, "shuffles", epochs) != epochs:
        raise Damaged(f"order is not that of {epochs} epochs")
