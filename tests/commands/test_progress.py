"""The progress of many runs: counts that add up, and few lines where there is no terminal."""

import sys
from types import SimpleNamespace

import pytest

from mnist_softmax.commands.progress import LINES, RunsProgress
from mnist_softmax.errors import Diverged
from mnist_softmax.runs.many import Event


def test_counts_add_up(capsys):
    progress = RunsProgress(total=4, epochs=40)
    for event in (
        Event(0, 10, {"epochs": 10}, earlier=True),
        Event(1, 3, earlier=True),
        Event(2, 1),
        Event(3, 2),
        Event(3, 0, Diverged("diverged in epoch 3")),
    ):
        progress.show(event)
    assert progress.counts() == "1 done, 1 running, 1 failed of 4"
    assert progress.sum() == 10 + 3 + 1 + 2
    assert "a run failed: diverged in epoch 3" in capsys.readouterr().err


def test_time_left_counts_only_what_was_trained_in_this_call(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("mnist_softmax.commands.progress.monotonic", lambda: clock[0])
    progress = RunsProgress(total=2, epochs=40)
    progress.show(Event(0, 20, {"epochs": 20}, earlier=True))
    assert progress.time_left() == "time left not known yet"
    clock[0] += 10
    progress.show(Event(1, 5))
    assert progress.time_left() == "about 30 s left"  # 15 epochs at half an epoch a second


def test_without_a_terminal_lines_are_few(capsys):
    progress = RunsProgress(total=1, epochs=1000)
    for epoch in range(1, 1001):
        progress.show(Event(0, epoch))
    progress.show(Event(0, 1000, {"epochs": 1000}))
    assert len(capsys.readouterr().err.splitlines()) == LINES + 1


@pytest.mark.parametrize("kernel", [True, False])
def test_in_a_notebook_there_is_a_bar_and_in_an_interactive_shell_without_a_terminal_there_is_none(
    monkeypatch, kernel
):
    shell = SimpleNamespace(**{"kernel": object()} if kernel else {})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    progress = RunsProgress(total=1, epochs=3)
    assert (progress.bar is not None) == kernel
    progress.close()
