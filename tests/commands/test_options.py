"""Every path on the command line is found in the home of the user, and none may be empty."""

import argparse

import pytest

from mnist_softmax.cli import COMMANDS, main
from mnist_softmax.commands.options import names_and_pairs

PLACES = ("NAME", "DIR", "FILE", "RUN_DIR", "PICTURE", "CONFIG")


def actions(name):
    parser = argparse.ArgumentParser()
    COMMANDS[name].add_arguments(parser)
    return [action for action in parser._actions if action.metavar in PLACES]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "configs"])
def test_a_path_may_begin_with_the_home_of_the_user(name, monkeypatch):
    monkeypatch.setenv("HOME", "/home/of/somebody")
    for action in actions(name):
        assert action.type("~/x") == "/home/of/somebody/x"
        assert action.type("a/~") == "a/~"


@pytest.mark.parametrize(
    "words",
    [["train", "--config", ""], ["train", "--config", "loglik", "--output", ""], ["evaluate", ""], ["report", ""],
     ["compare", "", "--output", "x"], ["compare", "loglik", "--output", ""], ["curves", "x", "--plot", ""],
     ["reproduce", "--recordings="], ["explain", "--run="], ["export", "", "--format", "npz"], ["predict", "x", ""]],
)  # fmt: skip
def test_an_empty_word_is_no_path(words, capsys):
    assert main(words) == 2
    assert "expected a path, found an empty word" in capsys.readouterr().err


def test_a_folder_of_the_home_is_written_into(config, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["train", "--config", str(config), "--output=~/run", "training.epochs=1"]) == 0
    assert main(["train", "--config", str(config), "output.directory=~/runs", "training.epochs=1"]) == 0
    assert (tmp_path / "run" / "summary.json").exists()
    assert (tmp_path / "runs" / "small" / "seed-0" / "summary.json").exists()
    assert not (tmp_path / "~").exists()


def test_among_names_a_pair_is_what_is_not_on_disk(tmp_path, monkeypatch):
    """A sweep calls folders learning_rate=0.1; a pair may be longer than any name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "l2=5").mkdir()
    long = "network.layers=" + "1" * 5000
    assert names_and_pairs(["a", "l2=5", "l2=6", long], ["b=1"]) == (["a", "l2=5"], ["l2=6", long, "b=1"])


@pytest.mark.parametrize("words", [
    ["evaluate", "{run}"], ["evaluate", "{run}", "{other}"], ["curves", "{run}"], ["explain", "--run", "{run}"],
    ["export", "{run}", "--format", "npz"], ["lab", "{run}", "data.source=sample"],
])  # fmt: skip
def test_every_command_that_takes_runs_takes_those_of_a_sweep(words, config, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    sweep = ["sweep", "--config", str(config), "--grid", "training.l2=0,1", "--seeds", "1", "--jobs", "1"]
    assert main([*sweep, "--output", "out"]) == 0
    capsys.readouterr()
    run, other = "out/runs/l2=0/seed-0", "out/runs/l2=1/seed-0"
    code, err = main([word.format(run=run, other=other) for word in words]), capsys.readouterr().err
    if words[0] == "lab":  # which shows no network of so few inputs
        assert err.startswith(f"error: {run}: ")
    else:
        assert (code, err) == (0, "")
