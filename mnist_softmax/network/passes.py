"""Which pass goes through a layer, by the layer's kind: a new kind is a line here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mnist_softmax.config.layers import Placed
from mnist_softmax.network.convolution import ConvolutionPass
from mnist_softmax.network.dense import DensePass
from mnist_softmax.network.dropout import DropoutPass
from mnist_softmax.network.parameters import Parameters
from mnist_softmax.network.wide import WideDensePass, chunks

PASSES: dict[str, Any] = {"dense": DensePass, "convolution": ConvolutionPass, "dropout": DropoutPass}


def pass_of(layer: Placed, l: int, parameters: Parameters, examples: tuple[int, ...]) -> Any:
    """A pass of its kind through layer number l; in chunks of neurons where a dense layer is wide."""
    if layer.kind == "dense" and (count := chunks(examples[-1], layer.n_in, layer.n_out)) > 1:
        return WideDensePass(layer, l, parameters, examples, count)
    return PASSES[layer.kind](layer, l, parameters, examples)


def bytes_of_pass(layers: Sequence[Placed], m: int, itemsize: int) -> int:
    """Memory that a pass of m examples takes, in bytes."""
    passes = (PASSES[layer.kind].bytes_needed(layer, l, m, itemsize) for l, layer in enumerate(layers))
    return sum(passes) + m * layers[-1].n_out * itemsize  # a^L
