"""Disks that refuse what can be done without, or a file's reading: nothing is lost, nothing is blamed wrongly."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_run import ROOT, command, run_command, run_train

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux" or not shutil.which("gcc"), reason="needs Linux and gcc"),
]


@pytest.fixture(scope="session")
def preloaded(tmp_path_factory):
    """The environment of a program that runs on a disk as refusing.c makes it."""
    library = tmp_path_factory.mktemp("disk") / "refusing.so"
    source = Path(__file__).with_name("refusing.c")
    words = ["gcc", "-shared", "-fPIC", "-O1", "-U_FILE_OFFSET_BITS", "-o", str(library), str(source), "-ldl"]
    if (built := subprocess.run(words, capture_output=True, text=True)).returncode:
        pytest.skip(built.stderr)

    def environment(**how):
        return os.environ | how | {"LD_PRELOAD": str(library)}

    return environment


def refusing(*codes):
    return " ".join(f"{call}={code}" for call, code in codes)


@pytest.mark.parametrize(
    "refused",
    [
        refusing(("chmod", errno.EPERM)),
        refusing(("fsync", errno.EINVAL)),
        refusing(("flock", errno.ENOLCK)),
        refusing(("chmod", errno.EPERM), ("fsync", errno.ENOSYS), ("flock", errno.ENOSYS)),
    ],
)
def test_what_can_be_done_without_is_done_without(config, tmp_path, preloaded, refused):
    disk = preloaded(REFUSED=refused)
    settings = ("--config", config, "--output", tmp_path / "run")
    for words in (("training.epochs=2",), ("--resume", "training.epochs=4")):
        result = run_train(*settings, *words, env=disk)
        assert (result.returncode, result.stderr) == (0, "")
    assert run_train("--config", config, "--output", tmp_path / "whole").returncode == 0
    assert (tmp_path / "run" / "model.npz").read_bytes() == (tmp_path / "whole" / "model.npz").read_bytes()


def test_without_locks_a_second_process_is_refused_and_a_killed_one_is_not_waited_for(
    config, tmp_path, preloaded
):
    disk = preloaded(REFUSED=refusing(("flock", errno.ENOLCK)))
    settings = ("--config", config, "--output", tmp_path / "run")
    first = subprocess.Popen(
        command(*settings, "training.epochs=1000000"), env=disk, stdout=subprocess.PIPE, text=True
    )
    while not first.stdout.readline().strip().startswith("2 "):
        assert first.poll() is None
    second = run_train(*settings, "--overwrite", env=disk)
    assert second.returncode == 2
    assert f"another process ({first.pid} on " in second.stderr
    first.kill()
    first.communicate()
    assert run_train(*settings, "--overwrite", env=disk).returncode == 0


def test_a_sync_that_fails_is_a_line_and_the_run_is_resumed_when_it_works(config, tmp_path, preloaded):
    settings = ("--config", config, "--output", tmp_path / "run")
    assert run_train(*settings, "training.epochs=2").returncode == 0
    result = run_train(*settings, "--resume", env=preloaded(REFUSED=refusing(("fsync", errno.EIO))))
    assert result.returncode == 2
    assert f"{tmp_path / 'run'}: cannot be written: Input/output error" in result.stderr
    assert run_train(*settings, "--resume").returncode == 0


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    """A finished comparison of two small configs, and an unfinished run."""
    from small_run import CONFIG, write_digits

    folder = tmp_path_factory.mktemp("comparison")
    write_digits(folder / "digits.npz")
    configs = [folder / "a.yaml", folder / "b.yaml"]
    for path, l2 in zip(configs, ("0.1", "0.2"), strict=True):
        path.write_text(CONFIG.format(path=folder / "digits.npz").replace("l2: 0.1", f"l2: {l2}"))
    result = run_command("compare", *configs, "--seeds", 1, "--jobs", 1, "--output", folder / "c")
    assert result.returncode == 0, result.stderr
    assert run_train("--config", configs[0], "--output", folder / "run").returncode == 0
    (folder / "run" / "summary.json").unlink()
    return folder


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "run/checkpoint.npz",
            ("train", "--config", "a.yaml", "--output", "run", "--resume", "training.epochs=5"),
        ),
        (
            "run/metrics.jsonl",
            ("train", "--config", "a.yaml", "--output", "run", "--resume", "training.epochs=5"),
        ),
        (
            "run/config.yaml",
            ("train", "--config", "a.yaml", "--output", "run", "--resume", "training.epochs=5"),
        ),
        ("seed-0/summary.json", ("report", "c")),
        ("seed-0/metrics.jsonl", ("report", "c")),
        ("seed-0/model.npz", ("report", "c")),
        ("study.json", ("report", "c")),
        ("exhibits.json", ("report", "c")),
        ("slowdown.json", ("report", "c")),
        ("seed-0/model.npz", ("evaluate", "c/runs/a/seed-0")),
        ("seed-0/config.yaml", ("evaluate", "c/runs/a/seed-0")),
        ("seed-0/metrics.jsonl", ("curves", "c/runs/a/seed-0")),
    ],
)
def test_a_file_that_may_not_be_read_is_not_called_damaged_and_nothing_is_to_be_destroyed(
    comparison, preloaded, name, words
):
    result = run_command(*words, cwd=comparison, env=preloaded(UNREADABLE=name, PYTHONPATH=str(ROOT)))
    [line] = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert result.returncode == 2
    assert f"{name}: cannot be read: Permission denied" in line
    assert "damaged" not in line
    assert "--overwrite" not in line
    assert "another" not in line
