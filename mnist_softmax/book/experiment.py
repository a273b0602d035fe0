"""An experiment of the book: a config with a `book:` block, unfolded into the runs that it takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_softmax.book.block import Book
from mnist_softmax.book.claim import ONLY, Prospect
from mnist_softmax.book.reference import place
from mnist_softmax.config import shipped
from mnist_softmax.config.config import Config
from mnist_softmax.config.data import Data
from mnist_softmax.config.file import load_config, read_yaml, validated_as
from mnist_softmax.config.schema import Misfit, Section
from mnist_softmax.errors import ConfigError
from mnist_softmax.runs.run import Task


class BookSections(Section):
    """What a file of the book holds beside network and training, which those of a baseline go without."""

    data: Data = Data()
    book: Book


@dataclass(frozen=True)
class Experiment:
    """`id` is the name of its file."""

    id: str
    path: Path
    data: Data
    book: Book

    has_network: bool = True

    @property
    def is_exercise(self) -> bool:
        """Whether it answers a question of the book, and does not check a number of it."""
        return self.book.asks is not None

    @property
    def runs(self) -> list[str]:
        """The names of its trainings."""
        if not self.has_network:
            return []
        return list(self.book.runs) or [ONLY]

    @property
    def seeded_runs(self) -> list[str]:
        """The names of those that are trained with many seeds, and of other experiments whose runs are looked at."""
        own = self.runs if self.book.seeded_runs is None else list(self.book.seeded_runs)
        return [*own, *self.book.runs_of]

    def settings(self, run: str, *overrides: str) -> Config:
        """The config of one training, without what the book says of it."""
        path, changes = self.path, self.book.runs.get(run, {})
        if run in self.book.runs_of:
            path, changes = self.path.with_name(f"{run}.yaml"), {}
        pairs = [f"{key}={json.dumps(value, default=str)}" for key, value in changes.items()]
        return load_config(path, *pairs, *overrides).model_copy(update={"book": None})

    def prospect(self) -> Prospect:
        """What its claims can count on."""
        baseline, recording = self.book.baseline, self.book.recording
        return Prospect(
            {run: self.settings(run) for run in self.seeded_runs},
            dict.fromkeys(self.runs, recording.metrics) if recording else {},
            baseline.sizes if baseline else (),
        )

    def seeded(self, output: Path, seeds: int | None = None) -> dict[str, list[Task]]:
        """Each run with the seeds 0, 1, ..., as many as its book section says where it is not said here."""
        return {
            run: [
                Task(self.settings(run, f"seed={seed}"), self.directory(output, run) / f"seed-{seed}", "resume")
                for seed in range(seeds or self.book.seeds)
            ]
            for run in self.seeded_runs
        }

    def recorded(self, output: Path, n: int) -> dict[str, Task]:
        """The runs of the author's recording, from his random streams; n is the size of the whole training set."""
        recording = self.book.recording
        if recording is None:
            return {}
        tasks: dict[str, Task] = {}
        earlier: list[dict[str, Any]] = []
        for run in self.runs:
            goes_on = recording.one_list and bool(earlier)
            streams = {"kind": "book", "earlier_runs": earlier, "order_goes_on": goes_on}
            settings = self.settings(
                run,
                f"seed={recording.seed}",
                f"randomness={json.dumps(streams)}",
                "training.dtype=float64",
                "training.rounding=book",
                f"training.monitor=[{', '.join(recording.metrics)}]",
            )
            tasks[run] = Task(settings, self.directory(output, run) / "recorded", "resume")
            images, epochs = settings.data.training_size or n, settings.training.epochs
            earlier.append({"initializer": settings.network.initializer, "images": images, "epochs": epochs})
        return tasks

    def directory(self, output: Path, run: str) -> Path:
        """Where the trainings of one run lie."""
        if run in self.book.runs_of:
            return output / run
        return output / self.id if run == ONLY else output / self.id / run


def load_experiment(path: Path) -> Experiment:
    """Read a file.

    Raises ConfigError: it is missing or wrong, the book says nothing of it, or a claim cannot be judged.
    """
    content = read_yaml(path)
    has_network = "network" in content
    if has_network:
        if load_config(path).book is None:
            raise ConfigError(f"{path}: has no book section; `train` trains it")
        content = {key: content[key] for key in ("data", "book") if key in content}
    sections = validated_as(BookSections, content, (), str(path))
    if not has_network and sections.book.baseline is None and not sections.book.runs_of:
        raise ConfigError(f"{path}: a file without network and training needs book.baseline or book.runs_of")
    for id in sections.book.runs_of:
        if not path.with_name(f"{id}.yaml").is_file():
            raise ConfigError(f"{path}: book.runs_of: there is no {id}.yaml beside it")
    experiment = Experiment(shipped.name_of(path), path, sections.data, sections.book, has_network)
    for run in experiment.runs:
        experiment.settings(run)  # what `runs` changes is checked here, too
    prospect, faults = experiment.prospect(), []
    for k, claim in enumerate(experiment.book.claims):
        try:
            claim.check(prospect)
        except Misfit as misfit:
            key = misfit.key if misfit.key in type(claim).model_fields else "kind"
            faults.append(f"{path}: book.claims.{k}.{key} = {getattr(claim, key)!r:.60}: {misfit.text}")
    if faults:
        raise ConfigError(*faults)
    return experiment


def find_experiments(names: Sequence[str]) -> list[Experiment]:
    """The experiments of these names: ids, `chapter1` and the like, `all`, `exercises`, or paths of files.

    Raises ConfigError for a name that is none, a file that is wrong, or two files of one name.
    """
    known = {path.stem: path for path in sorted(folder().glob("*.yaml"), key=_in_order)}
    exercises = {path.stem: path for path in sorted(folder("exercises").glob("*.yaml"))}
    chosen: dict[Path, None] = {}  # a set that keeps its order
    for name in names:
        found = [path for id, path in known.items() if _is_meant(name, id)]
        found += [path for id, path in exercises.items() if name in ("exercises", id)]
        if not found:
            path = Path(name)
            if path.suffix != ".yaml":
                others = [*sorted({_chapter(id) for id in known}), "exercises", "a file", "or one of"]
                raise ConfigError(
                    f"{name}: no such experiment; expected all, {', '.join(others)} {', '.join(known)}"
                )
            found = [path]
        chosen |= dict.fromkeys(found)
    experiments: dict[str, Experiment] = {}
    for path in chosen:
        experiment = load_experiment(path)
        if experiment.id in experiments:
            raise ConfigError(
                f"{path}: another experiment is called {experiment.id} too; rename one of the files"
            )
        experiments[experiment.id] = experiment
    return [*experiments.values()]


def folder(name: str = "book") -> Path:
    """Where the book's configs lie, or those of its `exercises`."""
    return shipped.folder() / name


def _is_meant(name: str, id: str) -> bool:
    return name in ("all", id, _chapter(id))


def _chapter(id: str) -> str:
    """As `chapter3` of the file ch3_...: the name says it before the file is read."""
    return f"chapter{id.removeprefix('ch').partition('_')[0]}"


def _in_order(path: Path) -> tuple[str, int]:
    """By chapter, and within it as the book tells them."""
    return _chapter(path.stem), place(path.stem)
