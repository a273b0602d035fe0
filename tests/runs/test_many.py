"""Many runs: the results do not depend on how they are spread, and one that fails leaves the others alone."""

import ast
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from small_run import ROOT, wait_until, write_digits

from mnist_softmax import locks
from mnist_softmax.config.file import load_config
from mnist_softmax.errors import ConfigError, Diverged, Notice, RunDirectoryError
from mnist_softmax.runs import processes, worker
from mnist_softmax.runs.many import deal, train_all
from mnist_softmax.runs.run import Task


@pytest.fixture
def tasks(config, tmp_path):
    """`tasks(folder, n, "training.l2=0.1", ...)`: n seeds of the small config."""

    def build(folder, n=4, *overrides):
        return [
            Task(load_config(config, f"seed={seed}", *overrides), tmp_path / folder / f"seed-{seed}")
            for seed in range(n)
        ]

    return build


def content(task):
    """Model and metrics, without times."""
    with np.load(task.directory / "model.npz") as stored:
        model = {name: stored[name].tobytes() for name in stored.files}
    lines = (task.directory / "metrics.jsonl").read_text().splitlines()
    return model, [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]


def times(tasks):
    return [(task.directory / "summary.json").stat().st_mtime_ns for task in tasks]


def test_results_do_not_depend_on_jobs_or_cohort(tasks):
    train_all(tasks("one"), jobs=1, cohort=1)
    train_all(tasks("cohort"), jobs=1, cohort=10)
    train_all(tasks("two"), jobs=2, cohort=2)
    for one, cohort, two in zip(tasks("one"), tasks("cohort"), tasks("two"), strict=True):
        assert content(one) == content(cohort) == content(two)


def test_finished_runs_are_left_alone_and_seeds_added(tasks):
    first = train_all(tasks("runs", 2), jobs=1)
    before = times(tasks("runs", 2))
    events = []
    outcomes = train_all(tasks("runs", 3), jobs=1, on_event=events.append)
    assert outcomes[:2] == first
    assert times(tasks("runs", 2)) == before
    assert [event.number for event in events if event.outcome is not None] == [0, 1, 2]


def test_a_half_done_run_is_taken_up_again_to_the_same_bits(tasks):
    train_all(tasks("runs", 2, "training.epochs=2"), jobs=1)
    for task in tasks("runs", 2):
        (task.directory / "summary.json").unlink()
    train_all(tasks("runs", 2), jobs=1)
    train_all(tasks("whole", 2), jobs=1)
    assert [content(t) for t in tasks("runs", 2)] == [content(t) for t in tasks("whole", 2)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_goes_on_with_another_arithmetic_is_told_wherever_it_is_trained(tasks, jobs):
    train_all(tasks("runs", 2, "training.epochs=2"), jobs=1)
    for task in tasks("runs", 2):
        with np.load(task.directory / "checkpoint.npz") as stored:
            arrays = dict(stored) | {"arithmetic": np.array("another kernel")}
        np.savez(task.directory / "checkpoint.npz", **arrays)
    with pytest.warns(Notice) as told:
        train_all(tasks("runs", 2), jobs=jobs)
    folders = [str(warning.message).partition(":")[0] for warning in told]
    assert sorted(folders) == [str(task.directory) for task in tasks("runs", 2)]


def test_one_that_diverges_is_reported_now_and_later_without_training_again(tasks):
    wild = tasks("wild", 1, "training.learning_rate=1e38")
    for _ in range(2):
        outcomes = train_all([*tasks("good", 2), *wild], jobs=1)
        assert [type(outcome) for outcome in outcomes] == [dict, dict, Diverged]
    assert "diverged in epoch 1" in str(outcomes[2])


@pytest.mark.parametrize("jobs", [1, 2])
def test_nothing_is_touched_where_one_directory_holds_another_run(tasks, jobs):
    train_all(tasks("runs", 1, "training.l2=7"), jobs=1)
    before = times(tasks("runs", 1))
    with pytest.raises(RunDirectoryError, match=r"training\.l2 was 7"):
        train_all([*tasks("new", 2), *tasks("runs", 1)], jobs=jobs)
    assert times(tasks("runs", 1)) == before
    assert not tasks("new", 2)[0].directory.exists()


def test_a_run_on_other_data_is_refused(tasks, config):
    train_all(tasks("runs", 1), jobs=1)
    write_digits(config.parent / "digits.npz", n=240)
    with pytest.raises(RunDirectoryError, match="was trained on other data"):
        train_all(tasks("runs", 2), jobs=1)
    assert not tasks("runs", 2)[1].directory.exists()


def test_a_worker_that_cannot_load_the_digits_reports_its_tasks_as_failed(tasks, monkeypatch):
    """Another worker may have had the room: its runs are not to end with these."""

    def none_left(data):
        raise MemoryError("196 MB")

    monkeypatch.setattr(worker, "_kept", none_left)
    outcomes = worker.train_tasks_elsewhere(tasks("runs", 2), "0" * 64)
    assert [str(outcome) for outcome in outcomes] == ["MemoryError: 196 MB"] * 2


def test_something_that_is_no_run_is_refused(tasks):
    directory = tasks("runs", 1)[0].directory
    directory.mkdir(parents=True)
    (directory / "cat.jpg").write_bytes(b"cat")
    with pytest.raises(RunDirectoryError, match="is not a run"):
        train_all(tasks("runs", 2), jobs=1)
    assert [path.name for path in directory.iterdir()] == ["cat.jpg"]


def test_two_runs_for_one_directory_and_no_jobs_are_refused(tasks):
    with pytest.raises(RunDirectoryError, match="two runs"):
        train_all(tasks("runs", 1) * 2, jobs=1)
    with pytest.raises(ConfigError, match="at least 1"):
        train_all(tasks("runs", 1), jobs=0)


def test_fewer_epochs_than_a_run_has_are_refused(tasks):
    train_all(tasks("runs", 1), jobs=1)
    with pytest.raises(RunDirectoryError, match="trained for 4 epochs, more than the 2"):
        train_all(tasks("runs", 1, "training.epochs=2"), jobs=1)


@pytest.mark.parametrize(("n", "jobs", "cohort", "sizes"), [
    (10, 1, 10, [10]), (10, 2, 10, [5, 5]), (11, 2, 5, [3, 3, 3, 2]), (3, 8, 10, [1, 1, 1]), (25, 1, 10, [9, 8, 8]),
])  # fmt: skip
def test_groups_are_balanced_and_no_larger_than_asked(tasks, n, jobs, cohort, sizes):
    groups = deal(tasks("runs", n), range(n), jobs, cohort)
    assert sorted(map(len, groups), reverse=True) == sizes
    assert sorted(number for group in groups for number in group) == list(range(n))


def test_only_runs_of_one_kind_share_a_group(tasks):
    mixed = [*tasks("a", 2), *tasks("b", 2, "training.mini_batch_size=7"), *tasks("c", 2, "training.l2=0.5")]
    groups = deal(mixed, range(6), 1, 10)
    assert sorted(map(sorted, groups)) == [[0, 1, 4, 5], [2, 3]]


def test_when_the_caller_has_failed_no_process_trains_on(tasks, recwarn):
    """Even where what was raised is kept, with all that it refers to."""
    [short], [long] = tasks("short", 1), tasks("long", 1, "training.epochs=1000000")

    def fail(event):
        if event.outcome is not None:
            while not (long.directory / "checkpoint.npz").exists():
                time.sleep(0.01)
            raise ValueError("of the caller")

    with pytest.raises(ValueError, match="of the caller") as kept:
        train_all([short, long], jobs=2, cohort=1, on_event=fail)
    with locks.locked(long.directory):
        assert kept.value.__traceback__
    assert not recwarn.list


class Client:
    """Of a cluster: one that only knows whether it is open."""

    open = False

    def __enter__(self):
        self.open = True
        return self

    def __exit__(self, *error):
        self.open = False

    def nthreads(self):
        return {}


def test_a_client_is_closed_where_nothing_comes_to_be_trained(tasks, monkeypatch):
    client = Client()
    monkeypatch.setattr("mnist_softmax.runs.cluster.connect", lambda address: client)

    def fail():
        assert client.open
        raise RunDirectoryError("cannot be written")

    with pytest.raises(RunDirectoryError):
        train_all(tasks("runs"), backend="dask", on_start=fail)
    assert not client.open


EPOCHS = 1500
DRIVER = """
import sys
from mnist_softmax.config.file import load_config
from mnist_softmax.runs.run import Task
from mnist_softmax.runs.many import train_all

if __name__ == "__main__":
    config, folder = sys.argv[1:]
    tasks = [Task(load_config(config, f"seed={s}", "training.epochs=1500"), f"{folder}/seed-{s}") for s in range(4)]
    outcomes = train_all(tasks, jobs=2)
    print([outcome["epochs"] if isinstance(outcome, dict) else str(outcome) for outcome in outcomes])
"""


def children(parent):
    """The training processes that `parent` has started."""
    words = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(parent)]
    lines = subprocess.run(words, capture_output=True, text=True).stdout.splitlines()
    return [int(line.split()[0]) for line in lines if "popen_loky" in line]


def kill_a_child(process, but_not=()):
    """Kill a training process of `process` once there is one; gives all that were there."""
    while process.poll() is None:
        found = children(process.pid)
        if new := [child for child in found if child not in but_not]:
            os.kill(new[0], signal.SIGKILL)
            return found
        time.sleep(0.05)
    pytest.fail(f"no process to kill: {process.communicate()}")


@pytest.mark.slow
@pytest.mark.parametrize("kills", [1, 2])
def test_a_killed_process_costs_time_and_the_run_that_is_killed_again_is_reported(config, tmp_path, kills):
    (tmp_path / "driver.py").write_text(DRIVER)
    words = [sys.executable, str(tmp_path / "driver.py"), str(config), str(tmp_path / "killed")]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    checkpoint = tmp_path / "killed" / "seed-0" / "checkpoint.npz"
    wait_until(checkpoint.exists, process)
    killed = kill_a_child(process)
    if kills == 2:
        kill_a_child(process, but_not=killed)
    out, err = process.communicate(timeout=200)
    outcomes = ast.literal_eval(out.strip().splitlines()[-1])
    if kills == 2:
        assert "its process was killed" in outcomes.pop(0), err
    assert outcomes == [EPOCHS] * (5 - kills), err
    settings = load_config(config, "seed=3", f"training.epochs={EPOCHS}")
    whole = Task(settings, tmp_path / "whole" / "seed-3")
    train_all([whole], jobs=1)
    assert content(whole) == content(whole._replace(directory=tmp_path / "killed" / "seed-3"))


@pytest.mark.parametrize("how", ["no semaphores", "no process"])
def test_without_semaphores_or_processes_all_is_trained_in_this_one_with_a_warning(tasks, monkeypatch, how):
    if how == "no semaphores":
        monkeypatch.setattr(processes, "effective_n_jobs", lambda n: 1)
    else:

        def refuse(*args, **options):
            raise BlockingIOError(11, "Resource temporarily unavailable")

        monkeypatch.setattr(processes, "Parallel", refuse)
    with pytest.warns(Notice, match="all is trained in this one"):
        train_all(tasks("here"), jobs=2)
    train_all(tasks("alone"), jobs=1)
    assert [content(task) for task in tasks("here")] == [content(task) for task in tasks("alone")]


NO_SEMAPHORES = """
import sys, _multiprocessing

class SemLock:
    def __init__(self, *args, **options):
        raise OSError(28, "No space left on device")

_multiprocessing.SemLock = SemLock
from mnist_softmax.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_where_the_system_has_no_semaphores_compare_says_so_in_a_line(config, tmp_path):
    words = ["compare", config, "--seeds", 2, "--jobs", 2, "--output", tmp_path / "out", "training.epochs=1"]
    result = subprocess.run(
        [sys.executable, "-c", NO_SEMAPHORES, *map(str, words)], capture_output=True, text=True, cwd=ROOT
    )
    assert result.returncode == 0, result.stderr
    assert [line for line in result.stderr.splitlines() if "done" not in line] == [
        "warning: this system has no semaphores, which several processes need: all is trained in this one"
    ]
