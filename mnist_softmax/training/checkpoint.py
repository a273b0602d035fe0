"""Checkpoints: a training state as a file of named arrays, from which training goes on to the same bits.

No pickle: numbers are arrays, and the random state is JSON text. Files are replaced whole, so that a kill or a full
disk at any instant leaves the old one or the new one, never half of either. Only the history is in a file that
grows, metrics.jsonl, of which a checkpoint names the part that it goes on from.
"""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from mnist_softmax.config.config import Config
from mnist_softmax.errors import RunDirectoryError
from mnist_softmax.files import reading, write_arrays
from mnist_softmax.network.network import Network
from mnist_softmax.network.parameters import Parameters
from mnist_softmax.training.cohort import State
from mnist_softmax.training.history import History
from mnist_softmax.training.loop import start

Arrays = dict[str, np.ndarray]
METRICS = "metrics.jsonl"
REMEDY = "train anew with --overwrite"


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
    stored = _read_arrays(path)
    _fill(state.network.parameters, stored, "", path)
    for slot, parameters in state.slots.items():
        _fill(parameters, stored, f"{slot}_", path)
    with reading(path, REMEDY):
        state.order.state = json.loads(str(stored["order"]))
        history = json.loads(str(stored["history"]))
        trained_on = str(stored["data_checksum"])
        if isinstance(history, dict):
            epochs, sha256 = int(history["epochs"]), str(history["sha256"])
        else:  # a checkpoint of before held the records themselves
            state.history = _records(history)
    if isinstance(history, dict):
        state.history = _records_beside(path.with_name(METRICS), epochs, sha256)
    with reading(path, REMEDY):
        if settings.training.early_stopping and state.history:
            state.best = stored["best"].reshape(state.network.parameters.flat.shape)
    if trained_on != data_checksum:
        raise RunDirectoryError(
            f"{path}: was trained on other data than is found now (the checksums differ); "
            "bring the same data back, or train anew with --overwrite"
        )
    return state


def stored_text(path: Path, name: str) -> str | None:
    """A text that lies in a checkpoint beside the state, None where there is none of this name."""
    stored = _read_arrays(path).get(name)
    return None if stored is None else str(stored)


def save_model(path: Path, network: Network) -> None:
    """Write the network's parameters alone: w1, b1, w2, b2, ..."""
    save(path, dict(network.parameters.named()))


def load_model(path: Path, network: Network) -> None:
    """Fill `network` with what `save_model` wrote.

    Raises RunDirectoryError: the file is missing or damaged, or of another shape.
    """
    _fill(network.parameters, _read_arrays(path), "", path)


def _records(content: Any) -> History:
    if not isinstance(content, list) or [each["epoch"] for each in content] != [*range(1, len(content) + 1)]:
        raise ValueError("its history is not one record an epoch")
    return content


def _records_beside(path: Path, epochs: int, sha256: str) -> History:
    """The first records of metrics.jsonl; a kill may have left more than there were at the checkpoint."""
    if epochs == 0:
        return []
    try:
        with reading(path, REMEDY):
            lines = path.read_bytes().splitlines(keepends=True)[:epochs]
            if hashlib.sha256(b"".join(lines)).hexdigest() != sha256:
                raise ValueError(f"its first {epochs} lines are not those that belong to the checkpoint")
            return _records([json.loads(line) for line in lines])
    except FileNotFoundError:
        raise RunDirectoryError(f"{path}: is missing, and the checkpoint goes on from it; {REMEDY}") from None


def _read_arrays(path: Path) -> Arrays:
    try:
        with reading(path, REMEDY), np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except FileNotFoundError:
        raise RunDirectoryError(f"{path}: no such file; has this run been trained?") from None


def _fill(parameters: Parameters, stored: dict[str, np.ndarray], prefix: str, path: Path) -> None:
    for name, view in parameters.named():
        array = stored.get(prefix + name)
        if array is None or array.shape != view.shape:
            found = "is missing" if array is None else f"has shape {array.shape}"
            raise RunDirectoryError(f"{path}: {prefix + name} {found}; this network needs {view.shape}")
        view[...] = array
