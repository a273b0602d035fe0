"""mnist_softmax: a network as a config describes it, and the plain step."""

from __future__ import annotations

import numpy as np

from benchmarks.peers.convolution import ETA, FIELD, POOL, M, Trainer, Work, one_by_one
from mnist_softmax.config.network import Architecture
from mnist_softmax.network.calls import play, recorded
from mnist_softmax.network.network import Network


def network(work: Work) -> Network:
    """The work's network, with its starting weights."""
    convolutions = [{"kind": "convolution", "maps": maps, "field": FIELD, "pool": POOL} for maps in work.maps]
    net = Network(
        Architecture.model_validate(
            {
                "layers": [[28, 28], *convolutions, *work.hidden, 10],
                "hidden_activation": work.activation,
                "output_activation": "softmax",
                "cost": "log_likelihood",
            }
        )
    )
    put_start(net, work)
    return net


def put_start(net: Network, work: Work) -> None:
    """Give it the work's starting weights."""
    for arrays, (w, b) in zip(net.parameters.layers, work.start, strict=True):
        arrays["w"][...], arrays["b"][...] = w.reshape(arrays["w"].shape), b


def start(work: Work) -> Trainer:
    """Train it."""
    net = network(work)
    p, x, y = net.new_pass(M, training=True), np.zeros((M, 784), np.float32), np.zeros((M, 10), np.float32)
    with recorded() as recording:  # as training/sgd.py does
        p.forward(x)
        p.backward(y)
        p.descend([ETA], [1.0])
    put_start(net, work)

    def step(i: int) -> None:
        rows = work.batch(i)
        np.copyto(x, work.x[rows])
        np.copyto(y, work.y[rows])
        play(recording)

    return Trainer(one_by_one(step), lambda: p.forward(work.x[:M]).copy())
