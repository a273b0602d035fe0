"""Whatever asks the program to end is answered as Ctrl-C is: saved, a line, an exit code; workers end with it."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from small_run import ROOT, command

from mnist_softmax import signals

ENDLESS = "training.epochs=1000000"
posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")


def default_signals():
    """A shell's job in the background ignores interrupts, and so would every process started by its tests."""
    for number in signals.ENDING:
        signal.signal(number, signal.SIG_DFL)


def begun(words, *, epochs=2, **options):
    """A command that has printed some epochs."""
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=default_signals, **options
    )
    while not process.stdout.readline().strip().startswith(f"{epochs} "):
        assert process.poll() is None, process.communicate()
    return process


def checkpointed(run):
    with np.load(run / "checkpoint.npz") as stored:
        return json.loads(str(stored["history"]))["epochs"]


@pytest.mark.slow
@posix
@pytest.mark.parametrize("name", signals.NAMES)
def test_each_signal_saves_every_epoch_and_says_how_to_go_on(config, tmp_path, name):
    run = tmp_path / "run"
    process = begun(command("--config", config, ENDLESS, "--output", run))
    process.send_signal(getattr(signal, name))
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + getattr(signal, name)
    assert errors.strip().startswith("interrupted" if name == "SIGINT" else f"interrupted by {name}")
    assert errors.count("\n") == 2  # one before it, behind a bar
    assert "--resume" in errors
    epochs = len((run / "metrics.jsonl").read_text().splitlines())
    assert checkpointed(run) == epochs


@pytest.mark.slow
@posix
def test_many_signals_are_as_one(config, tmp_path):
    run = tmp_path / "run"
    process = begun(command("--config", config, ENDLESS, "--output", run))
    while process.poll() is None:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.0005)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "Traceback" not in errors
    assert checkpointed(run) == len((run / "metrics.jsonl").read_text().splitlines())
    assert {path.name for path in run.iterdir()} == {".lock", "config.yaml", "metrics.jsonl", "checkpoint.npz"}


@posix
def test_what_is_held_is_finished_and_the_signal_is_answered_then(monkeypatch):
    monkeypatch.setattr(signals, "_answered", [float("-inf")])
    done = []
    before = signal.signal(signal.SIGTERM, signals._interrupt)
    try:
        with pytest.raises(signals.Interrupted) as caught, signals.held():
            for k in range(3):
                os.kill(os.getpid(), signal.SIGTERM)
                done.append(k)
        assert signal.getsignal(signal.SIGTERM) is signals._interrupt
    finally:
        signal.signal(signal.SIGTERM, before)
    assert done == [0, 1, 2]
    assert caught.value.exit_code == 143


@pytest.mark.slow
@posix
def test_a_signal_that_is_ignored_stays_ignored(config, tmp_path):
    """As nohup does with SIGHUP."""
    words = command("--config", config, ENDLESS, "--output", tmp_path / "run")
    process = begun(["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *words])
    process.send_signal(signal.SIGHUP)
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143


DRIVER = """
import atexit, os, signal, sys

class AtImport:
    def find_spec(self, name, path, target=None):
        if name == sys.argv[1]:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, AtImport())
from mnist_softmax.__main__ import main
atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))
sys.exit(main(sys.argv[2:]))
"""


def driven(where, *words):
    """A command that is interrupted while it imports `where`, and again while Python ends."""
    words = [sys.executable, "-c", DRIVER, where, *map(str, words)]
    return subprocess.run(words, capture_output=True, text=True, cwd=ROOT, preexec_fn=default_signals)


@pytest.mark.slow
@posix
@pytest.mark.parametrize("where", ["mnist_softmax.cli", "numpy.linalg", "pydantic", "scipy.special"])
def test_interrupted_while_it_imports_it_ends_without_a_traceback(config, tmp_path, where):
    result = driven(where, "train", "--config", config, "--output", tmp_path / "run", ENDLESS)
    assert result.returncode == 130, result.stderr
    assert result.stderr.strip().startswith("interrupted") or not result.stderr
    assert result.stderr.count("\n") <= 2


SWALLOWED = """
import ctypes, os, signal, sys, time
from mnist_softmax import signals

def here():
    os.kill(os.getpid(), signal.SIGINT)
    sum(range(1000))  # raised here

class Dying:
    def __del__(self):
        here()

signals.answer()
try:
    {}
    time.sleep(30)
except signals.Interrupted as error:
    print(error.exit_code)
"""


@posix
@pytest.mark.parametrize("where", ["ctypes.CFUNCTYPE(None)(here)()", "Dying()"], ids=["callback", "del"])
def test_interrupted_where_nothing_can_be_raised_it_is_interrupted_soon_after(where):
    words = [sys.executable, "-c", SWALLOWED.format(where)]
    result = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, preexec_fn=default_signals)
    assert (result.returncode, result.stdout, result.stderr) == (0, "130\n", "")


@pytest.mark.slow
@posix
def test_interrupted_while_python_ends_it_has_done_its_work(config, tmp_path):
    result = driven("", "train", "--config", config, "--output", tmp_path / "run")
    assert (result.returncode, result.stderr) == (0, "")


# ---- several processes


def trainers(parent):
    """The training processes that `parent` has started, and that have begun a run."""
    words = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(parent)]
    lines = subprocess.run(words, capture_output=True, text=True).stdout.splitlines()
    return [int(line.split()[0]) for line in lines if "popen_loky" in line]


def lives(process):
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs /proc")
@pytest.mark.slow
@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SIGINT", "early SIGINT"])
def test_workers_end_with_their_parent(config, tmp_path, how):
    output = tmp_path / "comparison"
    other = tmp_path / "other.yaml"
    other.write_text(config.read_text().replace("l2: 0.1", "l2: 0.2"))
    words = [sys.executable, "-m", "mnist_softmax", "compare", config, other, "--seeds", "2", "--jobs", "2",
             "--output", output, ENDLESS]  # fmt: skip
    process = subprocess.Popen(
        [*map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        preexec_fn=default_signals, start_new_session=True,
    )  # fmt: skip
    until = time.monotonic() + 60
    early = how.startswith("early")
    while not (trainers(process.pid) if early else [*output.glob("runs/*/*/checkpoint.npz")]):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)
    workers = trainers(process.pid)
    number = getattr(signal, how.removeprefix("early "))
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(
        number
    )  # as a terminal does
    _, errors = process.communicate(timeout=60)
    until = time.monotonic() + 20
    while [worker for worker in workers if lives(worker)] and time.monotonic() < until:
        time.sleep(0.05)
    assert [worker for worker in workers if lives(worker)] == []
    if number != signal.SIGKILL:
        assert process.returncode == 128 + number
        assert "the same command goes on" in errors
        assert "Traceback" not in errors
