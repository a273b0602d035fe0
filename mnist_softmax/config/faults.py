"""The faults of a config as lines: where, the dotted key, what it holds, and what was expected.

pydantic names the kind of a section as if it were a key: training, schedule, step, factor. Walked along the
schema, a name of a kind is no longer taken for a key, and what may stand there is known.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import ValidationError

from mnist_softmax.config.schema import Misfit, Section
from mnist_softmax.messages import shown

MOST = 15  # faults that are named


class Place(NamedTuple):
    """Where a fault lies."""

    keys: list[str]
    holders: list[type[Section]]
    """The section that the last key stands in; none where that is a list."""
    allowed: list[Any]
    """The types of what may stand there."""


def lines(error: ValidationError, schema: type[Section], content: Any, where: str, written: Any) -> list[str]:
    """A line for each fault of `content`. Those that `written` has by itself lie in `where`, others on the command
    line."""
    lines = []
    found = error.errors(include_url=False)
    known = _known(schema, written)
    for fault in found[:MOST]:
        place = find_place(fault["loc"], schema, content)
        blamed = where if _identity(fault) in known else "command line"
        lines.append(f"{blamed}: {_what(fault, place, schema)}")
    if len(found) > MOST:
        lines.append(f"{where}: and {len(found) - MOST:,} faults more")
    return lines


def _what(fault: Mapping[str, Any], place: Place, schema: type[Section]) -> str:
    dotted = ".".join(key[:60] for key in place.keys)
    found = "" if isinstance(fault["input"], dict) else f" = {shown(fault['input'])}"
    match fault["type"]:
        case "extra_forbidden":
            return f"unknown key '{dotted}'{_nearest_key(place, schema)}"
        case "invalid_key":
            return f"unknown key '{dotted}'; a key is a word, and YAML reads this one as {place.keys[-1]:.60}"
        case "missing":
            return f"{dotted}: is missing"
        case "model_type" | "model_attributes_type":
            return f"{dotted}{found}: expected a section, that is keys with values"
        case "union_tag_not_found" | "union_tag_invalid":
            kinds = [kind for section in _sections(place.allowed) for kind in _kinds(section)]
            return f"{dotted}: kind must be one of {', '.join(kinds)}"
        case "too_short":
            return f"{dotted}{found}: expected at least {fault['ctx']['min_length']} entries"
        case "too_long":
            return f"{dotted}{found}: expected at most {fault['ctx']['max_length']} entries"
        case "value_error" if isinstance(fault["ctx"]["error"], Misfit):
            misfit = fault["ctx"]["error"]
            return f"{dotted}.{misfit.key}: {misfit.text}"
        case "value_error":
            return f"{dotted}{found}: {fault['ctx']['error']}".removeprefix(": ")  # of the whole config
    expected = fault["msg"].replace("Input should be", "expected").replace("valid tuple", "list")
    return f"{dotted} = {shown(fault['input'])}: {expected}"


def _known(schema: type[Section], written: Any) -> set[tuple[Any, ...]]:
    try:
        schema.model_validate(written)
    except ValidationError as error:
        return {_identity(fault) for fault in error.errors(include_url=False)}
    return set()


def _identity(fault: Mapping[str, Any]) -> tuple[Any, ...]:
    """What makes a fault the same one, though its section may have got other keys."""
    return fault["loc"], fault["msg"], None if isinstance(fault["input"], dict) else shown(fault["input"])


# ---- a walk along the schema


def find_place(location: Sequence[str | int], schema: type[Section], content: Any) -> Place:
    """Where a fault lies, in the keys that the user wrote.

    A value that stands for a section, such as `book` for `{kind: book}`, is a place without keys in it.
    """
    place = Place([], [], [schema])
    for part in location:
        sections = _sections(place.allowed)
        if sections and len(place.allowed) > 1:  # pydantic says first which of the kinds it took
            chosen = [section for section in sections if part in (*_kinds(section), section.__name__)]
            place = place._replace(allowed=chosen)
            continue
        if not isinstance(content, dict | list):
            break
        if sections and isinstance(content, list):  # short for a section: the key in it is not written
            place = place._replace(allowed=_inside(sections[0], part))
            continue
        allowed = _inside(sections[0], part) if sections else _entries(place.allowed)
        place = Place([*place.keys, str(part)], sections, allowed)
        content = _entry(content, part)
    return place


def types_at(schema: type[Section], dotted: str) -> list[Any]:
    """The types of what a key may hold; none where there is no such key."""
    allowed: list[Any] = [schema]
    for key in dotted.split("."):
        allowed = [each for section in _sections(allowed) for each in _inside(section, key)]
    return allowed


def _inside(section: type[Section], key: str | int) -> list[Any]:
    field = section.model_fields.get(str(key))
    return _alternatives(field.annotation) if field else []


def _entries(containers: list[Any]) -> list[Any]:
    """What may stand in lists and mappings of these types: X for tuple[X, ...] and for dict[str, X]."""
    arguments = [[each for each in get_args(type) if each is not Ellipsis] for type in containers]
    return [each for inner in arguments if inner for each in _alternatives(inner[-1])]


def _entry(content: Any, part: str | int) -> Any:
    try:
        return content[part]
    except (LookupError, TypeError):
        return None


def _alternatives(annotation: Any) -> list[Any]:
    """The types that a value may be of, one by one; None, which says that there is no value, left out."""
    if get_origin(annotation) is Annotated:
        return _alternatives(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [each for type in get_args(annotation) for each in _alternatives(type)]
    return [] if annotation is NoneType else [annotation]


def _sections(types: list[Any]) -> list[type[Section]]:
    return [each for each in types if isinstance(each, type) and issubclass(each, Section)]


def _kinds(section: type[Section]) -> tuple[str, ...]:
    field = section.model_fields.get("kind")
    return get_args(field.annotation) if field else ()


# ---- what was meant


def _nearest_key(place: Place, schema: type[Section]) -> str:
    """A hint for an unknown key: the nearest key of its section, or of any section of `schema`."""
    *above, wrong = place.keys
    here = {name: ".".join([*above, name]) for section in place.holders for name in section.model_fields}
    anywhere = {dotted.rpartition(".")[2]: dotted for dotted in _keys(schema) if dotted != ".".join(place.keys)}
    for known, cutoff in ((here, 0.5), (anywhere, 0.7)):
        if nearest := difflib.get_close_matches(wrong, known, n=1, cutoff=cutoff):
            return f"; did you mean '{known[nearest[0]]}'?"
    return f"; known here: {', '.join(here)}" if here else ""


def _keys(section: type[Section], prefix: str = "") -> Iterator[str]:
    """The dotted keys of a section and of the sections in it; those that lie highest come last."""
    for name, field in section.model_fields.items():
        for inner in _sections(_alternatives(field.annotation)):
            yield from _keys(inner, f"{prefix}{name}.")
    yield from (prefix + name for name in section.model_fields)
