"""What a config says of the digits."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mnist_softmax.config.schema import Number, PathName, PositiveInt, Section


class Data(Section):
    """Where the digits come from."""

    source: Literal["auto", "openml", "sample", "idx", "npz"] = "auto"
    path: PathName | None = None
    """The directory of the IDX files, or the npz file."""
    scale: Annotated[Number, Field(ge=1e-3, le=1e6)] = 255.0
    """Pixels are divided by this: 255 to fill [0, 1], 256 as the book's data was."""
    training_size: PositiveInt | None = None
    """Train on the first n training images only."""
    expansion: Literal["none", "one_pixel"] = "none"
    """`one_pixel`: each training image, and the four that are it moved by a pixel (chapters 3 and 6)."""
    validation_size: PositiveInt | None = None
    """Validate on the first n validation images only."""

    @model_validator(mode="after")
    def _files_need_a_path(self) -> Self:
        if (self.source in ("idx", "npz")) != (self.path is not None):
            raise ValueError("path goes with source idx (a directory) or npz (a file), and only with these")
        return self
