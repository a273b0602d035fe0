"""mnist_softmax: a network as a config describes it, and the plain step."""

from __future__ import annotations

from benchmarks.peers.convolution import ETA, FIELD, POOL, M, Trainer, Work, one_by_one
from mnist_softmax.config.network import Architecture
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
    for arrays, (w, b) in zip(net.parameters.layers, work.start, strict=True):
        arrays["w"][...], arrays["b"][...] = w.reshape(arrays["w"].shape), b
    return net


def start(work: Work) -> Trainer:
    """Train it."""
    p, eta, decay = network(work).new_pass(M, training=True), [ETA], [1.0]

    def step(i: int) -> None:
        rows = work.batch(i)
        p.forward(work.x[rows])
        p.backward(work.y[rows])
        p.descend(eta, decay)

    return Trainer(one_by_one(step), lambda: p.forward(work.x[:M]).copy())
