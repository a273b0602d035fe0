"""Which pass goes through a layer, by the layer's kind: a new kind is a line here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mnist_softmax.config.placed import Placed
from mnist_softmax.network.convolution import ConvolutionPass
from mnist_softmax.network.dense import DensePass
from mnist_softmax.network.dropout import DropoutPass
from mnist_softmax.network.wide import WideDensePass, chunks

PASSES: dict[str, Any] = {"dense": DensePass, "convolution": ConvolutionPass, "dropout": DropoutPass}


ROWS = 200  # at once, at most: they stay in the cache (with 1,000 an evaluation of 784-30-10 takes a quarter longer)
BYTES = 20_000_000  # that the buffers of such a pass may take


def pass_of(layer: Placed[Any], m: int) -> Any:
    """The class of a pass of m examples through a layer: of its kind; in chunks where a dense layer is wide."""
    wide = layer.kind == "dense" and chunks(m, layer.n_in, layer.n_out) > 1
    return WideDensePass if wide else PASSES[layer.kind]


def bytes_of_pass(layers: Sequence[Placed[Any]], m: int, itemsize: int) -> int:
    """Memory that a pass of m examples takes, in bytes."""
    passes = (pass_of(layer, m).bytes_needed(layer, l, m, itemsize) for l, layer in enumerate(layers))
    return sum(passes) + m * layers[-1].n_out * itemsize  # a^L


def rows_at_once(layers: Sequence[Placed[Any]], itemsize: int) -> int:
    """How many rows an evaluation takes at once: ROWS, or fewer where a pass of so many would be large."""
    return max(10, min(ROWS, BYTES // (bytes_of_pass(layers, 100, itemsize) // 100)))
