"""One file a peer: `start(work)` gives a function that trains epoch number k and says the test accuracy."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import NamedTuple


class LeftOut(Exception):
    """A peer cannot run here: the message says why."""


class Peer(NamedTuple):
    """`module` and `function` lie under benchmarks.peers; `library` is what must be installed.

    One without `floats` reads the digits as the bytes that they are.
    """

    title: str
    module: str
    function: str = "start"
    library: str = "numpy"
    replicas: int = 1
    floats: bool = True

    def start(self) -> Callable[..., Callable[[int], float | None]]:
        """Its `start`, which raises LeftOut where it needs something else that is not here."""
        return getattr(importlib.import_module(f"benchmarks.peers.{self.module}"), self.function)

    def is_here(self) -> bool:
        """Whether its library is installed."""
        return importlib.util.find_spec(self.library) is not None


PEERS = {
    "true_floor": Peer("five products, aligned sgemm (true floor)", "true_floor"),
    "floor": Peer("five products, np.matmul (floor)", "floor"),
    "c_lit": Peer("C, only lit pixels", "c_program", "start_lit", floats=False),
    "c_dense": Peer("C, dense", "c_program", floats=False),
    "ours": Peer("mnist_softmax", "ours", floats=False),
    "cohort": Peer("mnist_softmax, ten networks, each", "ours", "start_cohort", replicas=10, floats=False),
    "textbook": Peer("textbook NumPy", "textbook"),
    "numba": Peer("numba, np.dot on mini-batches", "numba_dots", library="numba"),
    "jax": Peer("JAX, jit and scan", "jax_scan", library="jax"),
    "jax_vmap": Peer("JAX, vmap of ten, each", "jax_scan", "start_ten", library="jax", replicas=10),
    "torch": Peer("PyTorch, eager", "torch_eager", library="torch"),
    "torch_compile": Peer("PyTorch, torch.compile of ten steps", "torch_compiled", library="torch"),
    "sklearn": Peer("scikit-learn MLPClassifier", "sklearn_mlp", library="sklearn"),
    "per_example": Peer("one example at a time (book)", "per_example"),
}
OPTIONAL = ("torch", "torch_compile", "jax", "jax_vmap", "numba", "sklearn", "c_dense", "c_lit")
