"""The formats by name, and the plainest of them: arrays in npz."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from mnist_softmax.export.onnx import export_onnx
from mnist_softmax.export.pytorch import export_safetensors
from mnist_softmax.export.source import network_and_scale, write
from mnist_softmax.network.network import Network
from mnist_softmax.runs.run import Run


def export_npz(source: Run | Network, path: str | Path, scale: float = 255.0) -> None:
    """Write a run's network, or a network, as named arrays: w1, b1, w2, ..., `scale`, and `network` as JSON text."""
    network, scale = network_and_scale(source, scale)
    arrays: dict[str, Any] = dict(network.parameters.named())
    description = json.dumps(network.architecture.model_dump(mode="json"))
    content = io.BytesIO()
    np.savez(content, **arrays, scale=np.array(scale), network=np.array(description))
    write(path, content.getvalue())


FORMATS = {"onnx": export_onnx, "safetensors": export_safetensors, "npz": export_npz}
