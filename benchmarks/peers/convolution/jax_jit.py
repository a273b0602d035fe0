"""JAX, a step compiled into one function, maps last. (Under lax.scan XLA takes a convolution 20 times as slow.)"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.peers.convolution import ETA, POOL, M, Trainer, Work, one_by_one


def start(work: Work) -> Trainer:
    """The first step compiles."""
    sigma = {"sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu}[work.activation]
    count = len(work.maps)

    def logits(params, x):
        a = x.reshape(-1, 28, 28, 1)
        for w, b in params[:count]:
            z = lax.conv_general_dilated(a, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            pool = (1, POOL, POOL, 1)
            a = sigma(lax.reduce_window(z, -jnp.inf, lax.max, pool, pool, "VALID") + b)
        a = a.reshape(len(x), -1)
        for w, b in params[count:-1]:
            a = sigma(a @ w + b)
        w, b = params[-1]
        return a @ w + b

    def cost(params, x, labels):
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits(params, x)), labels[:, None], 1))

    @jax.jit
    def stepped(params, x, labels):
        return jax.tree.map(lambda p, g: p - ETA * g, params, jax.grad(cost)(params, x, labels))

    params = [(jnp.asarray(w), jnp.asarray(b)) for w, b in work.start]
    slices = [work.batch(i) for i in range(len(work.x) // M)]
    batches = [(jnp.asarray(work.x[rows]), jnp.asarray(work.labels[rows].astype("int32"))) for rows in slices]

    def step(i: int) -> None:
        nonlocal params
        params = jax.block_until_ready(stepped(params, *batches[i % len(batches)]))

    return Trainer(one_by_one(step), lambda: np.asarray(jax.nn.softmax(logits(params, batches[0][0]))))
