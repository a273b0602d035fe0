"""A run that is asked for a second time: what is stored is the answer, as long as the question is the same."""

from __future__ import annotations

from pathlib import Path

from mnist_softmax.config.config import Config
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.errors import RunDirectoryError
from mnist_softmax.runs.directory import RunDirectory, refuse_other_config
from mnist_softmax.runs.summary import Summary


def finished_before(settings: Config, dataset: Dataset, directory: str | Path) -> Summary | None:
    """The summary of a finished run of this very config on these digits, or None where there is no finished run.

    Raises RunDirectoryError: the finished run is of another config, of another number of epochs, or of other digits.
    """
    run = RunDirectory(directory)
    if not run.config.is_file():
        return None
    summary = run.read_summary()
    if summary is None or summary["status"] != "finished" or not run.model.is_file():
        return None
    refuse_other_config(run, settings)
    then, now = run.read_config().training.epochs, settings.training.epochs
    if then != now:
        more = "--resume goes on to as many, " if then < now and summary["epochs"] < now else ""
        raise RunDirectoryError(
            f"{run.path}: holds a run of {then} epochs, not of {now}; {more}--overwrite trains anew, --output DIR "
            "puts this one elsewhere"
        )
    if summary["data"]["checksum"] != dataset.checksum:
        source = summary["data"]["source"]
        raise RunDirectoryError(
            f"{run.path}: holds a run on {summary['data']['train']:,} training images of {source}; now there are "
            f"{len(dataset.train):,} of {dataset.source}: --overwrite trains on these, --output DIR keeps both"
        )
    return summary
