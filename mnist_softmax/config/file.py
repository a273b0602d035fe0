"""Reading a config: YAML, the command line's `key=value` pairs laid over it, and every fault at once."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from mnist_softmax.config import faults
from mnist_softmax.config.config import Config
from mnist_softmax.config.data import Data
from mnist_softmax.config.dialect import LARGEST, NotYAML, parse
from mnist_softmax.config.schema import Section
from mnist_softmax.config.shipped import find, nearest
from mnist_softmax.errors import ConfigError
from mnist_softmax.messages import shown

PATHS = ("data.path", "output.directory")  # keys whose values on the command line are no YAML

Schema = TypeVar("Schema", bound=Section)


def load_config(config: str | Path, *overrides: str) -> Config:
    """Read a config, lay the `dotted.key=value` pairs over it, and validate the whole.

    `config` is the path of a YAML file, or the name of a config that is shipped, such as "loglik"; a pair is
    written as on the command line, "training.epochs=3".
    Raises ConfigError: there is no such file or name, it is empty or not YAML, or keys or values are wrong (all
    are named).
    """
    return validated_as(Config, read_yaml(find(config)), overrides, str(config))


def validated_as(
    schema: type[Schema], content: Mapping[str, Any], overrides: Sequence[str], where: str
) -> Schema:
    """`content`, the `dotted.key=value` pairs laid over it, as `schema`. Raises ConfigError like `load_config`."""
    laid_over = copy.deepcopy(dict(content))
    for override in overrides:
        _lay_over(laid_over, override)
    try:
        return schema.model_validate(laid_over)
    except ValidationError as error:
        raise ConfigError(*faults.lines(error, schema, laid_over, where, content)) from None


def load_data_section(*overrides: str) -> Data:
    """The data section alone, from pairs such as `data.source=idx`. Raises ConfigError like `load_config`."""
    return validated_as(_DataOnly, {}, overrides, "command line").data


class _DataOnly(Section):
    data: Data = Data()


def read_yaml(path: Path) -> dict[str, Any]:
    """The keys and values of a YAML file, not yet validated. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise ConfigError(f"{path}: is no config, for it is larger than {LARGEST:,} bytes")
        content = parse(text.decode("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file{nearest(path)}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: is not UTF-8 text; save it as UTF-8") from None
    except NotYAML as error:
        raise ConfigError(
            f"{path}{f':{error.line}' if error.line else ''}: not YAML: {error.problem}"
        ) from None
    if content is None:
        raise ConfigError(f"{path}: is empty; `mnist-softmax configs loglik` shows a whole one")
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected sections (data, network, training, ...), found: {shown(content)}")
    return content


def _lay_over(content: dict[str, Any], override: str) -> None:
    """Put `a.b=value` into nested mappings."""
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
        section[keys[-1]] = value if dotted in PATHS and value != "null" else parse(value)
    except NotYAML as error:
        raise ConfigError(f"{override}: not a YAML value: {error.problem}") from None
