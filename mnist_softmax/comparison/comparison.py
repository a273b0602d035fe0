"""A study: named configs, each trained with seeds 0, 1, ..., in a folder of its own.

study.json             what is studied, and the commands it was asked for with
runs/<name>/seed-<n>/  ordinary run directories
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from mnist_softmax.config.config import Config
from mnist_softmax.errors import ConfigError, RunDirectoryError
from mnist_softmax.files import flat, read_json, write_whole
from mnist_softmax.runs.run import Task

Kind = Literal["comparison", "sweep"]
NEEDED = ("train_cost", "validation_accuracy", "test_accuracy")


@dataclass(frozen=True)
class Study:
    """What is studied. The seed and the output directory of the configs are of no account."""

    directory: Path
    kind: Kind
    configs: Mapping[str, Config]
    seeds: int
    commands: tuple[str, ...] = ()
    varied: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Of a sweep: for each point the keys that were varied and their values."""

    def tasks(self) -> dict[tuple[str, int], Task]:
        """A task for every config and seed."""
        return {
            (name, seed): Task(
                settings.model_copy(update={"seed": seed}),
                self.directory / "runs" / name / f"seed-{seed}",
            )
            for name, settings in self.configs.items()
            for seed in range(self.seeds)
        }

    def write_json(self, name: str, content: Any) -> None:
        """Write a file of the folder whole or not at all."""
        self.write(name, (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode())

    def write(self, name: str, content: bytes) -> None:
        """Write a file of the folder whole or not at all. Raises RunDirectoryError where it cannot be."""
        path = self.directory / name
        try:
            write_whole(path, content)
        except OSError as error:
            raise RunDirectoryError(f"{path}: cannot be written: {error.strerror or error}") from None

    def read_json(self, name: str) -> Any:
        """What `write_json` wrote, None where nothing is. Raises RunDirectoryError where it is damaged."""
        return read_json(self.directory / name, "train again into another folder")


def check_configs(study: Study) -> None:
    """Raises ConfigError where the configs cannot be studied together."""
    if study.seeds < 1:
        raise ConfigError(f"--seeds {study.seeds}: expected at least 1")
    (first, reference), *_ = study.configs.items()
    for name, settings in study.configs.items():
        lacking = [metric for metric in NEEDED if metric not in settings.training.monitor]
        if lacking:
            raise ConfigError(f"{name}: training.monitor lacks {', '.join(lacking)}, which is needed here")
        for key, needed in (("monitor_every", 1), ("on_overflow", "stop")):
            if getattr(settings.training, key) != needed:
                raise ConfigError(f"{name}: training.{key} must be {needed} here, for every epoch is compared")
        for key in ("source", "path", "training_size"):
            ours, theirs = getattr(settings.data, key), getattr(reference.data, key)
            if ours != theirs and study.kind == "comparison":
                raise ConfigError(
                    f"{name} and {first} are for different data: data.{key} is {ours} and {theirs}; "
                    "give both the same, or see a sweep for training_size"
                )


def read(directory: str | Path) -> Study:
    """The study in `directory`. Raises RunDirectoryError: there is none, or its study.json is damaged."""
    path = Path(directory) / "study.json"
    content = read_json(path, "choose another folder")
    if content is None:
        raise RunDirectoryError(f"{directory}: holds no comparison or sweep (it has no study.json)")
    try:
        configs = {name: Config.model_validate(each) for name, each in content["configs"].items()}
        return Study(
            Path(directory),
            content["kind"],
            configs,
            content["seeds"],
            tuple(content["commands"]),
            content["varied"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunDirectoryError(f"{path}: is damaged ({' '.join(str(error).split()):.100})") from None


def joined(study: Study) -> Study:
    """`study` together with what its folder holds of it already: more seeds, more configs, earlier commands.

    Raises RunDirectoryError where the folder holds another study, or something else. Writes nothing.
    """
    directory = study.directory
    try:
        content = [path.name for path in directory.iterdir() if not path.name.startswith(".")]
    except FileNotFoundError:
        return study
    except OSError as error:
        raise RunDirectoryError(f"{directory}: cannot be read: {error.strerror}") from None
    if not content:
        return study
    if "study.json" not in content:
        raise RunDirectoryError(f"{directory}: holds something else; choose another folder with --output")
    stored = read(directory)
    advice = "choose another folder with --output"
    if stored.kind != study.kind:
        raise RunDirectoryError(f"{directory}: holds a {stored.kind}, not a {study.kind}; {advice}")
    if not stored.configs.keys() <= study.configs.keys():
        listed = ", ".join([*stored.configs][:4]) + (", ..." if len(stored.configs) > 4 else "")
        raise RunDirectoryError(f"{directory}: holds another {stored.kind}, of {listed}; {advice}")
    for name, settings in stored.configs.items():
        then, now = _essence(settings), _essence(study.configs[name])
        for key in now:
            if now[key] != then.get(key):
                raise RunDirectoryError(
                    f"{directory}: holds another {stored.kind}: {key} of {name} was {then.get(key)}, "
                    f"is now {now[key]}; {advice}"
                )
    commands = tuple(dict.fromkeys((*stored.commands, *study.commands)))
    return Study(directory, study.kind, study.configs, max(stored.seeds, study.seeds), commands, study.varied)


def _essence(settings: Config) -> dict[str, Any]:
    return flat(settings.model_dump(mode="json", exclude={"seed", "output"}))


@contextmanager
def owned(directory: Path) -> Iterator[None]:
    """Inside, no second process works on the folder. Raises RunDirectoryError where one does already."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with FileLock(directory / ".lock", timeout=0):
            yield
    except Timeout:
        raise RunDirectoryError(f"{directory}: another process is at work in it; wait for it to end") from None
    except (FileExistsError, NotADirectoryError):
        raise RunDirectoryError(f"{directory}: is no folder; choose another with --output") from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise RunDirectoryError(f"{directory}: cannot be written: {error.strerror or error}") from None


def write(study: Study) -> None:
    """Write study.json."""
    study.write_json(
        "study.json",
        {
            "kind": study.kind,
            "seeds": study.seeds,
            "commands": study.commands,
            "varied": study.varied,
            "configs": {
                name: settings.model_dump(mode="json", exclude={"seed", "output"})
                for name, settings in study.configs.items()
            },
        },
    )
