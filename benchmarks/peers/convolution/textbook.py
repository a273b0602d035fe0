"""NumPy as courses have it: single windows as rows (im2col), maps first, a new array for every result."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from benchmarks.peers.convolution import ETA, FIELD, POOL, M, Trainer, Work, one_by_one


def start(work: Work) -> Trainer:
    """Train it."""
    kernels = [(w.transpose(3, 2, 0, 1).copy(), b.copy()) for w, b in work.start[: len(work.maps)]]
    dense = [(w.copy(), b.copy()) for w, b in work.start[len(work.maps) :]]
    dense[0] = maps_first(*dense[0], work.maps[-1]), dense[0][1]
    relu = work.activation == "relu"

    def sigma(z: np.ndarray) -> np.ndarray:
        return np.maximum(z, 0) if relu else 1 / (1 + np.exp(-z))

    def slope(a: np.ndarray) -> np.ndarray:
        return a > 0 if relu else a * (1 - a)

    def forward(x: np.ndarray) -> tuple[list, list, np.ndarray]:
        a, convolved = x.reshape(len(x), 1, 28, 28), []
        for w, b in kernels:
            windows = sliding_window_view(a, (FIELD, FIELD), (2, 3)).transpose(0, 2, 3, 1, 4, 5)
            m, rows, columns = windows.shape[:3]
            flat = windows.reshape(m * rows * columns, -1)
            z = (flat @ w.reshape(len(w), -1).T).reshape(m, rows, columns, -1).transpose(0, 3, 1, 2)
            pooled = z.reshape(m, -1, rows // POOL, POOL, columns // POOL, POOL).max(axis=(3, 5))
            shape, a = a.shape, sigma(pooled + b[:, None, None])
            convolved.append((shape, flat, z, pooled, a))
        activations = [a.reshape(len(x), -1)]
        for w, b in dense[:-1]:
            activations.append(sigma(activations[-1] @ w + b))
        z = activations[-1] @ dense[-1][0] + dense[-1][1]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return convolved, activations, e / e.sum(axis=1, keepdims=True)

    def step(i: int) -> None:
        rows = work.batch(i)
        convolved, activations, a = forward(work.x[rows])
        delta = (a - work.y[rows]) / M
        for l in range(len(dense) - 1, -1, -1):
            w, b = dense[l]
            grad = delta @ w.T
            dense[l] = w - ETA * activations[l].T @ delta, b - ETA * delta.sum(axis=0)
            delta = grad * slope(activations[l])
        delta = delta.reshape(convolved[-1][-1].shape)
        for l in range(len(kernels) - 1, -1, -1):
            (w, b), (shape, flat, z, pooled, _) = kernels[l], convolved[l]
            errors = enlarged(delta) * (z == enlarged(pooled))
            errors = errors.transpose(0, 2, 3, 1).reshape(-1, len(w))
            kernels[l] = w - ETA * (errors.T @ flat).reshape(w.shape), b - ETA * delta.sum(axis=(0, 2, 3))
            if l:
                _, _, high, wide = z.shape
                shares = (errors @ w.reshape(len(w), -1)).reshape(M, high, wide, shape[1], FIELD, FIELD)
                grad = np.zeros(shape, np.float32)
                for u in range(FIELD):
                    for v in range(FIELD):
                        grad[:, :, u : u + high, v : v + wide] += shares[..., u, v].transpose(0, 3, 1, 2)
                delta = grad * slope(convolved[l - 1][-1])

    return Trainer(one_by_one(step), lambda: forward(work.x[:M])[2])


def enlarged(maps: np.ndarray) -> np.ndarray:
    """Every number POOL x POOL times."""
    return maps.repeat(POOL, axis=2).repeat(POOL, axis=3)


def maps_first(w: np.ndarray, _: np.ndarray, maps: int) -> np.ndarray:
    """The rows of the first dense w in the order maps, rows, columns."""
    side = round((len(w) / maps) ** 0.5)
    return w.reshape(side, side, maps, -1).transpose(2, 0, 1, 3).reshape(len(w), -1)
