"""What is written of one run while it is trained, and when, so that a kill at any instant loses little."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from time import monotonic
from typing import Literal

import numpy as np

from mnist_softmax import signals
from mnist_softmax.config.config import Config
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.errors import RunDirectoryError
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.runs.environment import arithmetic, environment
from mnist_softmax.runs.summary import Summary
from mnist_softmax.training.checkpoint import Arrays, load_state, save, save_model, snapshot, stored_text
from mnist_softmax.training.cohort import State
from mnist_softmax.training.history import Record, best_epoch
from mnist_softmax.training.loop import put_back_best, start
from mnist_softmax.training.schedules import reason_to_stop

ARITHMETIC = "arithmetic"  # in a checkpoint: what computed it
Status = Literal["finished", "diverged"]


class Recorder:
    """Keeps the files of a run, which goes on from its last checkpoint or begins.

    `checkpoint_share` of the time may go into checkpoints: syncing a file to disk can take longer than an epoch.
    Raises RunDirectoryError, before anything has changed: the checkpoint is damaged, of other data, or of more
    epochs than are to be trained.
    """

    def __init__(
        self, settings: Config, place: RunDirectory, dataset: Dataset, checkpoint_share: float
    ) -> None:
        self.settings, self.place, self.dataset = settings, place, dataset
        self.checkpoint_share = checkpoint_share
        self.warnings = dataset.warnings
        if place.checkpoint.exists():
            self.state = load_state(place.checkpoint, settings, dataset.checksum)
            self._compare_arithmetic()
        else:
            self.state = start(settings)
        done, asked = len(self.state.history), settings.training.epochs
        if done > asked:
            raise RunDirectoryError(
                f"{place.path}: has trained {done} epochs, more than training.epochs = {asked}; ask for at least "
                "that many, or start anew with --overwrite"
            )
        self.records = hashlib.sha256()  # of the lines of metrics.jsonl
        with place.writing():
            place.begin(settings)
            self.records.update(place.write_metrics(self.state.history))
        self.saved, self.took = 0.0, 0.0  # when the last checkpoint was written, and how long that took
        self.unsaved: Arrays | None = None  # the state after the last epoch, where no checkpoint holds it

    def _compare_arithmetic(self) -> None:
        then, now = stored_text(self.place.checkpoint, ARITHMETIC), arithmetic()
        if self.state.history and then not in (None, now):
            self.warnings += (
                f"{self.place.path}: goes on with {now}, epochs 1 to {len(self.state.history)} were trained with "
                f"{then}: the last digits may differ from those of a run trained in one go",
            )

    def has_ended(self) -> bool:
        return reason_to_stop(self.settings.training, self.state.history) is not None

    def record_epoch(self, record: Record) -> None:
        """Write an epoch's record, and a checkpoint where it is the last epoch or the time is ripe.

        A signal to end the program waits until that is done.
        """
        with signals.held(), self.place.writing():
            self.records.update(self.place.append_metrics(record))
            self.unsaved = snapshot(self.state, self.dataset.checksum, self.records.hexdigest())
            now = monotonic()
            if self.has_ended() or self.took < self.checkpoint_share * (now - self.saved):
                self.save()
                self.saved = monotonic()
                self.took = self.saved - now

    def save(self) -> None:
        """Write the checkpoint of the last whole epoch, where that has not been done yet."""
        if self.unsaved is not None:
            with signals.held(), self.place.writing():
                self.place.sync_metrics()
                save(self.place.checkpoint, self.unsaved | {ARITHMETIC: np.array(arithmetic())})
                self.unsaved = None

    def end(self) -> Summary:
        """Write the model and the summary of a run that is over, by itself or because it was told to stop."""
        self.save()
        put_back_best(self.state)
        with self.place.writing():
            save_model(self.place.model, self.state.network)
        reason = reason_to_stop(self.settings.training, self.state.history) or "stopped by on_epoch"
        return self.write_summary("finished", reason)

    def write_summary(self, status: Status, reason: str) -> Summary:
        summary = _summary(status, reason, self.state, self.settings, self.dataset, self.warnings)
        with self.place.writing():
            self.place.write_summary(summary)
        return summary


def _summary(
    status: Status, reason: str, state: State, settings: Config, dataset: Dataset, warnings: Sequence[str]
) -> Summary:
    history, n = state.history, len(dataset.train)
    seconds = sum(record["seconds"] for record in history)
    peak = best_epoch(history, "test_accuracy")
    return {
        "status": status,
        "reason": reason,
        "seed": settings.seed,
        "epochs": len(history),
        "final": history[-1] if history else None,
        "best_by_validation": best_epoch(history),
        "peak_on_test": peak and {key: peak[key] for key in ("epoch", "test_accuracy")},
        "model": "best_by_validation" if state.best is not None else "final",
        "parameters": int(np.size(state.network.parameters.flat)),
        "seconds": seconds,
        "images_per_second": n * len(history) / seconds if seconds else None,
        "data": {
            "source": dataset.source,
            "checksum": dataset.checksum,
            "train": n,
            "validation": len(dataset.validation),
            "test": len(dataset.test),
        },
        "warnings": list(warnings),
        "environment": environment(),
    }
