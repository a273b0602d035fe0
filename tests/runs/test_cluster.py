"""Training on a Dask cluster: a real scheduler and real workers, processes of their own on loopback."""

import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
from small_run import ROOT, run_command, wait_until

from mnist_softmax import __version__
from mnist_softmax.config.file import load_config
from mnist_softmax.errors import UserError
from mnist_softmax.runs import cluster
from mnist_softmax.runs.many import train_all
from mnist_softmax.runs.run import Task

pytest.importorskip("distributed", reason="the extra dask is not installed")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def start(tmp_path):
    """`start("scheduler", ...)`: a process of Dask that ends with the test."""
    processes = []

    def begin(kind, *words):
        log = (tmp_path / f"{kind}-{len(processes)}.log").open("w")
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *words, "--no-dashboard"]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        processes.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path, env=environment))
        return processes[-1]

    yield begin
    for process in reversed(processes):
        process.kill()
        process.wait()


class Address(str):
    """Where a scheduler listens, and its process."""

    process: subprocess.Popen


@pytest.fixture
def scheduler(start):
    port = free_port()
    address = Address(f"tcp://127.0.0.1:{port}")
    address.process = start("scheduler", "--host", "127.0.0.1", "--port", str(port))
    wait_until(lambda: listens(port), address.process)
    return address


@pytest.fixture
def workers(start, scheduler, tmp_path, monkeypatch):
    """Two workers, each a process with one thread; they may take their time to start."""
    monkeypatch.setattr("mnist_softmax.runs.cluster.PATIENCE", 120)
    options = ("--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path / "dask"))
    return [start("worker", scheduler, *options) for _ in range(2)]


@pytest.fixture
def tasks(config, tmp_path):
    def build(folder, n=4, *overrides):
        return [
            Task(load_config(config, f"seed={seed}", *overrides), tmp_path / folder / f"seed-{seed}")
            for seed in range(n)
        ]

    return build


def model(task):
    with np.load(task.directory / "model.npz") as stored:
        return {name: stored[name].tobytes() for name in stored.files}


@pytest.mark.slow
def test_a_cluster_gives_the_bits_of_one_process(tasks, scheduler, workers):
    wild = tasks("wild", 1, "training.learning_rate=1e38")
    events = []
    outcomes = train_all(
        [*tasks("cluster"), *wild], backend="dask", scheduler=scheduler, cohort=2, on_event=events.append
    )
    assert [type(outcome).__name__ for outcome in outcomes] == ["dict"] * 4 + ["Diverged"]
    train_all(tasks("here"), jobs=1)
    for there, here in zip(tasks("cluster"), tasks("here"), strict=True):
        assert model(there) == model(here)
        assert {p.name for p in there.directory.iterdir()} == {p.name for p in here.directory.iterdir()}
    assert (wild[0].directory / "summary.json").exists()
    assert {event.number for event in events if event.outcome is not None} == set(range(5))
    again = train_all(tasks("cluster"), backend="dask", scheduler=scheduler)
    assert again == outcomes[:4]  # nothing is trained twice


@pytest.mark.slow
def test_a_half_done_run_goes_on_from_where_it_was(tasks, scheduler, workers):
    train_all(tasks("runs", 1, "training.epochs=2"), jobs=1)
    first = (tasks("runs", 1)[0].directory / "metrics.jsonl").read_text()
    (tasks("runs", 1)[0].directory / "summary.json").unlink()
    train_all(tasks("runs", 1), backend="dask", scheduler=scheduler)
    whole = (tasks("runs", 1)[0].directory / "metrics.jsonl").read_text()
    assert whole.startswith(first)  # with the seconds it took the first time
    train_all(tasks("here", 1), jobs=1)
    assert model(tasks("runs", 1)[0]) == model(tasks("here", 1)[0])


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_costs_time_and_nothing_else(tasks, scheduler, workers):
    long = "training.epochs=1000"
    killed = []

    def kill_one(event):
        if event.outcome is None and event.epochs > 5 and not killed:
            killed.append(workers[0].pid)
            os.kill(workers[0].pid, signal.SIGKILL)

    outcomes = train_all(
        tasks("cluster", 4, long), backend="dask", scheduler=scheduler, cohort=1, on_event=kill_one
    )
    assert killed
    assert [outcome["epochs"] for outcome in outcomes] == [1000] * 4
    train_all(tasks("here", 4, long), jobs=1)
    assert [model(t) for t in tasks("cluster", 4, long)] == [model(t) for t in tasks("here", 4, long)]


@pytest.mark.slow
def test_a_scheduler_that_is_lost_in_the_middle_is_reported_for_every_run(tasks, scheduler, workers, capfd):
    def kill(event):
        if event.epochs > 5:
            scheduler.process.kill()

    outcomes = train_all(
        tasks("cluster", 2, "training.epochs=100000"), backend="dask", scheduler=scheduler, on_event=kill
    )
    assert all("lost on the cluster" in str(outcome) for outcome in outcomes)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_is_a_line_within_ten_seconds(tasks):
    began = time.monotonic()
    with pytest.raises(UserError, match="no Dask scheduler answers there"):
        train_all(tasks("runs", 1), backend="dask", scheduler=f"tcp://127.0.0.1:{free_port()}")
    assert time.monotonic() - began < 10  # the limit is part of what is promised
    assert not tasks("runs", 1)[0].directory.exists()


@pytest.mark.parametrize("address", ["nonsense", "tcp://", "ftp://127.0.0.1:1", "tcp://127.0.0.1:x"])
def test_a_bad_address_is_a_line(tasks, address):
    with pytest.raises(UserError, match="Dask scheduler"):
        train_all(tasks("runs", 1), backend="dask", scheduler=address)


@pytest.mark.slow
def test_a_scheduler_without_workers_is_a_line(tasks, scheduler, monkeypatch):
    monkeypatch.setattr("mnist_softmax.runs.cluster.PATIENCE", 3)
    until = time.monotonic() + 30
    while time.monotonic() < until:  # until it listens
        with pytest.raises(UserError) as caught:
            train_all(tasks("runs", 1), backend="dask", scheduler=scheduler)
        if "has no workers" in str(caught.value):
            return
    pytest.fail(str(caught.value))


@pytest.mark.slow
def test_the_command_says_what_is_missing(config, tmp_path):
    result = run_command("compare", config, "--output", tmp_path / "out", "--backend", "dask")
    assert result.returncode == 2
    assert "needs --scheduler" in result.stderr
    assert not (tmp_path / "out" / "study.json").exists()


class Answering:
    """A client whose workers answer so."""

    def __init__(self, answers):
        self.answers = answers

    def wait_for_workers(self, n, timeout):
        pass

    def run(self, function, on_error):
        return self.answers


GONE = OSError("Timed out trying to connect to tcp://10.0.0.7:1")


def test_a_worker_that_has_gone_is_not_said_to_lack_the_package():
    cluster._refuse_unfit_workers(Answering({"a": GONE, "b": __version__}), "tcp://here:1")
    with pytest.raises(UserError, match="its workers have gone") as caught:
        cluster._refuse_unfit_workers(Answering({"a": GONE}), "tcp://here:1")
    assert "import" not in str(caught.value)


@pytest.mark.parametrize(("answer", "says"), [
    (ModuleNotFoundError("No module named 'mnist_softmax'"), "b: cannot import mnist_softmax"), ("0.0", "b: has"),
])  # fmt: skip
def test_a_worker_without_the_package_or_with_another_is_named(answer, says):
    with pytest.raises(UserError, match=says):
        cluster._refuse_unfit_workers(Answering({"a": __version__, "b": answer}), "tcp://here:1")
