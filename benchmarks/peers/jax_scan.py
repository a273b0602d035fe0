"""JAX: a whole epoch compiled into one function, its mini-batches a lax.scan."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from benchmarks.work import ETA, M, Work


def start(work: Work) -> Callable[[int], float]:
    """A function that trains an epoch; the first compiles."""
    x, y, x_test, labels_test = map(jnp.asarray, (work.x, work.y, work.x_test, work.labels_test))

    def logits(params, x):
        return jax.nn.sigmoid(x @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]

    def cost(params, x, y):
        return -(y * jax.nn.log_softmax(logits(params, x))).sum(axis=1).mean()

    def step(params, chosen):
        gradient = jax.grad(cost)(params, x[chosen], y[chosen])
        return jax.tree.map(lambda p, g: p - ETA * g, params, gradient), None

    @jax.jit
    def trained(params, order):
        params, _ = jax.lax.scan(step, params, order.reshape(-1, M))
        return params, (logits(params, x_test).argmax(axis=1) == labels_test).mean()

    params = {name: jnp.asarray(array) for name, array in work.start.items()}

    def epoch(number: int) -> float:
        nonlocal params
        params, accuracy = trained(params, jnp.asarray(work.order(number)))
        return float(accuracy)

    return epoch
