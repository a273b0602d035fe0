"""Reading a config: YAML, the command line's `key=value` pairs laid over it, and every fault at once.

Each fault is a line: where, the dotted key, its value, and what was expected.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from mnist_softmax.config.config import Config
from mnist_softmax.config.data import Data
from mnist_softmax.config.schema import Section
from mnist_softmax.config.training import Constant, EarlyStopping, Exponential, Halving, Step
from mnist_softmax.errors import ConfigError

LARGEST = 1_000_000  # bytes; a config has about a thousand

SCHEDULES: dict[str, type[Section]] = {
    "constant": Constant,
    "step": Step,
    "exponential": Exponential,
    "halving": Halving,
}


Schema = TypeVar("Schema", bound=Section)


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Read the YAML file at `path`, lay the `dotted.key=value` pairs over it, and validate the whole.

    Raises ConfigError: the file is missing, empty or not YAML, or keys or values are wrong (all are named).
    """
    return load_as(Config, path, overrides)


def load_as(schema: type[Schema], path: str | Path, overrides: Sequence[str] = ()) -> Schema:
    """As `load_config`, of a file that holds the sections of another schema."""
    return validated_as(schema, read_yaml(Path(path)), overrides, str(path))


def validated(content: Mapping[str, Any], overrides: Sequence[str], where: str) -> Config:
    """The config `content`, the `dotted.key=value` pairs laid over it. Raises ConfigError like `load_config`."""
    return validated_as(Config, content, overrides, where)


def validated_as(
    schema: type[Schema], content: Mapping[str, Any], overrides: Sequence[str], where: str
) -> Schema:
    laid_over = copy.deepcopy(dict(content))
    overridden = {_lay_over(laid_over, override) for override in overrides}
    try:
        return schema.model_validate(laid_over)
    except ValidationError as error:
        faults = [_explain(fault, laid_over, where, overridden, schema) for fault in error.errors()]
        raise ConfigError("\n".join(faults)) from None


def load_data_section(overrides: Sequence[str] = ()) -> Data:
    """The data section alone, from pairs such as `data.source=idx`. Raises ConfigError like `load_config`."""
    content: dict[str, Any] = {}
    overridden = {_lay_over(content, override) for override in overrides}
    try:
        return _DataOnly.model_validate(content).data
    except ValidationError as error:
        faults = [_explain(fault, content, "", overridden, _DataOnly) for fault in error.errors()]
        raise ConfigError("\n".join(faults)) from None


class _DataOnly(Section):
    data: Data = Data()


class _UniqueKeyLoader(yaml.SafeLoader):
    """PyYAML keeps the last of two equal keys without a word; a config must not hide one.

    Nor does PyYAML take its own care of keys that are lists, or of numbers and dates that are none.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key must be a word", problem_mark=key_node.start_mark)
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"key '{key}' stands twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, AttributeError):  # such as the date 2026-02-30, or !!int x
            kind = node.tag.rpartition(":")[2]
            problem = f"{node.value!r:.40} is no {kind}"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from None


def _parse(text: str) -> Any:
    try:
        return yaml.load(text, Loader=_UniqueKeyLoader)  # a SafeLoader: builds plain values only
    except RecursionError:
        raise yaml.MarkedYAMLError(problem="is nested too deeply") from None
    except yaml.reader.ReaderError as error:
        mark = yaml.Mark("", 0, text.count("\n", 0, error.position), 0, None, 0)
        problem = f"holds the unprintable character #x{error.character:02x}"
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark) from None


def read_yaml(path: Path) -> dict[str, Any]:
    """The keys and values of a YAML file, not yet validated. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise ConfigError(f"{path}: is no config, for it is larger than {LARGEST:,} bytes")
        content = _parse(text.decode("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file{_configs_beside(path)}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}{line}: not YAML: {getattr(error, 'problem', None) or error}") from None
    if content is None:
        raise ConfigError(f"{path}: is empty; see configs/loglik.yaml for a whole one")
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected sections (data, network, training, ...), found: {content!r:.60}")
    return content


def _configs_beside(path: Path) -> str:
    nearest = difflib.get_close_matches(path.name, [p.name for p in path.parent.glob("*.yaml")], n=1)
    return f"; did you mean {path.parent / nearest[0]}?" if nearest else ""


def _lay_over(content: dict[str, Any], override: str) -> str:
    """Put `a.b=value` into nested mappings; gives back the dotted key."""
    dotted, equals, value = override.partition("=")
    keys = dotted.split(".")
    if not equals or not all(keys):
        raise ConfigError(f"{override}: an override is written key=value, for example training.epochs=3")
    section: Any = content
    for key in keys[:-1]:
        if section.get(key) is None:
            section[key] = {}
        section = section[key]
        if not isinstance(section, dict):
            raise ConfigError(f"{override}: '{key}' is a value, not a section")
    try:
        section[keys[-1]] = _parse(value)
    except yaml.YAMLError:
        raise ConfigError(f"{override}: '{value}' is not a YAML value") from None
    return dotted


def _explain(
    fault: Mapping[str, Any], content: dict[str, Any], path: str, overridden: set[str], schema: type[Section]
) -> str:
    """One validation fault as one line: where, which key, what it holds, what was expected."""
    location = [str(part) for part in _without_tags(fault["loc"])]
    dotted = ".".join(location)
    where = "command line" if any(_within(dotted, key) for key in overridden) else path
    found = "" if isinstance(fault["input"], dict) else f" = {fault['input']!r:.60}"
    match fault["type"]:
        case "extra_forbidden":
            return f"{where}: unknown key '{dotted}'{_nearest_key(location, content, schema)}"
        case "invalid_key":
            return (
                f"{where}: unknown key '{dotted}'; a key is a word, and YAML reads this one as {location[-1]}"
            )
        case "missing":
            return f"{where}: {dotted}: is missing"
        case "model_type" | "model_attributes_type":
            return f"{where}: {dotted}{found}: expected a section, that is keys with values"
        case "union_tag_not_found" | "union_tag_invalid":
            return f"{where}: {dotted}: kind must be one of {', '.join(_kinds(location, fault))}"
        case "too_short":
            return f"{where}: {dotted}{found}: expected at least {fault['ctx']['min_length']} entries"
        case "value_error":
            return f"{where}: {dotted}{found}: {fault['ctx']['error']}"
    expected = fault["msg"].replace("Input should be", "expected").replace("valid tuple", "list")
    return f"{where}: {dotted}{found}: {expected}"


def _within(dotted: str, key: str) -> bool:
    return dotted == key or dotted.startswith(f"{key}.") or key.startswith(f"{dotted}.")


def _without_tags(location: Sequence[Any]) -> list[Any]:
    """pydantic names the chosen kind as if it were a key: training, schedule, step, factor."""
    return [
        part
        for k, part in enumerate(location)
        if not (k and location[k - 1] in ("schedule", "randomness") and k < len(location) - 1)
        and not (k > 1 and location[k - 2] == "claims" and k < len(location) - 1)
    ]


def _kinds(location: Sequence[str], fault: Mapping[str, Any]) -> list[str]:
    """The kinds that a section may be of; pydantic lists them as "'constant', 'step', ...", if there is a kind."""
    if location[-1] == "schedule":
        return list(SCHEDULES)
    return [kind.strip(" '") for kind in fault["ctx"].get("expected_tags", "streams, book").split(",")]


def _nearest_key(location: list[str], content: dict[str, Any], schema: type[Section]) -> str:
    """A hint for an unknown key: the nearest key of its section, or of any section of `schema`."""
    everywhere = {name: name for name in schema.model_fields}
    for section, field in schema.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            everywhere |= {name: f"{section}.{name}" for name in field.annotation.model_fields}
    if location[:-1] == ["training", "schedule"]:
        kind = SCHEDULES[content["training"]["schedule"]["kind"]]
        everywhere = {name: f"training.schedule.{name}" for name in kind.model_fields}
    if location[:-1] == ["training", "early_stopping"]:
        everywhere = {name: f"training.early_stopping.{name}" for name in EarlyStopping.model_fields}
    here = [name for name, dotted in everywhere.items() if dotted.split(".")[:-1] == location[:-1]]
    for known, cutoff in ((here, 0.5), (list(everywhere), 0.7)):
        if nearest := difflib.get_close_matches(location[-1], known, n=1, cutoff=cutoff):
            return f"; did you mean '{everywhere[nearest[0]]}'?"
    return f"; known here: {', '.join(here)}" if here else ""
