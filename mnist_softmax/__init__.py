"""A NumPy trainer for MNIST, written after Michael Nielsen's *Neural Networks and Deep Learning*.

    import mnist_softmax as ms

    settings = ms.load_config("loglik", "training.epochs=3")  # a shipped config by name, or a path
    digits = ms.load_digits(settings.data)  # .train .validation .test
    network, history = ms.train(settings, digits, on_epoch=print)
    ms.evaluate(network, digits.test).accuracy

    run = ms.run(settings, digits, "runs/try")  # on disk, resumable; ms.open_run(path) opens it again
    run.history, run.network(), run.predict(digits.test.images)  # images as they are stored
    run.predict(ms.load_images("test.csv")), ms.vote([run, another], digits.test.images)

    ms.compare({"a": settings, "b": other}, seeds=10, into="comparison").pairs
    ms.NetworkClassifier(hidden_layer_sizes=(30,), cost="log_likelihood").fit(X, y)  # for scikit-learn
    ms.export_onnx(run, "digits.onnx")

Every function says what it takes and gives in its docstring. A mistake of its user raises `ms.UserError`, whose text
is one line that says what to do; nothing is printed. What is asked for is imported when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

API = {
    "load_config": "config.file.load_config",
    "load_digits": "data.sources.load_digits",
    "load_images": "data.files.load_images",
    "train": "training.loop.train",
    "evaluate": "training.evaluation.evaluate",
    "run": "runs.run.run",
    "open_run": "runs.run.open_run",
    "vote": "runs.vote.vote",
    "compare": "comparison.compare.compare",
    "NetworkClassifier": "estimator.NetworkClassifier",
    "export_onnx": "export.onnx.export_onnx",
    "lab": "lab.build.lab",
    "UserError": "errors.UserError",
}
"""Where each name of the API comes from; __init__.pyi says the same to editors and type checkers."""

__all__ = ["__version__", *API]


def __getattr__(name: str) -> Any:
    """A name of the API, imported now."""
    if name not in API:
        raise AttributeError(f"module 'mnist_softmax' has no attribute '{name}'; it has {', '.join(__all__)}")
    module, _, attribute = API[name].rpartition(".")
    value = getattr(import_module(f"mnist_softmax.{module}"), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__]
