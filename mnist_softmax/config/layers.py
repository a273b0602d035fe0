"""What stands in `network.layers`: the inputs, then layers by kind, each with its geometry.

A layer says, from the shape of what comes in, the shape of what goes out and the shapes of its arrays. Nobody else
reads sizes: not the network, not a report. A further kind is a section here, in the union `Layer`, and the file of
its pass in network/.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field, model_serializer

from mnist_softmax.config.schema import Misfit, PositiveInt, Section

Shape = tuple[int, ...]
Size = Annotated[PositiveInt, Field(le=1_000_000)]


class Inputs(Section):
    """What the network is shown: images of so many pixels. A number is short for it where `layers` begins."""

    kind: Literal["inputs"]
    pixels: Size

    @property
    def shape(self) -> Shape:
        """Of one image."""
        return (self.pixels,)

    @model_serializer
    def _short(self) -> int:
        return self.pixels


class Dense(Section):
    """Fully connected: a = sigma(a_in w + b). A number is short for `{kind: dense, neurons: n}`."""

    kind: Literal["dense"]
    neurons: Size

    def shape_out(self, shape_in: Shape) -> Shape:
        """Of what goes out."""
        return (self.neurons,)

    def arrays(self, shape_in: Shape) -> dict[str, Shape]:
        """The layer's parameters: w has a row for each input, a column for each neuron."""
        return {"w": (math.prod(shape_in), self.neurons), "b": (self.neurons,)}

    @model_serializer
    def _short(self) -> int:
        return self.neurons


Layer = Annotated[Inputs | Dense, Field(discriminator="kind")]


def _written_out(layers: Any) -> Any:
    """Numbers as what they are short for."""
    if not isinstance(layers, Sequence) or isinstance(layers, str):
        return layers
    if len(layers) < 2:
        raise ValueError("expected at least 2 entries, the inputs and a layer")
    return [
        entry if isinstance(entry, Section | dict) else {"kind": "dense", "neurons": entry} if k else
        {"kind": "inputs", "pixels": entry}
        for k, entry in enumerate(layers)
    ]  # fmt: skip


Layers = Annotated[tuple[Layer, ...], BeforeValidator(_written_out)]


class Placed(NamedTuple):
    """A layer in its place in a network. `activation` is the name of its sigma."""

    layer: Dense
    shape_in: Shape
    activation: str
    initializer: str

    @property
    def kind(self) -> str:
        return self.layer.kind

    @property
    def n_in(self) -> int:
        """Numbers that come in, of one example."""
        return math.prod(self.shape_in)

    @property
    def n_out(self) -> int:
        """Numbers that go out, of one example."""
        return math.prod(self.layer.shape_out(self.shape_in))

    @property
    def numbers(self) -> int:
        """What a pass of one example through it keeps: a, delta, and dC/da_in."""
        return 2 * self.n_out + self.n_in

    @property
    def arrays(self) -> dict[str, Shape]:
        """The shapes of its parameters by name."""
        return self.layer.arrays(self.shape_in)


def placed(layers: Sequence[Inputs | Dense], activation: str, initializer: str) -> list[Placed]:
    """Every layer but the inputs, with the shape that reaches it.

    The last one stops at z^L, where the output takes over: its activation is linear.
    Raises Misfit, which names the entry: inputs stand elsewhere than at the beginning, or a layer does there.
    """
    first, *others = layers
    if not isinstance(first, Inputs):
        raise Misfit("layers.0", "expected the number of pixels of an image")
    shape, found = first.shape, []
    for k, layer in enumerate(others, start=1):
        if isinstance(layer, Inputs):
            raise Misfit(f"layers.{k}", "inputs stand only at the beginning")
        found.append(Placed(layer, shape, "linear" if k == len(others) else activation, initializer))
        shape = layer.shape_out(shape)
    return found
