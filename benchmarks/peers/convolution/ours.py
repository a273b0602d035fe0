"""mnist_softmax's passes in a row: forward, then backward with the plain step of each layer."""

from __future__ import annotations

import numpy as np

from benchmarks.peers.convolution import ETA, FIELD, POOL, M, Trainer, Work, one_by_one
from mnist_softmax.network.activations import ACTIVATIONS
from mnist_softmax.network.convolution import Convolution, ConvolutionPass
from mnist_softmax.network.dense import Dense, DensePass
from mnist_softmax.network.output import Output
from mnist_softmax.network.parameters import Parameters
from mnist_softmax.network.wide import WideDensePass, chunks


def passes(work: Work) -> list[ConvolutionPass | DensePass]:
    """The passes of M examples, over parameters that begin as the work says."""
    sigma, shape = ACTIVATIONS[work.activation], (28, 28, 1)
    layers: list[Convolution | Dense] = []
    for maps in work.maps:
        layers.append(Convolution(shape, FIELD, maps, POOL, sigma))
        shape = layers[-1].shape_out
    n_in = layers[-1].n_out
    for n_out in work.hidden:
        layers.append(Dense(n_in, n_out, sigma))
        n_in = n_out
    layers.append(Dense(n_in, 10, ACTIVATIONS["linear"]))
    parameters = Parameters.zeros([layer.shapes() for layer in layers], "float32")
    for arrays, (w, b) in zip(parameters.layers, work.start, strict=True):
        arrays["w"][...], arrays["b"][...] = w.reshape(arrays["w"].shape), b
    return [new_pass(layer, l, parameters) for l, layer in enumerate(layers)]


def new_pass(layer: Convolution | Dense, l: int, parameters: Parameters) -> ConvolutionPass | DensePass:
    if isinstance(layer, Convolution):
        return ConvolutionPass(layer, l, parameters, (M,))
    count = chunks(M, layer.n_in, layer.n_out)
    if count > 1:
        return WideDensePass(layer, l, parameters, (M,), count)
    return DensePass(layer, l, parameters, (M,))


def start(work: Work) -> Trainer:
    """Train our own network."""
    output, layers = Output("softmax", "log_likelihood"), passes(work)
    *before, last = layers
    a, divisor, eta, decay = np.empty((M, 10), np.float32), np.array(M, np.float32), [ETA], [1.0]

    def forward(x: np.ndarray) -> np.ndarray:
        for layer in layers:
            x = layer.forward(x)
        return output.activate(x, a)

    def step(i: int) -> None:
        rows = work.batch(i)
        forward(work.x[rows])
        np.divide(output.delta(last.a, a, work.y[rows], last.delta), divisor, out=last.delta)
        grad_a = last.back_to_input()
        last.descend(eta, decay)
        for l in range(len(before) - 1, -1, -1):
            layer = before[l]
            layer.backward(grad_a)
            if isinstance(layer, WideDensePass):
                grad_a = layer.back_and_descend(eta, decay)
                continue
            if l:
                grad_a = layer.back_to_input()
            layer.descend(eta, decay)

    return Trainer(one_by_one(step), lambda: forward(work.x[:M]).copy())
