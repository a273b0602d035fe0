"""Runs trained in one cohort: each directory as if it had been trained alone, and one that fails fails alone."""

import json
from time import perf_counter
from xml.etree import ElementTree

import numpy as np
import pytest

from mnist_softmax.config.file import load_config
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import ConfigError, Diverged, RunDirectoryError
from mnist_softmax.runs import recorder
from mnist_softmax.runs import run as run_module
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.runs.run import Task, run, run_cohort
from mnist_softmax.runs.worker import train_tasks
from mnist_softmax.training.checkpoint import load_state


@pytest.fixture
def tasks(config, tmp_path):
    """`tasks(folder, "training.l2=0.1", ...)`: one for each override, each with a seed of its own."""

    def build(folder, *overrides, mode="resume"):
        return [
            Task(load_config(config, f"seed={r}", override), tmp_path / folder / str(r), mode)
            for r, override in enumerate(overrides)
        ]

    return build


@pytest.fixture
def digits(config):
    return load_digits(load_config(config).data)


def content(directory):
    """Model, metrics and checkpoint, without times."""
    with np.load(directory / "model.npz") as stored:
        model = {name: stored[name].tobytes() for name in stored.files}
    lines = (directory / "metrics.jsonl").read_text().splitlines()
    records = [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]
    return model, records, (directory / "config.yaml").read_text()


DIFFERENT = ("training.l2=0.1", "training.learning_rate=0.2", "training.epochs=2",
             "training.early_stopping={patience: 1}")  # fmt: skip


def test_every_directory_is_as_if_trained_alone(tasks, digits):
    summaries = run_cohort(tasks("together", *DIFFERENT), digits)
    pairs = zip(tasks("together", *DIFFERENT), tasks("alone", *DIFFERENT), summaries, strict=True)
    for task, alone, summary in pairs:
        assert run_cohort([alone], digits)[0]["final"]["test_accuracy"] == summary["final"]["test_accuracy"]
        assert content(task.directory) == content(alone.directory)


def test_runs_at_different_epochs_are_taken_up_together(tasks, digits):
    few = [f"training.epochs={epochs}" for epochs in (1, 2, 3)]
    run_cohort(tasks("together", *few), digits)
    run_cohort(tasks("together", *["training.epochs=4"] * 4), digits)
    for r, alone in enumerate(tasks("alone", *["training.epochs=4"] * 4)):
        run_cohort([alone], digits)
        assert content(tasks("together", *["training.epochs=4"] * 4)[r].directory) == content(alone.directory)


def test_each_that_fails_fails_alone(tasks, digits, tmp_path):
    (tmp_path / "together" / "1").mkdir(parents=True)
    (tmp_path / "together" / "1" / "cat.jpg").write_bytes(b"cat")
    overrides = ("training.l2=0.1", "training.l2=0.1", "training.learning_rate=1e38", "network.layers=[16,6,5]")
    outcomes = run_cohort(tasks("together", *overrides), digits)
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [dict, RunDirectoryError, Diverged, ConfigError]
    assert [p.name for p in (tmp_path / "together" / "1").iterdir()] == ["cat.jpg"]
    assert not (tmp_path / "together" / "3").exists()
    [alone] = tasks("alone", "training.l2=0.1")
    run_cohort([alone], digits)
    assert content(alone.directory) == content(tmp_path / "together" / "0")


IO_ERROR = OSError(5, "Input/output error")


@pytest.mark.parametrize("written", ["append_metrics", "write_summary", "sync_metrics"])
def test_a_disk_that_fails_one_run_leaves_the_others_alone_and_that_run_goes_on_later(
    tasks, digits, monkeypatch, written
):
    """Told with its own folder, also where runs are many; the others have the bits that they have alone."""
    write = getattr(RunDirectory, written)
    met = []

    def fail(place, *content):
        if place.path.name == "1" and (written != "append_metrics" or content[0]["epoch"] == 3):
            met.append(place)
            raise IO_ERROR
        return write(place, *content)

    overrides = ["training.epochs=5"] * 3
    monkeypatch.setattr(RunDirectory, written, fail)
    first, failed, last = train_tasks(tasks("together", *overrides), digits)
    assert met
    assert isinstance(failed, RunDirectoryError)
    assert f"{tasks('together', *overrides)[1].directory}: cannot be written: Input/output error" in str(failed)
    assert first["epochs"] == last["epochs"] == 5
    monkeypatch.undo()
    assert [summary["epochs"] for summary in train_tasks(tasks("together", *overrides), digits)] == [5] * 3
    train_tasks(tasks("alone", *overrides), digits)
    for together, alone in zip(tasks("together", *overrides), tasks("alone", *overrides), strict=True):
        assert content(together.directory) == content(alone.directory)


def test_a_folder_taken_by_something_else_in_the_meantime_is_the_fault_of_one_run(tasks, digits):
    overrides = ["training.epochs=2"] * 3
    _, taken, _ = (task.directory for task in tasks("runs", *overrides))
    taken.parent.mkdir()
    taken.write_bytes(b"cat")
    first, failed, last = train_tasks(tasks("runs", *overrides), digits)
    assert (first["epochs"], str(failed), last["epochs"]) == (2, f"{taken}: cannot be read: Not a directory", 2)


def test_seconds_are_shares_of_the_time_that_passed(tasks, digits):
    began = perf_counter()
    summaries = run_cohort(tasks("together", *["training.epochs=3"] * 3), digits)
    passed = perf_counter() - began
    assert 0 < sum(summary["seconds"] for summary in summaries) < passed


def test_interrupted_each_member_keeps_its_last_whole_epoch(tasks, digits, monkeypatch):
    """Also where no checkpoint was due: with no time to spare for them, only the first and the last are written."""
    monkeypatch.setattr(run_module, "CHECKPOINT_SHARE", 0.0)
    overrides = ["training.epochs=9"] * 3

    def stop(k, record):
        if record["epoch"] == 5 and k == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_cohort(tasks("together", *overrides), digits, on_epoch=stop)
    for task in tasks("together", *overrides):
        assert (
            len(load_state(RunDirectory(task.directory).checkpoint, task.settings, digits.checksum).history)
            == 5
        )
    run_cohort(tasks("together", *overrides), digits)
    run_cohort(tasks("whole", *overrides), digits)
    for together, whole in zip(tasks("together", *overrides), tasks("whole", *overrides), strict=True):
        assert content(together.directory) == content(whole.directory)


def test_a_run_that_on_epoch_stops_is_whole_and_goes_on_from_there(dataset, settings, tmp_path):
    """The others of its cohort train on."""
    chosen = [settings(seed=r, epochs=5, momentum=0.5) for r in range(3)]
    tasks = [Task(each, tmp_path / str(r)) for r, each in enumerate(chosen)]

    def on_epoch(k, record):
        return k == 1 and record["epoch"] == 2

    summaries = run_cohort(tasks, dataset, on_epoch=on_epoch)
    assert [summary["epochs"] for summary in summaries] == [5, 2, 5]
    assert [summary["status"] for summary in summaries] == ["finished"] * 3
    assert summaries[1]["reason"] == "stopped by on_epoch"
    run(settings(seed=1, epochs=2, momentum=0.5), dataset, tmp_path / "two")
    run(chosen[1], dataset, tmp_path / "five")
    assert content(tmp_path / "1")[:2] == content(tmp_path / "two")[:2]
    run(chosen[1], dataset, tmp_path / "1", mode="resume")
    assert content(tmp_path / "1") == content(tmp_path / "five")


def test_a_notebook_shows_a_table_of_the_records(dataset, settings, tmp_path):
    chosen = settings(epochs=3, monitor=("test_accuracy", "train_gradient_norms"), monitor_every=2)
    shown = run(chosen, dataset, tmp_path / "a <run>")
    page = ElementTree.fromstring(f"<div>{shown._repr_html_()}</div>")
    assert "a <run>" in page.find("p").text
    assert "12-6-4" in page.find("p").text
    heading, *rows = ([cell.text for cell in row] for row in page.iter("tr"))
    assert [row[heading.index("epoch")] for row in rows] == ["1", "2", "3"]
    accuracies = [row[heading.index("test accuracy")] for row in rows]
    assert accuracies[0] is None  # not measured
    expected = [record["test_accuracy"] for record in shown.history[1:]]
    assert [float(each) for each in accuracies[1:]] == pytest.approx(expected, rel=1e-4)
    shown.directory.metrics.unlink()
    assert "<td>" not in shown._repr_html_()


def test_an_epoch_writes_and_copies_the_same_however_many_there_were(tasks, digits, monkeypatch):
    """Checkpoints after 10 and after 300 epochs are of one size, but for the number of a record."""
    sizes = []
    monkeypatch.setattr(
        recorder, "save", lambda path, arrays: sizes.append(sum(a.nbytes for a in arrays.values()))
    )
    monkeypatch.setattr(run_module, "CHECKPOINT_SHARE", float("inf"))
    run_cohort(tasks("many", "training.epochs=300"), digits)
    assert (
        max(sizes[10:]) - min(sizes[10:]) <= 40
    )  # random states and numbers are a few letters longer or shorter


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), MemoryError(), RuntimeError()])
def test_whatever_ends_the_training_no_epoch_is_lost(tasks, digits, monkeypatch, fault):
    monkeypatch.setattr(run_module, "CHECKPOINT_SHARE", 0.0)

    def on_epoch(k, record):
        if record["epoch"] == 5:
            raise fault

    [task] = tasks("runs", "training.epochs=9")
    with pytest.raises(type(fault)):
        run_cohort([task], digits, on_epoch=on_epoch)
    assert len(load_state(RunDirectory(task.directory).checkpoint, task.settings, digits.checksum).history) == 5
