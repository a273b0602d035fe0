"""JAX: a whole epoch compiled into one function, its mini-batches a lax.scan; ten replicas of it by vmap."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.work import ETA, M, Work


def start(work: Work, replicas: int | None = None) -> Callable[[int], float]:
    """A function that trains an epoch, of every replica if there are some; the first compiles."""
    x, y, x_test, labels_test = map(jnp.asarray, (work.x, work.y, work.x_test, work.labels_test))

    def logits(params, x):
        return jax.nn.sigmoid(x @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]

    def cost(params, x, y):
        return -(y * jax.nn.log_softmax(logits(params, x))).sum(axis=1).mean()

    def step(params, chosen):
        gradient = jax.grad(cost)(params, x[chosen], y[chosen])
        return jax.tree.map(lambda p, g: p - ETA * g, params, gradient), None

    def trained(params, order):
        params, _ = jax.lax.scan(step, params, order.reshape(-1, M))
        return params, (logits(params, x_test).argmax(axis=1) == labels_test).mean()

    params = {name: jnp.asarray(array) for name, array in work.start.items()}
    run = jax.jit(trained)
    if replicas:
        params = {name: jnp.stack([array] * replicas) for name, array in params.items()}
        run = jax.jit(jax.vmap(trained))

    def epoch(number: int) -> float:
        nonlocal params
        order = work.order(number)
        params, accuracy = run(params, jnp.asarray(np.stack([order] * replicas) if replicas else order))
        return float(accuracy.mean())  # the replicas are all alike

    return epoch


def start_ten(work: Work) -> Callable[[int], float]:
    """Ten replicas at once."""
    return start(work, 10)
