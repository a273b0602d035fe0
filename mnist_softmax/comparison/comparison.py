"""A comparison: named configs, each trained with seeds 0, 1, ..., in a folder of its own. A sweep is one of points.

study.json             what is compared, and the commands it was asked for with
runs/<name>/seed-<n>/  ordinary run directories
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from mnist_softmax import locks
from mnist_softmax.config.config import Config
from mnist_softmax.config.file import validated_as
from mnist_softmax.errors import ConfigError, RunDirectoryError
from mnist_softmax.files import flat, is_name, write_whole
from mnist_softmax.messages import shown
from mnist_softmax.reading import Content, Damaged, read_json, reading
from mnist_softmax.runs.directory import WHERE, RunDirectory
from mnist_softmax.runs.run import Task
from mnist_softmax.runs.summary import Summary
from mnist_softmax.training.checkpoint import ANEW
from mnist_softmax.training.history import History

Kind = Literal["comparison", "sweep"]
Facts = dict[str, Any]
NEEDED = ("train_cost", "validation_accuracy", "test_accuracy")  # of what training.monitor may name
CHOOSE_ANOTHER = "choose another folder with --output"
MOST_RUNS = 20_000


class Study(TypedDict):
    """The content of study.json."""

    kind: Kind
    seeds: Annotated[int, Field(gt=0, le=MOST_RUNS)]
    commands: list[str]
    varied: dict[str, dict[str, Any]]
    configs: dict[str, dict[str, Any]]


STUDY = TypeAdapter(Study)


@dataclass(frozen=True)
class Comparison:
    """What is compared. The seed and the output directory of the configs are of no account."""

    directory: Path
    configs: Mapping[str, Config]
    seeds: int
    commands: tuple[str, ...] = ()
    points: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Of a sweep: for each config the keys that were varied and their values."""

    @property
    def kind(self) -> Kind:
        return "sweep" if self.points else "comparison"

    def tasks(self) -> list[Task]:
        """A task for every config and seed."""
        return [task for name in self.configs for task in self.tasks_of(name)]

    def tasks_of(self, name: str) -> list[Task]:
        """A task for every seed of one config."""
        return [
            Task(
                self.configs[name].model_copy(update={"seed": seed}),
                self.directory / "runs" / name / f"seed-{seed}",
            )
            for seed in range(self.seeds)
        ]

    def finished_runs(self, name: str) -> Iterator[tuple[Task, RunDirectory]]:
        """The runs of one config that have finished. Raises RunDirectoryError where one is damaged."""
        for task in self.tasks_of(name):
            place = RunDirectory(task.directory)
            summary = place.read_summary()
            if summary and summary["status"] == "finished":
                yield task, place

    def write_json(self, name: str, content: Any) -> None:
        """Write a file of the folder whole or not at all."""
        self.write(name, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")

    def write(self, name: str, content: bytes | str) -> None:
        """Write a file of the folder whole or not at all. Raises RunDirectoryError where it cannot be."""
        path = self.directory / name
        try:
            write_whole(path, content)
        except OSError as error:
            raise RunDirectoryError(f"{path}: cannot be written: {error.strerror or error}") from None

    def read_json(self, name: str, schema: TypeAdapter[Content]) -> Content | None:
        """What `write_json` wrote, None where nothing is. Raises RunDirectoryError: not to be read, or damaged."""
        return read_json(self.directory / name, schema, "delete it, and give the command that made it again")


def measured(place: RunDirectory) -> tuple[Summary, History]:
    """Summary and history of a finished run. Raises RunDirectoryError where they lack what is compared."""
    summary = place.read_summary()
    history = place.read_metrics()
    with reading(place.metrics, ANEW):
        for record in history:
            if lacking := [name for name in NEEDED if not math.isfinite(record.get(name, math.nan))]:
                raise Damaged(f"epoch {record['epoch']} has no finite {lacking[0]}")
    if summary is None or summary["final"] not in history or summary["best_by_validation"] not in history:
        with reading(place.path, ANEW):
            raise Damaged(f"{place.summary.name} and {place.metrics.name} tell of different epochs")
    return summary, history


def what_counts(settings: Config) -> Facts:
    """The content of a config without its seed and output directory."""
    return settings.model_dump(mode="json", exclude={"seed", "output"})


def check_comparable(comparison: Comparison) -> None:
    """Raises ConfigError where the configs cannot be compared with each other."""
    if not comparison.configs:
        raise ConfigError("there is no config to compare; give at least one")
    if comparison.seeds > MOST_RUNS // len(comparison.configs):
        raise ConfigError(
            f"{len(comparison.configs):,} configs with {comparison.seeds:,} seeds are more than {MOST_RUNS:,} runs; "
            "ask for fewer"
        )
    if comparison.points and not _are_of(comparison.points, comparison.configs):
        raise ConfigError("points: expected the keys that a sweep varies, the same for each of its configs")
    (first, reference), *_ = comparison.configs.items()
    for name, settings in comparison.configs.items():
        check_name(name)
        lacking = [metric for metric in NEEDED if metric not in settings.training.monitor]
        if lacking:
            raise ConfigError(f"{name}: training.monitor lacks {', '.join(lacking)}, which is needed here")
        for key, needed in (("monitor_every", 1), ("on_overflow", "stop")):
            if getattr(settings.training, key) != needed:
                raise ConfigError(f"{name}: training.{key} must be {needed} here, for every epoch is compared")
        for key in ("training_size", "expansion", "validation_size"):
            ours, theirs = getattr(settings.data, key), getattr(reference.data, key)
            by_itself = key == "validation_size"  # on other images the best by validation is no comparison
            if ours != theirs and (comparison.kind == "comparison" or by_itself):
                raise ConfigError(
                    f"{name} and {first} are for different data: data.{key} is {ours} and {theirs}; "
                    "give both the same" + ", or vary it in a sweep" * (not by_itself)
                )


def _are_of(points: Mapping[str, Mapping[str, Any]], configs: Mapping[str, Config]) -> bool:
    return points.keys() == configs.keys() and len({tuple(point) for point in points.values()}) == 1


def check_name(name: str) -> None:
    """Raises ConfigError where no folder inside the comparison's can have the name."""
    if not is_name(name):
        raise ConfigError(f"{shown(name)}: no name for a config, for its runs lie in a folder of that name")


def write_comparison(comparison: Comparison) -> None:
    """Write study.json."""
    content = {
        "kind": comparison.kind,
        "seeds": comparison.seeds,
        "commands": comparison.commands,
        "varied": comparison.points,
        "configs": {name: what_counts(settings) for name, settings in comparison.configs.items()},
    }
    comparison.write_json("study.json", content)


def read_comparison(directory: str | Path) -> Comparison:
    """The comparison in `directory`. Raises RunDirectoryError: there is none, or its study.json is damaged."""
    path = Path(directory) / "study.json"
    content = read_json(path, STUDY, "choose another folder")
    if content is None:
        raise RunDirectoryError(f"{directory}: holds no comparison or sweep (it has no study.json)")
    with reading(path, "choose another folder"):
        configs = {name: _stored_config(name, each) for name, each in content["configs"].items()}
        if not configs or content["seeds"] > MOST_RUNS // len(configs):
            raise Damaged(f"{len(configs):,} configs with {content['seeds']:,} seeds")
        points = content["varied"]
        if (content["kind"] == "sweep") != bool(points) or (points and not _are_of(points, configs)):
            raise Damaged("varied: expected the keys that a sweep varies, the same for each of its configs")
    return Comparison(Path(directory), configs, content["seeds"], tuple(content["commands"]), points)


def _stored_config(name: str, content: Facts) -> Config:
    if not is_name(name):
        raise Damaged(f"configs: {shown(name)}: no name for a config")
    try:
        return validated_as(Config, content, (), f"configs.{name}")
    except ConfigError as error:
        raise Damaged(error.args[0]) from None


def with_stored(comparison: Comparison) -> Comparison:
    """`comparison` together with what its folder holds of it: more seeds, earlier commands. Writes nothing.

    Raises RunDirectoryError where the folder holds another comparison, or something else.
    """
    directory, kind = comparison.directory, comparison.kind
    try:
        content = [path.name for path in directory.iterdir() if not path.name.startswith(".")]
    except FileNotFoundError:
        return comparison
    except OSError as error:
        raise RunDirectoryError(f"{directory}: cannot be read: {error.strerror}") from None
    if not content:
        return comparison
    if "study.json" not in content:
        raise RunDirectoryError(f"{directory}: holds something else; {CHOOSE_ANOTHER}")
    stored = read_comparison(directory)
    if stored.kind != kind:
        raise RunDirectoryError(f"{directory}: holds a {stored.kind}, not a {kind}; {CHOOSE_ANOTHER}")
    if not stored.configs.keys() <= comparison.configs.keys():
        listed = ", ".join([*stored.configs][:4]) + (", ..." if len(stored.configs) > 4 else "")
        raise RunDirectoryError(f"{directory}: holds another {kind}, of {listed}; {CHOOSE_ANOTHER}")
    for name, settings in stored.configs.items():
        then, now = flat(what_counts(settings)), flat(what_counts(comparison.configs[name]))
        for key in now:
            if now[key] != then.get(key) and key not in WHERE:
                raise RunDirectoryError(
                    f"{directory}: holds another {kind}: {key} of {name} was {then.get(key)}, "
                    f"is now {now[key]}; {CHOOSE_ANOTHER}"
                )
    commands = tuple(dict.fromkeys((*stored.commands, *comparison.commands)))
    return replace(comparison, seeds=max(stored.seeds, comparison.seeds), commands=commands)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Inside, no second process works on the folder. Raises RunDirectoryError where one does already."""
    with ExitStack() as inside:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            inside.enter_context(locks.locked(directory))
        except (FileExistsError, NotADirectoryError):
            raise RunDirectoryError(f"{directory}: is no folder; {CHOOSE_ANOTHER}") from None
        except OSError as error:
            raise RunDirectoryError(f"{directory}: cannot be written: {error.strerror or error}") from None
        yield
