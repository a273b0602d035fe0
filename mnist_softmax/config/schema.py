"""What configs are made of: sections that refuse unknown keys, and numbers that are not booleans."""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def _not_boolean(value: Any) -> Any:
    """YAML reads `yes` and `on` as true, which Python would count as the number 1."""
    if isinstance(value, bool):
        raise ValueError("expected a number, not true or false (YAML reads yes, no, on, off as these)")
    return value


def _path(value: str) -> str:
    if "\0" in value:
        raise ValueError("a path cannot hold a NUL character")
    if not value:
        raise ValueError("a path cannot be empty; . is the folder that you are in")
    return os.path.expanduser(value)


PathName = Annotated[str, AfterValidator(_path)]
NotBoolean = BeforeValidator(_not_boolean)
"""Bounds of a number stand before it: those after it are unknown to the JSON schema."""
Finite = Field(allow_inf_nan=False)
Seed = Annotated[int, Field(ge=0, lt=2**64), NotBoolean]
Number = Annotated[float, Finite, NotBoolean]
PositiveInt = Annotated[int, Field(gt=0, le=1_000_000_000), NotBoolean]
Positive = Annotated[float, Finite, Field(gt=0), NotBoolean]
NotNegative = Annotated[float, Finite, Field(ge=0), NotBoolean]
Fraction = Annotated[float, Finite, Field(gt=0, le=1), NotBoolean]


def one_of(names: Collection[str]) -> BeforeValidator:
    """A check that a word is one of `names`."""

    def check(word: Any) -> Any:
        if isinstance(word, str) and word in names:
            return word
        folded = {name.casefold(): name for name in names}
        nearest = difflib.get_close_matches(word.casefold(), folded, n=1) if isinstance(word, str) else []
        meant = f"did you mean {folded[nearest[0]]}? " if nearest else ""
        raise ValueError(f"{meant}expected one of {', '.join(names)}")

    return BeforeValidator(check)


class Misfit(ValueError):
    """A fault that a section finds when its keys are looked at together, and the key in it that is to blame."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(f"{key}: {text}")
        self.key, self.text = key, text


class Section(BaseModel):
    """A frozen mapping that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
