"""The points of a sweep: a grid over keys of a config, or points drawn at random."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from itertools import islice, product
from typing import Any

import numpy as np

from mnist_softmax.config.config import Config
from mnist_softmax.config.dialect import NotYAML, parse
from mnist_softmax.config.faults import types_at
from mnist_softmax.config.file import load_config
from mnist_softmax.errors import ConfigError

MANY = 1000  # runs, from which on a sweep is asked about before it begins
Point = dict[str, Any]


def parse_grid(words: Sequence[str]) -> dict[str, list[Any]]:
    """`key=value,value` of each --grid. Raises ConfigError."""
    grid: dict[str, list[Any]] = {}
    for word in words:
        key, equals, text = word.partition("=")
        try:
            values = parse(f"[{text}]") if equals and key and text.strip() else []
            distinct = {json.dumps(value, default=str) for value in values}
        except (NotYAML, TypeError):  # no list, or one of mappings with keys that are no words
            values = []
        if not values:
            raise ConfigError(f"--grid {word}: expected KEY=VALUE,VALUE,..., as training.learning_rate=0.1,0.5")
        _refuse_key("--grid", key, grid)
        if len(distinct) < len(values):
            raise ConfigError(f"--grid {word}: a value stands twice")
        grid[key] = values
    return grid


def parse_ranges(words: Sequence[str], grid: dict[str, list[Any]]) -> dict[str, tuple[float, float, bool]]:
    """`key=low:high` or `key=low:high:log` of each --range. Raises ConfigError."""
    ranges: dict[str, tuple[float, float, bool]] = {}
    for word in words:
        key, _, text = word.partition("=")
        parts = text.split(":")
        log = parts[-1] == "log"
        try:
            low, high = map(float, parts[: len(parts) - log])
            fits = low < high and math.isfinite(high - low)
            fits = fits and (not log or (low > 0 and math.isfinite(high / low)))
        except ValueError:
            fits = False
        if not fits:
            raise ConfigError(
                f"--range {word}: expected KEY=LOW:HIGH or KEY=LOW:HIGH:log, LOW below HIGH (and above 0 for log)"
            )
        _refuse_key("--range", key, grid | ranges)
        if is_whole(key) and (low != int(low) or high != int(high)):
            raise ConfigError(f"--range {word}: {key} is a whole number, expected whole LOW and HIGH")
        ranges[key] = (low, high, log)
    return ranges


def is_whole(key: str) -> bool:
    """Whether the values of this key are whole numbers."""
    return types_at(Config, key) == [int]


def _refuse_key(option: str, key: str, others: dict[str, Any]) -> None:
    if key in others:
        raise ConfigError(f"{option} {key}: is varied twice")
    if key == "seed":
        raise ConfigError(f"{option} seed: seeds are counted with --seeds N")
    if (
        key in ("data.source", "data.name", "data.path", "data.validation_size")
        or key.split(".")[0] == "output"
    ):
        raise ConfigError(f"{option} {key}: cannot be varied, points must share their data and their folder")


def number_of_points(grid: dict[str, list[Any]], random: int | None) -> int:
    """How many points there will be."""
    return random if random is not None else math.prod(map(len, grid.values()))


def choose_points(
    grid: dict[str, list[Any]],
    ranges: dict[str, tuple[float, float, bool]],
    random: int | None,
    random_seed: int,
) -> list[Point]:
    """All points of the grid; or `random` of them, each key drawn from its values or its range.

    The first points of a longer draw are those of a shorter one.
    """
    if random is None:
        return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    rng = np.random.default_rng(random_seed)

    def draw() -> Point:
        point = {key: values[rng.integers(len(values))] for key, values in grid.items()}
        for key, (low, high, log) in ranges.items():
            u, whole = rng.random(), is_whole(key)
            if whole and not log:  # each of them is as likely, the last one too
                high += 1
            value = low * (high / low) ** u if log else low + (high - low) * u
            point[key] = int(value + 0.5 * log) if whole else float(f"{value:.4g}")
        return point

    distinct: dict[str, Point] = {}
    for point in islice(iter(draw, None), 100 * random):
        distinct.setdefault(json.dumps(point, default=str), point)
        if len(distinct) == random:
            break
    return list(distinct.values())


def configs_at(points: Sequence[Point], path: str, overrides: Sequence[str]) -> dict[str, Config]:
    """The config of each point by the point's name, such as `learning_rate=0.1,l2=5`. Raises ConfigError."""
    configs: dict[str, Config] = {}
    for point in points:
        pairs = [f"{key}={json.dumps(value, default=str)}" for key, value in point.items()]
        name = _point_name(point)
        if name in configs:
            name = f"{name[:80]}-{len(configs)}"
        configs[name] = load_config(path, *overrides, *pairs)
    return configs


def _point_name(point: Point) -> str:
    words = [f"{key.split('.')[-1]}={value}" for key, value in point.items()]
    return re.sub(r"[^\w=.,+-]+", "_", ",".join(words)).strip("_.")[:100]
