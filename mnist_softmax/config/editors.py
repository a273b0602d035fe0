"""What an editor knows of configs: a JSON schema, made from the sections; schema.json beside this file is the same.

A config that names it in its first line is completed and checked while it is written.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from mnist_softmax.config.config import Config


class _WithoutTitles(GenerateJsonSchema):
    """A title would say a key again, in capitals."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def json_schema() -> dict[str, Any]:
    """The JSON schema of a config (draft 2020-12). What lies in `book` is known to `reproduce` alone.

    A file of the book that says `book.baseline` or `book.runs_of` may have no network.
    """
    schema = Config.model_json_schema(schema_generator=_WithoutTitles)
    needed = schema.pop("required")
    either = [{"required": [key]} for key in ("baseline", "runs_of")]
    of_others = {"required": ["book"], "properties": {"book": {"type": "object", "anyOf": either}}}
    return schema | {"if": of_others, "else": {"required": needed}}


def as_text() -> str:
    """The content of schema.json."""
    return json.dumps(json_schema(), indent=1) + "\n"
