"""What a config says of the digits."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mnist_softmax.config.schema import Finite, NotBoolean, PathName, PositiveInt, Section, one_of

NAMES = ("mnist_784", "Fashion-MNIST", "Kuzushiji-MNIST", "EMNIST_Balanced")
OF_FILES = ("idx", "npz", "csv", "pickle")


class Data(Section):
    """Where the digits come from."""

    source: Literal["auto", "openml", "sample", "idx", "npz", "csv", "pickle"] = "auto"
    """`auto` is the local copy, else OpenML, else a sample of 5,000 images; with a path, what lies there."""
    name: Annotated[str, one_of(NAMES), Field(json_schema_extra={"enum": [*NAMES]})] | None = None
    """What OpenML calls the data; left out it is mnist_784."""
    path: PathName | None = None
    """A file, or the folder of several that belong together; `auto` takes whatever kind is there."""
    scale: Annotated[float, Finite, Field(ge=1e-3, le=1e6), NotBoolean] = 255.0
    """Pixels are divided by this: 255 to fill [0, 1], 256 as the book's data was."""
    training_size: PositiveInt | None = None
    """Train on the first n training images only."""
    expansion: Literal["none", "one_pixel"] = "none"
    """`one_pixel`: each training image, and the four that are it moved by a pixel (chapters 3 and 6)."""
    validation_size: PositiveInt | None = None
    """Validate on the first n validation images only."""

    @property
    def copies(self) -> int:
        """So often each training image is there, each time in another place."""
        return 5 if self.expansion == "one_pixel" else 1

    @model_validator(mode="after")
    def _files_need_a_path(self) -> Self:
        if self.source in OF_FILES and self.path is None:
            raise ValueError(f"source {self.source} needs a path: a file, or the folder of several")
        if self.source not in (*OF_FILES, "auto") and self.path is not None:
            raise ValueError(f"path goes with source auto, {', '.join(OF_FILES[:-1])} or {OF_FILES[-1]}")
        if self.name is not None and self.source != "openml":
            raise ValueError("name goes with source openml; with another source set data.name=null")
        return self
