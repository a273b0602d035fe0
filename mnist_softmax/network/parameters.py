"""All weights and biases of a network in one stretch of memory, with a named view of each.

One stretch, because a step of gradient descent is then two or three NumPy calls for the whole network; weights
before biases, because penalties touch only weights. Gradients and velocities have the same form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

Shapes = dict[str, tuple[int, ...]]


class Parameters:
    """`shapes[l]` names the arrays of layer l: {"w": (n_in, n_out), "b": (n_out,)}; a layer may have none.

    `flat` has shape (*replicas, size); `weights` is its part that is penalised; `layers[l]["w"]` are views.
    """

    def __init__(self, shapes: Sequence[Shapes], dtype: str, replicas: tuple[int, ...] = ()) -> None:
        named = [(l, name, shape) for l, layer in enumerate(shapes) for name, shape in layer.items()]
        weights_first = sorted(named, key=lambda entry: entry[1] != "w")  # stable: layers stay in order
        sizes = [int(np.prod(shape)) for _, _, shape in weights_first]
        self.flat = np.zeros((*replicas, sum(sizes)), dtype)
        self.layers: list[dict[str, np.ndarray]] = [{} for _ in shapes]
        start = 0
        for (l, name, shape), size in zip(weights_first, sizes, strict=True):
            self.layers[l][name] = self.flat[..., start : start + size].reshape(*replicas, *shape)
            start += size
            if name == "w":
                self.weights = self.flat[..., :start]

    def named(self) -> Iterator[tuple[str, np.ndarray]]:
        """("w1", view), ("b1", view), ... with layers counted from 1."""
        for l, layer in enumerate(self.layers, start=1):
            for name, view in layer.items():
                yield f"{name}{l}", view
