"""The network: layers in a row, an output, and backpropagation through them (the book's chapter 2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mnist_softmax.config.network import Architecture
from mnist_softmax.network.calls import call
from mnist_softmax.network.dropout import DropoutPass
from mnist_softmax.network.initializers import INITIALIZERS
from mnist_softmax.network.output import Output
from mnist_softmax.network.parameters import Parameters
from mnist_softmax.network.passes import pass_of, rows_at_once


class Network:
    """Layers, output and parameters, as `network` of a config describes them; all parameters start at zero.

    `replicas` puts axes before every parameter: replicas=(R,) is R networks trained by the same calls.
    """

    def __init__(
        self, architecture: Architecture, dtype: str = "float32", replicas: tuple[int, ...] = ()
    ) -> None:
        self.architecture = architecture
        self.dtype = dtype
        self.replicas = replicas
        self.layers = architecture.placed()
        self.num_inputs, self.num_outputs = self.layers[0].n_in, self.layers[-1].n_out
        self.output = Output(architecture.output_activation, architecture.cost, architecture.output_error)
        self.parameters = self.new_parameters()

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles are made of the description and the parameters."""
        return _rebuilt, (self.architecture, self.dtype, self.replicas, self.parameters)

    def __repr__(self) -> str:
        output = f"{self.output.activation} outputs, cost {self.output.cost_name}"
        replicas = f", replicas {self.replicas}" if self.replicas else ""
        return f"Network({self.architecture.title}, {output}, {self.dtype}{replicas})"

    def new_parameters(self) -> Parameters:
        """Zeros in the form of the parameters: for a gradient, a velocity, a copy."""
        return Parameters.zeros([layer.arrays for layer in self.layers], self.dtype, self.replicas)

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw starting weights and biases, layer by layer (of a network without replicas)."""
        for layer, arrays in zip(self.layers, self.parameters.layers, strict=True):
            if arrays:
                draw = INITIALIZERS[layer.initializer]
                arrays["w"][...], arrays["b"][...] = draw(rng, arrays["w"].shape, *layer.fans)

    def new_pass(self, m: int, mean: bool = True, training: bool = False, back: bool = True) -> Pass:
        """A pass of m examples (of each replica). Its errors are those of their mean cost, or of the sum.

        In `training` dropout leaves neurons out. Without `back` it goes forward only, and keeps less.
        """
        return Pass(self, m, mean, training, back)

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """a^L (..., m, K) for the rows of x, (..., m, n_in), of pixels divided by their scale.

        Raises ValueError: x has another width or no rows, or holds bytes, which nobody has divided yet.
        """
        return np.concatenate([p.a for p, _ in self._passed(x)], axis=-2)

    def costs(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """C of each row of x, (..., m), for one-hot y (..., m, K). Raises ValueError as `outputs`."""
        y = np.asarray(y, self.dtype)
        return np.concatenate([self.output.cost(p.z, p.a, y[..., at, :]) for p, at in self._passed(x)], axis=-1)

    def _passed(self, x: np.ndarray) -> Iterator[tuple[Pass, slice]]:
        """Passes that have gone forward, some rows each, and which rows these are."""
        if np.ndim(x) < 2 or not np.shape(x)[-2] or np.shape(x)[-1] != self.num_inputs:
            raise ValueError(
                f"x has shape {np.shape(x)}; expected rows of {self.num_inputs} inputs, (m, {self.num_inputs})"
            )
        if np.asarray(x).dtype == np.uint8:
            raise ValueError("x holds bytes; expected pixels divided by their scale, such as images / 255")
        rows = rows_at_once(self.layers, np.dtype(self.dtype).itemsize)
        for start in range(0, np.shape(x)[-2], rows):
            at = slice(start, start + rows)
            block = np.ascontiguousarray(x[..., at, :], self.dtype)
            p = self.new_pass(block.shape[-2], back=False)
            with np.errstate(over="ignore"):
                p.forward(block)
            yield p, at


def _rebuilt(
    architecture: Architecture, dtype: str, replicas: tuple[int, ...], parameters: Parameters
) -> Network:
    network = Network(architecture, dtype, replicas)
    network.parameters = parameters
    return network


class Pass:
    """What one forward and backward pass needs, made once and used again for every mini-batch of m examples.

    `layers` are the passes of the layers, `z` is z^L and `a` is a^L, (..., m, K).
    """

    def __init__(self, network: Network, m: int, mean: bool, training: bool, back: bool) -> None:
        examples = (*network.replicas, m)
        self.layers = [
            pass_of(layer, m)(layer, l, network.parameters, examples) for l, layer in enumerate(network.layers)
        ]
        self.thinned = [layer for layer in self.layers if isinstance(layer, DropoutPass)]
        for layer in self.thinned:
            layer.training = training
        for layer in self.layers:
            layer.back = back
        self.output = network.output
        self.z = self.layers[-1].a  # the last layer stops at z^L
        self.a = np.empty_like(self.z)
        self.m = m
        self.parameters = network.parameters
        self.divisor = np.array(m, network.dtype) if mean else None

    def draw_from(self, rngs: Sequence[np.random.Generator]) -> None:
        """Let dropout choose by these generators from now on, one for each replica."""
        for layer in self.thinned:
            layer.draw_from(rngs)

    def draw(self) -> None:
        """Choose the neurons that dropout leaves out of the next mini-batch."""
        for layer in self.thinned:
            call(layer.draw)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """a^L for the rows of x, (..., m, n_in), stored one after another: each layer's a is the next one's a_in."""
        a = x
        for layer in self.layers:
            a = layer.forward(a)
        return self.output.activate(a, self.a)

    def backward(self, y: np.ndarray) -> None:
        """After `forward`: the errors delta of all layers, last to first, for one-hot y (..., m, K).

        They are divided by m where the pass is of the mean cost; in training the step does it.
        """
        *hidden, after = self.layers
        delta = self.output.delta(self.z, self.a, y, after.delta)
        if self.divisor is not None:
            call(np.divide, delta, self.divisor, delta)
        for layer in reversed(hidden):
            layer.backward(after.back_to_input())
            after = layer

    def gradient(self, into: Parameters) -> None:
        """After `backward`: dC/dw and dC/db of all layers, written into `into`."""
        for layer, arrays in zip(self.layers, into.layers, strict=True):
            layer.gradient(arrays)

    def add_gradient(
        self, into: Parameters, times: Sequence[float], keep_w: Sequence[float], keep_b: Sequence[float]
    ) -> None:
        """After `backward`: in `into` w -> keep_w w + times dC/dw and b -> keep_b b + times dC/db.

        `times`, `keep_w` and `keep_b` have a number for each replica.
        """
        for layer, arrays in zip(self.layers, into.layers, strict=True):
            layer.add_gradient(arrays, times, keep_w, keep_b)

    def descend(self, eta: Sequence[float], decay: Sequence[float]) -> None:
        """After `backward`: w -> decay w - eta dC/dw, b -> b - eta dC/db, a number for each replica."""
        self.add_gradient(self.parameters, [-each for each in eta], decay, [1.0] * len(eta))
