"""One file a peer: `start(work)` gives a function that trains epoch number k and says the test accuracy."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import NamedTuple


class Peer(NamedTuple):
    """`module` and `function` lie under benchmarks.peers; `library` is what must be installed."""

    title: str
    module: str
    function: str = "start"
    library: str = "numpy"
    replicas: int = 1

    def start(self) -> Callable[..., Callable[[int], float | None]]:
        """Its `start`."""
        return getattr(importlib.import_module(f"benchmarks.peers.{self.module}"), self.function)

    def is_here(self) -> bool:
        """Whether its library is installed."""
        return importlib.util.find_spec(self.library) is not None


PEERS = {
    "floor": Peer("the five products (floor)", "floor"),
    "ours": Peer("mnist_softmax", "ours"),
    "cohort": Peer("mnist_softmax, ten at once, each", "ours", "start_cohort", replicas=10),
    "textbook": Peer("textbook NumPy", "textbook"),
    "jax": Peer("JAX, jit and scan", "jax_scan", library="jax"),
    "torch": Peer("PyTorch, eager", "torch_eager", library="torch"),
    "sklearn": Peer("scikit-learn MLPClassifier", "sklearn_mlp", library="sklearn"),
    "per_example": Peer("one example at a time (book)", "per_example"),
}
OPTIONAL = ("torch", "jax", "sklearn")
