"""What every format needs: the network of a run, the package that writes it, and a file that is written whole."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from mnist_softmax.config.placed import Placed
from mnist_softmax.errors import ConfigError, RunDirectoryError, UserError
from mnist_softmax.files import write_whole
from mnist_softmax.network.network import Network
from mnist_softmax.runs.run import Run


def network_and_scale(source: Run | Network, scale: float) -> tuple[Network, float]:
    """The network of a run, and what its pixels are divided by. Raises RunDirectoryError: it is not finished."""
    if isinstance(source, Network):
        if source.replicas:
            raise ConfigError("a network with replicas is several; export one of them")
        return source, scale
    if source.summary["status"] != "finished":
        raise RunDirectoryError(f"{source.directory.path}: has {source.summary['status']}; nothing to export")
    return source.network(), source.settings.data.scale


def installed(module: str) -> ModuleType:
    """A module of a package that only exporting needs. Raises UserError: it is not installed."""
    try:
        return import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise UserError(f"export needs the package {package}: pip install 'mnist-softmax[onnx]'") from None


def write(path: str | Path, content: bytes) -> None:
    """Make `content` the file. Raises ConfigError: that cannot be done."""
    try:
        write_whole(Path(path), content)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from None


def kernels(layer: Placed[Any], w: np.ndarray) -> np.ndarray:
    """A convolution's w (field * field * maps in, maps) as others have it: (maps, maps in, field, field)."""
    field, maps_in = layer.entry.field, layer.shape_in[2]
    return w.reshape(field, field, maps_in, -1).transpose(3, 2, 0, 1)
