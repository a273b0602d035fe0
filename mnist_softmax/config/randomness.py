"""What a config says of random numbers: which generators, and what an earlier run took out of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from mnist_softmax.config.schema import NotBoolean, Section


class Streams(Section):
    """Independent streams from one seed, one for each use (training/randomness.py)."""

    kind: Literal["streams"] = "streams"


class EarlierRun(Section):
    """What a run that the author's program trained before this one took out of the two generators."""

    initializer: Literal["scaled", "large"]
    """How its starting weights were drawn."""
    images: Annotated[int, Field(gt=0, le=1_000_000), NotBoolean]
    """How many it was trained on."""
    epochs: Annotated[int, Field(gt=0, le=100_000), NotBoolean]
    """How often it shuffled them."""


class BookStreams(Section):
    """The generators of the book's programs, for exact replays (training/book_streams.py)."""

    kind: Literal["book"]
    earlier_runs: tuple[EarlierRun, ...] = ()
    """What was trained before, from the same generators."""
    order_goes_on: bool = False
    """Whether the first epoch shuffles the order that the earlier runs left, and not the order of the file."""


def _by_name(value: Any) -> Any:
    """`randomness: book` is short for `randomness: {kind: book}`."""
    return {"kind": value} if isinstance(value, str) else value


def _or_short(schema: dict[str, Any]) -> None:
    """In the JSON schema, the forms that `_by_name` takes, too."""
    schema["oneOf"].append({"enum": ["streams", "book"]})


Randomness = Annotated[
    Streams | BookStreams,
    Field(discriminator="kind", json_schema_extra=_or_short),
    BeforeValidator(_by_name),
]
