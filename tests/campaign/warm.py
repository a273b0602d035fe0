"""Everything that a command may import, imported: what is forked from here begins at once."""

from __future__ import annotations

import importlib
import pkgutil
from contextlib import suppress

import mnist_softmax

LIBRARIES = ("scipy.stats", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "matplotlib.figure",
             "sklearn.svm", "sklearn.datasets", "mlxtend.data", "pandas", "onnx", "onnx.helper", "onnx.checker",
             "onnx.numpy_helper", "safetensors.numpy", "PIL.Image", "PIL.PngImagePlugin", "joblib", "tqdm.auto",
             "filelock", "jinja2", "yaml")  # fmt: skip


def warm() -> None:
    """Import them; a library that is not installed is left out."""
    for module in pkgutil.walk_packages(mnist_softmax.__path__, "mnist_softmax."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in LIBRARIES:
        with suppress(ImportError):
            importlib.import_module(name)
