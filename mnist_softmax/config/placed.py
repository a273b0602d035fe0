"""The layers of a network in their places: each with the shape that reaches it, and what follows from that."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from mnist_softmax.config.layers import AfterInputs, Arrays, Dense, Inputs, Shape, WithWeights
from mnist_softmax.config.schema import Misfit

Entry = TypeVar("Entry", bound=AfterInputs)


class Placed(NamedTuple, Generic[Entry]):
    """A layer in its place in a network: what is written of it, and what reaches it.

    `activation` is the name of its sigma, `initializer` that of how its weights are drawn.
    """

    entry: Entry
    shape_in: Shape
    activation: str
    initializer: str

    @property
    def kind(self) -> str:
        return self.entry.kind

    @property
    def shape_out(self) -> Shape:
        return self.entry.shape_out(self.shape_in)

    @property
    def n_in(self) -> int:
        """Numbers that come in, of one example."""
        return math.prod(self.shape_in)

    @property
    def n_out(self) -> int:
        """Numbers that go out, of one example."""
        return math.prod(self.shape_out)

    @property
    def arrays(self) -> Arrays:
        """The shapes of its parameters by name."""
        return self.entry.arrays(self.shape_in)

    @property
    def fans(self) -> tuple[int, int]:
        """n_in and n_out of its initializer."""
        return self.entry.fans(self.shape_in)

    @property
    def multiplications(self) -> int:
        """Of weights with inputs, in a pass of one example: of a convolution at every place that is kept."""
        return math.prod(self.arrays["w"]) * (self.n_out // self.arrays["b"][0]) if self.arrays else 0

    @property
    def num_parameters(self) -> int:
        """Its weights and biases."""
        return sum(math.prod(shape) for shape in self.arrays.values())


def placed(layers: Sequence[Inputs | AfterInputs], activation: str, initializer: str) -> list[Placed[Any]]:
    """Every layer but the inputs, in its place; `activation` and `initializer` are of those that say nothing.

    The last one stops at z^L, where the output takes over: its activation is linear.
    Raises Misfit, which names the entry and its key: a layer does not fit what reaches it, or its place.
    """
    first, *others = layers
    if not isinstance(first, Inputs):
        raise Misfit("layers.0", "expected the pixels of an image, 784 or [28, 28]")
    shape = first.shape_out
    found: list[Placed[Any]] = []
    for k, entry in enumerate(others, start=1):
        if isinstance(entry, Inputs):
            raise Misfit(f"layers.{k}", "inputs stand only at the beginning")
        if k == len(others) and not isinstance(entry, Dense):
            raise Misfit(
                f"layers.{k}", f"a {entry.kind} layer cannot be the last; end with a neuron for each class"
            )
        try:
            reached, shape = shape, entry.shape_out(shape)
        except Misfit as misfit:
            raise Misfit(f"layers.{k}.{misfit.key}", misfit.text) from None
        if not isinstance(entry, WithWeights):
            found.append(Placed(entry, reached, "linear", initializer))
            continue
        if k == len(others) and entry.activation is not None:
            raise Misfit(f"layers.{k}.activation", "that of the last layer is network.output_activation")
        sigma = "linear" if k == len(others) else entry.activation or activation
        found.append(Placed(entry, reached, sigma, entry.initializer or initializer))
    return found


def title(layers: Sequence[Placed[Any]]) -> str:
    """Such as "784-30-10", or "784-20x12x12-100-10" where maps have rows and columns."""
    shapes = [layer.shape_out for layer in layers if layer.arrays]
    sizes = ["x".join(map(str, (shape[-1], *shape[:-1]))) for shape in shapes]
    return "-".join([str(layers[0].n_in), *sizes])
