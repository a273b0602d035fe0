"""Checkpoints: a training state as a file of named arrays, from which training goes on to the same bits.

No pickle: numbers are arrays, and the random state and the history are JSON text. Files are replaced whole, so
that a kill or a full disk at any instant leaves the old one or the new one, never half of either.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from mnist_softmax.config.config import Config
from mnist_softmax.errors import RunDirectoryError
from mnist_softmax.files import replacing
from mnist_softmax.network.network import Network
from mnist_softmax.network.parameters import Parameters
from mnist_softmax.training.cohort import State
from mnist_softmax.training.history import History
from mnist_softmax.training.loop import start


def save_state(path: Path, state: State, data_checksum: str) -> None:
    """Write `state`, and which data it was trained on."""
    arrays: dict[str, Any] = dict(state.network.parameters.named())
    for slot, parameters in state.slots.items():
        arrays |= {f"{slot}_{name}": view for name, view in parameters.named()}
    if state.best is not None:
        arrays["best"] = state.best
    arrays["order"] = json.dumps(state.order.state)
    arrays["history"] = json.dumps(state.history)
    arrays["data_checksum"] = data_checksum
    with replacing(path) as file:
        np.savez(file, **arrays)


def load_state(path: Path, settings: Config, data_checksum: str) -> State:
    """The state that `save_state` wrote for the same settings.

    Raises RunDirectoryError: the file is damaged, of another network, or was trained on other data.
    """
    state = start(settings)
    stored = _read_arrays(path)
    _fill(state.network.parameters, stored, "", path)
    for slot, parameters in state.slots.items():
        _fill(parameters, stored, f"{slot}_", path)
    try:
        state.order.state = json.loads(str(stored["order"]))
        state.history = _records(json.loads(str(stored["history"])))
        trained_on = str(stored["data_checksum"])
        if settings.training.early_stopping and state.history:
            state.best = stored["best"].reshape(state.network.parameters.flat.shape)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, error) from None
    if trained_on != data_checksum:
        raise RunDirectoryError(
            f"{path}: was trained on other data than is found now (the checksums differ); "
            "bring the same data back, or train anew with --overwrite"
        )
    return state


def save_model(path: Path, network: Network) -> None:
    """Write the network's parameters alone: w1, b1, w2, b2, ..."""
    arrays: dict[str, Any] = dict(network.parameters.named())
    with replacing(path) as file:
        np.savez(file, **arrays)


def load_model(path: Path, network: Network) -> None:
    """Fill `network` with what `save_model` wrote.

    Raises RunDirectoryError: the file is missing or damaged, or of another shape.
    """
    _fill(network.parameters, _read_arrays(path), "", path)


def _records(content: Any) -> History:
    if not isinstance(content, list) or [each["epoch"] for each in content] != [*range(1, len(content) + 1)]:
        raise ValueError("its history is not one record an epoch")
    return content


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except FileNotFoundError:
        raise RunDirectoryError(f"{path}: no such file; has this run been trained?") from None
    except Exception as error:  # damaged bytes make zipfile, zlib and NumPy raise nearly anything
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> RunDirectoryError:
    what = " ".join(str(error).split()) or type(error).__name__
    return RunDirectoryError(f"{path}: is damaged ({what}); train anew with --overwrite")


def _fill(parameters: Parameters, stored: dict[str, np.ndarray], prefix: str, path: Path) -> None:
    for name, view in parameters.named():
        array = stored.get(prefix + name)
        if array is None or array.shape != view.shape:
            found = "is missing" if array is None else f"has shape {array.shape}"
            raise RunDirectoryError(f"{path}: {prefix + name} {found}; this network needs {view.shape}")
        view[...] = array
