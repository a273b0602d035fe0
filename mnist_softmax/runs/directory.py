"""One run on disk.

config.yaml      the resolved config
metrics.jsonl    one record an epoch
checkpoint.npz   the training state after some recent epoch
model.npz        the trained parameters: w1, b1, w2, b2, ...
summary.json     how it ended; a run without one is unfinished
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

from mnist_softmax.config.config import Config
from mnist_softmax.config.file import load_config
from mnist_softmax.errors import ConfigError, RunDirectoryError
from mnist_softmax.files import flat, remove_left_overs, sync, write_whole
from mnist_softmax.locks import locked
from mnist_softmax.reading import Damaged, parse_json, read_json, read_whole, reading
from mnist_softmax.runs.summary import SUMMARY, Summary
from mnist_softmax.training.checkpoint import ANEW
from mnist_softmax.training.history import MOST_BYTES, RECORD, History, Record, in_order

WHERE = ("data.source", "data.path")  # keys that say where data lie, not which they are
Mode = Literal["new", "resume", "overwrite"]
FILES = ("config.yaml", "metrics.jsonl", "checkpoint.npz", "model.npz", "summary.json")


class RunDirectory:
    """Paths of a run's files, and how they are written and read."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.config, self.metrics, self.checkpoint, self.model, self.summary = (self.path / n for n in FILES)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Inside, a fault of the disk is a RunDirectoryError that says what is kept and what to do."""
        try:
            yield
        except BrokenPipeError:  # nobody reads our output any more; the directory is not to blame
            raise
        except OSError as error:
            what = f"{self.path}: cannot be written: {error.strerror or error}"
            kept = "; its last checkpoint is whole: mend the cause, then add --resume"
            raise RunDirectoryError(what + (kept if os.path.exists(self.checkpoint) else "")) from None

    def read_config(self) -> Config:
        """Raises RunDirectoryError where there is no run, ConfigError where its config is damaged."""
        if not os.path.isfile(self.config):  # which takes a name too long for one that is not there
            raise RunDirectoryError(f"{self.path}: is no run directory (it has no config.yaml)")
        return load_config(self.config)

    def read_summary(self) -> Summary | None:
        """How the run ended, or None while it has not. Raises RunDirectoryError: not to be read, or damaged."""
        return read_json(self.summary, SUMMARY, ANEW)

    def read_metrics(self) -> History:
        """The records so far, without a line cut off by a kill. Raises RunDirectoryError: none, or damaged ones."""
        with reading(self.metrics, ANEW):
            lines = io.BytesIO(read_whole(self.metrics, MOST_BYTES))
            return in_order([parse_json(line, RECORD) for line in lines if line.endswith(b"\n")])

    def epochs_so_far(self) -> int:
        """How many records there are, 0 where there is no run."""
        try:
            return read_whole(self.metrics, MOST_BYTES).count(b"\n")
        except (OSError, Damaged):
            return 0

    def begin(self, settings: Config) -> None:
        """Write the config of the run that is now trained here; with its summary gone it counts as unfinished."""
        for name in FILES:
            remove_left_overs(self.path / name)
        self.summary.unlink(missing_ok=True)
        write_whole(self.config, settings.to_yaml())

    def append_metrics(self, record: Record) -> bytes:
        """Add one line, given to the operating system at once; gives that line."""
        line = _lines([record])
        with self.metrics.open("ab") as file:
            file.write(line)
        return line

    def write_metrics(self, history: History) -> bytes:
        """Replace all lines, as a resumed run does to drop those past its checkpoint; gives the new ones."""
        lines = _lines(history)
        write_whole(self.metrics, lines)
        return lines

    def sync_metrics(self) -> None:
        """Wait until all lines are on disk."""
        with self.metrics.open("ab") as file:
            sync(file.fileno())

    def write_summary(self, summary: Summary) -> None:
        """The last file of a run to be written: with it the run has ended."""
        write_whole(self.summary, json.dumps(summary, indent=2) + "\n")


def _lines(history: History) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in history).encode("ascii")


@contextmanager
def opened_run(path: str | Path, settings: Config, mode: Mode) -> Iterator[RunDirectory]:
    """The run directory at `path`, made if need be, cleared if `mode` says so, locked against any second process.

    What it holds of a run to be resumed is left as it is until `begin`.
    Raises RunDirectoryError: it cannot be written, is in use, holds something else, or a run that `mode` does
    not allow to be touched. Until then nothing in it has changed.
    """
    run = RunDirectory(path)
    with ExitStack() as inside:
        with run.writing():
            refuse_what_is_no_run(run)
            run.path.mkdir(parents=True, exist_ok=True)
            inside.enter_context(locked(run.path))
            if mode == "overwrite":
                _clear(run)
            elif os.path.lexists(run.config):  # also one that cannot be read: a link to nowhere, a folder
                _refuse_ended(run, settings, mode)
                refuse_other_config(run, settings)
        yield run


def refuse_what_is_no_run(run: RunDirectory) -> None:
    """Raises RunDirectoryError where the directory holds files, but not those of a run.

    A config.yaml alone makes no run, unless it is as a run writes it: it may be what somebody trains by.
    """
    try:
        names = {path.name for path in run.path.iterdir() if not path.name.startswith(".")}
    except FileNotFoundError:
        return
    except OSError as error:
        raise RunDirectoryError(f"{run.path}: cannot be read: {error.strerror or error}") from None
    if names and run.config.name not in names:
        raise RunDirectoryError(f"{run.path}: holds something that is not a run; choose another with --output")
    if names and not names & {run.metrics.name, run.summary.name} and not _is_of_a_run(run.config):
        raise RunDirectoryError(
            f"{run.path}: holds a config.yaml that is not of a run; choose another with --output"
        )


def _is_of_a_run(config: Path) -> bool:
    try:  # a pipe would let us wait
        return config.is_file() and load_config(config).to_yaml().encode() == config.read_bytes()
    except ConfigError:
        return False


def _clear(run: RunDirectory) -> None:
    for name in reversed(FILES):  # the summary first: without it the run counts as unfinished
        (run.path / name).unlink(missing_ok=True)


def _refuse_ended(run: RunDirectory, settings: Config, mode: Mode) -> None:
    summary = run.read_summary()
    if summary is None:
        if mode == "new":
            raise RunDirectoryError(
                f"{run.path}: holds an unfinished run; --resume goes on with it, --overwrite starts anew"
            )
        return
    status, epochs = summary["status"], summary["epochs"]
    if mode == "new":
        raise RunDirectoryError(
            f"{run.path}: holds a run ({status} after {epochs} epochs); --overwrite trains it anew, "
            "--output DIR puts this one elsewhere"
        )
    if status != "finished" or settings.training.epochs <= epochs:
        more = ", training.epochs=N with a larger N trains it on" if status == "finished" else ""
        raise RunDirectoryError(
            f"{run.path}: has {status} after {epochs} epochs, there is nothing to resume; "
            f"--overwrite trains it anew{more}"
        )


def refuse_other_config(run: RunDirectory, settings: Config) -> None:
    """Only the number of epochs may differ from what the run was begun with, folders that were moved, and what the
    book says of it. Whether the data are the same their checksum says, wherever they lie (`load_state`)."""
    stored = run.read_config()
    then, now = (flat(each.model_dump(mode="json", exclude={"book"})) for each in (stored, settings))
    free = ("training.epochs", "output.directory", *WHERE)
    differing = [key for key in now if now[key] != then.get(key) and key not in free]
    if differing:
        listed = ", ".join(f"{key} was {then.get(key)}, is now {now[key]}" for key in differing)
        raise RunDirectoryError(
            f"{run.path}: holds a run of another config: {listed}; use --output or train --overwrite"
        )
