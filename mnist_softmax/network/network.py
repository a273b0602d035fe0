"""The network: layers in a row, an output, and backpropagation through them (the book's chapter 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mnist_softmax.config.network import Architecture
from mnist_softmax.network.activations import ACTIVATIONS
from mnist_softmax.network.dense import Dense, DensePass
from mnist_softmax.network.initializers import INITIALIZERS
from mnist_softmax.network.output import Output
from mnist_softmax.network.parameters import Parameters


class Workspace:
    """What one forward and backward pass needs, made once and used again for every mini-batch of m.

    Errors are those of the mean cost over the mini-batch; without `mean`, of the sum.
    """

    def __init__(self, network: Network, m: int, mean: bool = True) -> None:
        examples = (*network.replicas, m)
        self.layers = [
            DensePass(layer, l, network.parameters, examples) for l, layer in enumerate(network.layers)
        ]
        self.z = self.layers[-1].a  # the last layer stops at z^L
        self.a = np.empty_like(self.z)
        self.m = m
        self.divisor = np.array(m if mean else 1, network.dtype)


class Network:
    """Layers, output and parameters, as `network` of the config describes them; all parameters start at zero.

    `replicas` puts axes before every parameter: replicas=(R,) is R networks trained by the same calls.
    """

    def __init__(
        self, description: Architecture, dtype: str = "float32", replicas: tuple[int, ...] = ()
    ) -> None:
        self.description = description
        self.dtype = dtype
        self.replicas = replicas
        hidden = ACTIVATIONS[description.hidden_activation]
        sizes = description.layers
        self.num_inputs, self.num_outputs = sizes[0], sizes[-1]
        # The last layer stops at z^L, where the output takes over.
        activations = [hidden] * (len(sizes) - 2) + [ACTIVATIONS["linear"]]
        self.layers = [
            Dense(n_in, n_out, sigma)
            for n_in, n_out, sigma in zip(sizes[:-1], sizes[1:], activations, strict=True)
        ]
        self.output = Output(description.output_activation, description.cost, description.output_error)
        self.parameters = self.new_parameters()

    def new_parameters(self) -> Parameters:
        """Zeros in the form of the parameters: for a gradient, a velocity, a copy."""
        return Parameters.zeros([layer.shapes() for layer in self.layers], self.dtype, self.replicas)

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw starting weights and biases, layer by layer (of a network without replicas)."""
        draw = INITIALIZERS[self.description.initializer]
        for layer, arrays in zip(self.layers, self.parameters.layers, strict=True):
            arrays["w"][...], arrays["b"][...] = draw(rng, layer.n_in, layer.n_out)

    def forward(self, x: np.ndarray, workspace: Workspace) -> np.ndarray:
        """a^L for the rows of x, (..., m, n_in) -> (..., m, K), written into the workspace."""
        a = x
        for layer in workspace.layers:
            a = layer.forward(a)
        return self.output.activate(a, workspace.a)

    def backward(self, y: np.ndarray, workspace: Workspace) -> None:
        """After `forward`: the errors delta of all layers, last to first, for one-hot y (..., m, K).

        They are errors of the mean cost over the m rows (or of its sum, if the workspace says so): here, and
        nowhere else, is divided by m.
        """
        *hidden, last = workspace.layers
        delta = self.output.delta(workspace.z, workspace.a, y, last.delta)
        np.divide(delta, workspace.divisor, out=delta)
        after = last
        for layer in reversed(hidden):
            layer.backward(after.back_to_input())
            after = layer

    def gradient(self, workspace: Workspace, gradient: Parameters) -> None:
        """After `backward`: dC/dw and dC/db of all layers, written into `gradient`."""
        for layer, arrays in zip(workspace.layers, gradient.layers, strict=True):
            layer.gradient(arrays)

    def descend(self, workspace: Workspace, eta: Sequence[float], decay: Sequence[float]) -> None:
        """After `backward`: w -> decay w - eta dC/dw, b -> b - eta dC/db, without forming the gradient.

        `eta` and `decay` hold a number for each replica.
        """
        for layer in workspace.layers:
            layer.descend(eta, decay)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """a^L for the rows of x, in an array of its own."""
        self._check_width(x)
        with np.errstate(over="ignore"):
            return self.forward(np.asarray(x, self.dtype), Workspace(self, x.shape[-2])).copy()

    def costs(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """C of each row of x, (..., m), for one-hot y."""
        self._check_width(x)
        workspace = Workspace(self, x.shape[-2])
        with np.errstate(over="ignore"):
            self.forward(np.asarray(x, self.dtype), workspace)
        return self.output.cost(workspace.z, workspace.a, np.asarray(y, self.dtype))

    def _check_width(self, x: Any) -> None:
        if np.ndim(x) < 2 or np.shape(x)[-1] != self.num_inputs:
            raise ValueError(
                f"x has shape {np.shape(x)}; expected rows of {self.num_inputs} inputs, (m, {self.num_inputs})"
            )
