"""What stands in `network.layers`: the inputs, then layers by kind, each with its geometry.

A layer says, from the shape of what comes in, the shape of what goes out, the shapes of its arrays and its fans.
Nobody else reads sizes: not the network, not a report (placed.py has each layer with what reaches it). A further kind
is a section here, in the union `AfterInputs`, and the file of its pass in network/.

A shape is that of one example: (neurons,), or (rows, columns, maps). Between layers activations are always rows.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_serializer

from mnist_softmax.config.schema import Misfit, NotBoolean, PositiveInt, Section

Activation = Literal["sigmoid", "tanh", "relu"]
Initializer = Literal["scaled", "large", "zeros", "he", "glorot", "fan_out"]
Shape = tuple[int, ...]
Arrays = dict[str, Shape]
LARGEST = 1_000_000
Size = Annotated[int, Field(gt=0, le=LARGEST), NotBoolean]


class Inputs(Section):
    """What the network is shown: images of so many pixels, `784`, or of rows and columns, `[28, 28]`, for layers
    that look at them so; a third number says how many maps they have."""

    kind: Literal["inputs"]
    shape: Annotated[tuple[Size, ...], Field(min_length=1, max_length=3)]
    """Pixels; or rows and columns; or rows, columns and maps."""

    @property
    def shape_out(self) -> Shape:
        """Rows and columns alone are one map."""
        return (*self.shape, 1) if len(self.shape) == 2 else self.shape

    @model_serializer
    def _short(self) -> int | list[int]:
        return self.shape[0] if len(self.shape) == 1 else [*self.shape]


class WithWeights(Section):
    """What layers that learn may say each for itself; else it is as `network` says for all."""

    activation: Activation | None = None
    """Of a hidden layer; `network.hidden_activation` where nothing is said."""
    initializer: Initializer | None = None
    """Of its weights; `network.initializer` where nothing is said."""


class Dense(WithWeights):
    """Fully connected: a = sigma(a_in w + b). A number is short for `{kind: dense, neurons: n}`."""

    kind: Literal["dense"]
    neurons: Size
    """How many numbers go out."""

    def shape_out(self, shape_in: Shape) -> Shape:
        """Of what goes out."""
        return (self.neurons,)

    def arrays(self, shape_in: Shape) -> Arrays:
        """w has a row for each input and a column for each neuron."""
        return {"w": (math.prod(shape_in), self.neurons), "b": (self.neurons,)}

    def fans(self, shape_in: Shape) -> tuple[int, int]:
        """n_in and n_out, by which initialisers scale weights: how many weights meet in a neuron, or leave one."""
        return math.prod(shape_in), self.neurons

    @model_serializer(mode="wrap")
    def _short(self, whole: Any) -> Any:
        return self.neurons if self.activation is None and self.initializer is None else whole(self)


class Convolution(WithWeights):
    """`maps` kernels of field x field pixels over all maps that come in, moved by one pixel, always within the
    image; then the largest of each pool x pool (max-pooling; 1 is none), bias and activation (chapter 6)."""

    kind: Literal["convolution"]
    maps: PositiveInt
    """How many kernels."""
    field: Size
    """Rows and columns of a kernel."""
    pool: Size = 1
    """Of pool x pool outputs the largest is kept."""

    def shape_out(self, shape_in: Shape) -> Shape:
        """Raises Misfit: nothing with rows and columns comes in, or field and pool do not fit it."""
        if len(shape_in) < 3:
            side = math.isqrt(shape_in[0])
            square = f"[{side}, {side}]" if side * side == shape_in[0] else "[rows, columns]"
            raise Misfit(
                "kind",
                "a convolution needs rows and columns, not a dense layer before it; inputs that have them are "
                f"written {square}",
            )
        sides = [n - self.field + 1 for n in shape_in[:2]]
        of = f"maps of {shape_in[0]} x {shape_in[1]}"
        if min(sides) < 1:
            raise Misfit("field", f"{self.field} is more than {of} hold")
        if any(n % self.pool for n in sides):
            raise Misfit(
                "pool", f"{self.pool} does not divide {sides[0]} x {sides[1]}, which a field of {self.field} "
                f"leaves of {of}"
            )  # fmt: skip
        return sides[0] // self.pool, sides[1] // self.pool, self.maps

    def arrays(self, shape_in: Shape) -> Arrays:
        """w is that of a dense layer that reads every window: (field * field * maps in, maps)."""
        return {"w": (self.field**2 * shape_in[2], self.maps), "b": (self.maps,)}

    def fans(self, shape_in: Shape) -> tuple[int, int]:
        """As network3 counts them: a weight is in field^2 / pool^2 outputs of a map."""
        return self.field**2 * shape_in[2], max(self.maps * self.field**2 // self.pool**2, 1)


class Dropout(Section):
    """In training each number that comes in is left out with probability p, anew in every mini-batch."""

    kind: Literal["dropout"]
    p: Annotated[float, Field(gt=0, lt=1), NotBoolean]
    """The share that is left out."""

    def shape_out(self, shape_in: Shape) -> Shape:
        """That of what comes in."""
        return shape_in

    def arrays(self, shape_in: Shape) -> Arrays:
        """Nothing is learned here."""
        return {}

    def fans(self, shape_in: Shape) -> tuple[int, int]:
        """None are asked for, for there are no weights."""
        return math.prod(shape_in), math.prod(shape_in)


AfterInputs = Dense | Convolution | Dropout
Layer = Annotated[Inputs | AfterInputs, Field(discriminator="kind")]


def _written_out(layers: Any) -> Any:
    """Numbers, and the inputs' list of them, as what they are short for."""
    if not isinstance(layers, list | tuple):
        return layers
    if len(layers) < 2:
        raise ValueError("expected at least 2 entries, the inputs and a layer")
    first, *others = layers
    if not isinstance(first, Section | dict):
        first = {"kind": "inputs", "shape": first if isinstance(first, list | tuple) else (first,)}
    return [first, *(e if isinstance(e, Section | dict) else {"kind": "dense", "neurons": e} for e in others)]


def _or_short(schema: dict[str, Any]) -> None:
    """In the JSON schema, the forms that `_written_out` takes, too."""
    size = {"type": "integer", "exclusiveMinimum": 0, "maximum": LARGEST}
    schema["items"]["oneOf"] += [size, {"type": "array", "items": size, "minItems": 1, "maxItems": 3}]
    schema["minItems"] = 2


Layers = Annotated[tuple[Layer, ...], BeforeValidator(_written_out), Field(json_schema_extra=_or_short)]
