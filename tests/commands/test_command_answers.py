"""What a command line asks for is done, or refused in a line: never left out without a word."""

import json
import os
import shutil

import numpy as np
import pytest

from mnist_softmax.cli import main
from mnist_softmax.comparison import sweep
from mnist_softmax.config.file import load_config
from mnist_softmax.runs import many


@pytest.fixture
def command(config, tmp_path, monkeypatch, capsys):
    """`command("train", ...)`: its exit code, output and errors, in a folder with small.yaml and digits.npz."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        capsys.readouterr()
        try:
            code = main([*map(str, words)])
        except SystemExit as ended:
            code = ended.code
        return code, *capsys.readouterr()

    return run


SMALL = ("--config", "small.yaml", "training.epochs=1")


@pytest.mark.parametrize("override", ["seed=5", "output.directory=elsewhere", "output={directory: x}"])
def test_what_compare_and_sweep_choose_themselves_cannot_be_overridden(command, override):
    for words in (["compare", "small.yaml"], ["sweep", "--config", "small.yaml", "--grid", "training.l2=0,1"]):
        code, _, err = command(*words, "--output", "out", override)
        assert code == 2
        assert err.startswith(f"error: {override}: ")
    assert not os.path.exists("out")


@pytest.mark.parametrize("words", [["--seeds", 10**9], ["--seeds", 10**30]])
def test_more_runs_than_anybody_trains_are_refused_at_once(command, words):
    for begin in (
        ["compare", "small.yaml"],
        ["sweep", "--config", "small.yaml", "--grid", "training.l2=0,1", "--yes"],
    ):
        code, _, err = command(*begin, "--output", "out", *words)
        assert code == 2
        assert "more than 20,000 runs" in err
    code, _, err = command("reproduce", "ch3_overfit_1000", *words)
    assert (code, "expected at most" in err) == (2, True)
    code, _, err = command(
        "sweep", *SMALL[:2], "--range", "training.l2=0:1", "--random", 10**9, "--yes", "--output", "out"
    )
    assert (code, "more than 20,000 runs" in err) == (2, True)
    assert not os.path.exists("out")


def test_data_that_were_moved_are_known_by_their_checksum(command, tmp_path):
    assert command("train", *SMALL, "--output", "run")[0] == 0
    (tmp_path / "elsewhere").mkdir()
    shutil.move("digits.npz", "elsewhere/moved.npz")
    there = "data.path=elsewhere/moved.npz"
    code, _, err = command(
        "train", "--config", "small.yaml", "training.epochs=2", "--output", "run", "--resume", there
    )
    assert code == 0, err
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["epochs"] == 2
    code, _, err = command("evaluate", "run", f"data.path={tmp_path}/elsewhere/moved.npz")
    assert (code, err) == (0, "")
    with np.load("elsewhere/moved.npz") as file:
        np.savez("other.npz", **(dict(file) | {"x_train": file["x_train"][::-1]}))
    code, _, err = command(
        "train",
        "--config",
        "small.yaml",
        "training.epochs=3",
        "--output",
        "run",
        "--resume",
        "data.path=other.npz",
    )
    assert code == 2
    assert "other data" in err
    code, _, err = command("evaluate", "run", "data.path=other.npz")
    assert (code, "was trained on other data" in err) == (0, True)
    code, _, err = command("evaluate", "run", "seed=3")
    assert (code, "only data.* may be changed" in err) == (2, True)


@pytest.mark.slow
def test_a_comparison_goes_on_when_its_data_were_moved(command, tmp_path):
    words = ("compare", "small.yaml", "--output", "out", "--jobs", "1", "training.epochs=1")
    assert command(*words, "--seeds", "1")[0] == 0
    shutil.move("digits.npz", "moved.npz")
    code, _, err = command(*words, "--seeds", "2", "data.path=moved.npz")
    assert code == 0, err
    with np.load("moved.npz") as file:
        np.savez("other.npz", **(dict(file) | {"x_train": file["x_train"][::-1]}))
    code, _, err = command(*words, "--seeds", "2", "data.path=other.npz")
    assert (code, "other data" in err) == (2, True)


@pytest.mark.slow
def test_the_same_data_under_two_paths_are_the_same_and_others_are_not(command, tmp_path):
    small = (tmp_path / "small.yaml").read_text()
    shutil.copy("digits.npz", "copy.npz")
    with np.load("digits.npz") as file:
        np.savez("other.npz", **(dict(file) | {"x_train": file["x_train"][::-1]}))
    for name in ("copy", "other"):
        (tmp_path / f"{name}.yaml").write_text(
            small.replace("digits.npz", f"{name}.npz").replace("0.5}", "0.4}")
        )
    words = ("--jobs", "1", "--seeds", "1", "training.epochs=1")
    assert command("compare", "small.yaml", "copy.yaml", "--output", "out", *words)[0] == 0
    code, _, err = command("compare", "small.yaml", "other.yaml", "--output", "out2", *words)
    assert (code, "are for different data" in err) == (2, True)


@pytest.mark.slow
def test_curves_shows_the_runs_of_a_comparison(command):
    assert command("compare", *SMALL[1:], "--output", "out", "--jobs", "1", "--seeds", "2")[0] == 0
    code, out, _ = command("curves", "out")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["seed-0", "seed-1"] or "small/seed-1" in out


@pytest.mark.parametrize("jobs", [-1, None])
def test_minus_one_is_a_process_a_core(config, tmp_path, monkeypatch, jobs):
    asked = []
    monkeypatch.setattr(many.joblib, "cpu_count", lambda: 3)
    monkeypatch.setattr(
        many.processes, "train", lambda tasks, cohorts, checksums, jobs: asked.append(jobs) or (_ for _ in ())
    )
    tasks = [many.Task(load_config(config, f"seed={k}"), tmp_path / str(k)) for k in range(5)]
    with pytest.raises(KeyError):  # nothing was trained
        many.train_all(tasks, jobs)
    assert asked == [3]


def test_a_worker_of_a_cluster_is_told_where_the_data_lie(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = load_config(config, "data.path=digits.npz")
    assert many._anywhere(settings).data.path == str(tmp_path / "digits.npz")
    assert many._anywhere(load_config("loglik")) == load_config("loglik")


@pytest.mark.parametrize("jobs", [0, -2])
def test_no_process_at_all_trains_nothing(command, jobs):
    for words in (["compare", "small.yaml", "--output", "out"], ["reproduce", "ch3_overfit_1000"]):
        code, _, err = command(*words, "--jobs", jobs)
        assert code == 2
        assert f"jobs {jobs}: expected at least 1, or -1 for one a core" in err


@pytest.mark.parametrize("form", ["4:9", "4:9:log", "1:3", "1:3:log"])
def test_a_range_of_a_whole_number_gives_whole_numbers_its_ends_too(form):
    ranges = sweep.parse_ranges([f"training.mini_batch_size={form}"], {})
    points = sweep.choose_points({}, ranges, 50, 0)
    low, high = map(int, form.split(":")[:2])
    found = [point["training.mini_batch_size"] for point in points]
    assert all(type(value) is int for value in found)
    assert sorted(found) == [*range(low, high + 1)]  # each once: a point is not drawn twice
    with pytest.raises(sweep.ConfigError, match="is a whole number"):
        sweep.parse_ranges(["training.epochs=1.5:3"], {})
    [(value, *_)] = [
        each.values() for each in sweep.choose_points({}, sweep.parse_ranges(["training.l2=1:3"], {}), 1, 0)
    ]
    assert value != int(value)


@pytest.mark.slow
def test_names_of_configs_may_be_bytes_that_are_no_utf8(command, tmp_path):
    odd = tmp_path / os.fsdecode(b"b\xff.yaml")
    shutil.move("digits.npz", tmp_path / os.fsdecode(b"d\xfe.npz"))
    small = (tmp_path / "small.yaml").read_text().replace("0.5}", "0.4}")
    odd.write_text(small)
    folder = tmp_path / os.fsdecode(b"out\xfd")
    where = os.fsdecode(b"data.path=d\xfe.npz")
    words = (where, "training.epochs=1", "--jobs", "1", "--seeds", "2", "--output", folder)
    code, out, err = command("compare", "small.yaml", odd, *words)
    assert code == 0, err
    assert r"b\udcff" in out
    assert r"b\udcff" in (folder / "report.html").read_text()
    assert r"b\\udcff" in (folder / "results.md").read_text()
    assert command("report", folder)[0] == 0
    assert command("compare", "small.yaml", odd, *words)[0] == 0
    assert command("curves", folder, "--plot", folder / "c.svg", "--csv", folder / "c.csv")[0] == 0


def test_memory_is_blamed_on_what_takes_it(command):
    code, _, err = command("train", *SMALL, "network.layers=[16, 1000000, 1000000, 4]")
    assert (code, "network.layers would take" in err) == (2, True)
    code, _, err = command(
        "train",
        *SMALL,
        "randomness={kind: book, earlier_runs: [{initializer: scaled, images: 10000000000, epochs: 1}]}",
    )
    assert (code, "randomness.earlier_runs.0.images" in err) == (2, True)
