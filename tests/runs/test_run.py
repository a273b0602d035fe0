"""A run on disk: what it holds, that it is never lost, and that it goes on to the same bits."""

import fcntl
import json
import os
import pty
import random
import signal
import struct
import subprocess
import sys
import termios
import time

import numpy as np
import pytest
import yaml
from small_run import command, run_train, wait_until, write_digits

pytestmark = pytest.mark.slow


def model(directory):
    with np.load(directory / "model.npz") as stored:
        return {name: stored[name].tobytes() for name in stored.files}


def metrics(directory):
    """The records without their seconds, the one thing that differs between equal runs."""
    lines = (directory / "metrics.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]


def one_line(result, code):
    """The error of a command that failed as it should: one line, no traceback."""
    assert result.returncode == code, result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.stderr
    return lines[0]


def test_a_finished_run_holds_its_config_metrics_model_and_summary(config, tmp_path):
    result = run_train("--config", config, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    run = tmp_path / "runs" / "small" / "seed-0"
    resolved = yaml.safe_load((run / "config.yaml").read_text())
    assert resolved["training"]["epochs"] == 4
    assert resolved["training"]["dtype"] == "float32"
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [record["epoch"] for record in records] == [1, 2, 3, 4]
    for key in ("learning_rate", "seconds", "train_cost", "validation_accuracy", "test_accuracy"):
        assert all(isinstance(record[key], float) for record in records)
    assert all(0 <= record["test_accuracy"] <= 1 for record in records)
    with np.load(run / "model.npz") as stored:
        assert {name: stored[name].shape for name in stored.files} == {
            "w1": (16, 6), "b1": (6,), "w2": (6, 4), "b2": (4,),
        }  # fmt: skip
    summary = json.loads((run / "summary.json").read_text())
    assert summary["status"] == "finished"
    assert summary["final"] == records[-1]
    best = max(records, key=lambda record: record["validation_accuracy"])
    assert summary["best_by_validation"] == best
    assert summary["data"]["train"] == 250
    assert summary["environment"]["blas"][0]["num_threads"] == 1
    assert not [path for path in run.iterdir() if path.suffix == ".tmp" or path.name.startswith(".c")]


def test_off_a_terminal_the_console_is_plain_lines_one_an_epoch(config, tmp_path):
    result = run_train("--config", config, cwd=tmp_path)
    assert "\r" not in result.stdout + result.stderr
    assert "\x1b" not in result.stdout + result.stderr
    lines = result.stdout.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("epoch"))
    assert [line.split()[0] for line in lines[start + 1 : start + 5]] == ["1", "2", "3", "4"]
    assert len({len(line) for line in lines[start : start + 5]}) == 1  # aligned
    assert "runs/small/seed-0" in lines[-1]


def on_a_terminal(words, **environment):
    """All that a command writes to a terminal of 80 columns."""
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    everything = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM")}
    process = subprocess.Popen(
        words, env=everything | environment, stdout=terminal, stderr=terminal, stdin=terminal
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:  # the terminal was closed at the other end
            piece = b""
        if not piece:
            break
        shown += piece
    os.close(master)
    assert process.wait(timeout=60) == 0
    return shown


def test_on_a_terminal_a_bar_follows_the_mini_batches(config, tmp_path):
    shown = on_a_terminal(command("--config", config, "--output", tmp_path / "run"), TERM="xterm")
    assert b"0.00/25.0" in shown
    assert b"mini-batches/s" in shown


def test_a_warning_is_coloured_on_a_terminal_unless_no_color_is_set(config, tmp_path):
    say = "from mnist_softmax.commands.console import warn; warn('look')"
    words = [sys.executable, "-c", say]
    assert b"\x1b[" in on_a_terminal(words, TERM="xterm")
    assert b"\x1b[" not in on_a_terminal(words, TERM="xterm", NO_COLOR="1")
    assert b"\x1b[" not in on_a_terminal(words, TERM="dumb")


def test_same_seed_same_bits_and_another_seed_others(config, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        assert run_train("--config", config, "--output", tmp_path / name, f"seed={seed}").returncode == 0
    assert model(tmp_path / "a") == model(tmp_path / "b")
    assert metrics(tmp_path / "a") == metrics(tmp_path / "b")
    assert model(tmp_path / "a") != model(tmp_path / "c")


def test_a_finished_run_trained_on_equals_a_long_one(config, tmp_path):
    long, short = tmp_path / "long", tmp_path / "short"
    assert run_train("--config", config, "--output", long, "training.epochs=6").returncode == 0
    assert run_train("--config", config, "--output", short, "training.epochs=2").returncode == 0
    assert run_train("--config", config, "--output", short, "--resume", "training.epochs=6").returncode == 0
    assert model(short) == model(long)
    assert metrics(short) == metrics(long)


def test_killed_at_random_instants_and_resumed_it_ends_with_the_same_bits(config, tmp_path):
    write_digits(tmp_path / "digits.npz", 12_000)
    settings = ("--config", config, "training.epochs=30", "training.early_stopping={patience: 29}")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    began = time.perf_counter()
    assert run_train(*settings, "--output", whole).returncode == 0
    lasts = time.perf_counter() - began
    rng = random.Random(0)
    kills = 0
    for _ in range(60):
        process = subprocess.Popen(
            command(*settings, "--output", killed, *(["--resume"] if killed.exists() else [])),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            process.wait(timeout=rng.uniform(0.4, 0.8) * lasts)
        except subprocess.TimeoutExpired:
            process.kill()
            kills += 1
        _, errors = process.communicate()
        assert b"Traceback" not in errors
        if process.returncode == 0:
            break
        if (killed / "summary.json").exists():  # killed after its last file was written
            break
    assert kills >= 1
    assert model(killed) == model(whole)
    assert metrics(killed) == metrics(whole)


def test_interrupted_it_keeps_its_checkpoint_and_says_how_to_resume(config, tmp_path):
    settings = ("--config", config, "training.epochs=100000", "--output", tmp_path / "run")
    process = subprocess.Popen(
        command(*settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell's job in the background ignores interrupts, and so would every process started by its tests
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    checkpoint = tmp_path / "run" / "checkpoint.npz"
    wait_until(checkpoint.exists, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume" in errors
    assert "Traceback" not in errors
    assert checkpoint.exists()
    kept = len(metrics(tmp_path / "run"))
    result = run_train(*settings, "--resume", f"training.epochs={kept + 5}")
    assert result.returncode == 0, result.stderr
    assert [record["epoch"] for record in metrics(tmp_path / "run")] == list(range(1, kept + 6))


def test_a_finished_run_is_left_alone_by_every_other_question_unless_overwritten(config, tmp_path):
    run = tmp_path / "run"
    assert run_train("--config", config, "--output", run).returncode == 0
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    for extra in (["seed=1"], ["--resume"], ["--resume", "training.l2=2"]):
        line = one_line(run_train("--config", config, "--output", run, *extra), 2)
        assert "--overwrite" in line
        assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    assert run_train("--config", config, "--output", run, "--overwrite", "seed=1").returncode == 0
    assert (run / "model.npz").read_bytes() != before["model.npz"]


def test_an_unfinished_run_of_another_config_is_not_resumed(config, tmp_path):
    run = tmp_path / "run"
    assert run_train("--config", config, "--output", run).returncode == 0
    (run / "summary.json").unlink()
    line = one_line(run_train("--config", config, "--output", run, "--resume", "training.l2=2"), 2)
    assert "training.l2 was 0.1, is now 2.0" in line
    assert "unfinished" in one_line(run_train("--config", config, "--output", run), 2)


def test_a_run_is_not_resumed_on_other_data(config, tmp_path):
    run = tmp_path / "run"
    assert run_train("--config", config, "--output", run, "training.epochs=2").returncode == 0
    with np.load(tmp_path / "digits.npz") as stored:
        arrays = dict(stored)
    arrays["x_train"][0] ^= 1
    np.savez(tmp_path / "digits.npz", **arrays)
    line = one_line(run_train("--config", config, "--output", run, "--resume"), 2)
    assert "other data" in line


def test_a_directory_that_holds_something_else_is_refused(config, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
    for extra in ([], ["--resume"], ["--overwrite"]):
        assert "--output" in one_line(run_train("--config", config, "--output", tmp_path / "photos", *extra), 2)
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["cat.jpg"]
    one_line(run_train("--config", config, "--output", tmp_path / "photos" / "cat.jpg"), 2)


def test_a_second_process_on_the_same_run_is_refused(config, tmp_path):
    settings = ("--config", config, "training.epochs=100000", "--output", tmp_path / "run")
    process = subprocess.Popen(command(*settings), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        while not process.stdout.readline().strip().startswith("2 "):
            assert process.poll() is None
        for extra in ([], ["--resume"], ["--overwrite"]):
            assert "another process" in one_line(run_train(*settings, *extra), 2)
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def test_divergence_is_exit_4_with_the_epoch_and_the_rate_and_a_summary(config, tmp_path):
    run = tmp_path / "run"
    result = run_train(
        "--config", config, "--output", run, "network.output_activation=linear", "network.cost=quadratic",
        "training.learning_rate=1e6",
    )  # fmt: skip
    line = one_line(result, 4)
    assert "epoch 1" in line
    assert "1e+06" in line
    assert json.loads((run / "summary.json").read_text())["status"] == "diverged"


def test_divergence_by_a_penalty_that_turns_the_weights_round_names_the_penalty(config, tmp_path):
    result = run_train(
        "--config", config, "--output", tmp_path / "run", "training.l2=20000", "training.momentum=0"
    )
    line = one_line(result, 4)
    assert "training.l2 or training.learning_rate (1 - eta lambda/n is -39)" in line  # 1 - 0.5 * 20000 / 250


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_an_output_that_is_full_is_not_blamed_on_the_run_directory(config, tmp_path):
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            command("--config", config, "--output", tmp_path / "run"),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert "standard output: No space left" in one_line(result, 2)


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("network.layers=[15,6,4]", "16 pixels"),
        ("network.layers=[16,6,10]", "4 classes"),
        ("training.mini_batch_size=251", "250 training images"),
        ("data.training_size=251", "250"),
    ],
)
def test_a_network_that_does_not_fit_the_data_is_exit_2(config, tmp_path, override, says):
    line = one_line(run_train("--config", config, "--output", tmp_path / "run", override), 2)
    assert says in line
    assert not (tmp_path / "run").exists()


def test_a_mini_batch_that_does_not_divide_the_data_is_trained_on(config, tmp_path):
    for m in (7, 250):
        result = run_train("--config", config, "--output", tmp_path / f"m{m}", f"training.mini_batch_size={m}")
        assert result.returncode == 0, result.stderr


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MB; needs the right to mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield place
    subprocess.run(["umount", place], check=True)


def fill_up(path):
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"0" * 4096)
        except OSError:
            return


def test_a_full_disk_leaves_the_checkpoint_before_it_whole(config, tmp_path, small_disk):
    run, rest = small_disk / "run", small_disk / "rest"
    settings = ("--config", config, "--output", run)
    assert run_train(*settings, "training.epochs=2").returncode == 0
    before = (run / "checkpoint.npz").read_bytes()
    fill_up(rest)
    line = one_line(run_train(*settings, "--resume", "training.epochs=4"), 2)
    assert "No space left" in line
    assert "--resume" in line
    assert (run / "checkpoint.npz").read_bytes() == before
    rest.unlink()
    assert run_train(*settings, "--resume", "training.epochs=4").returncode == 0
    assert run_train("--config", config, "--output", tmp_path / "whole").returncode == 0
    assert model(run) == model(tmp_path / "whole")


def test_a_read_only_output_directory_is_one_line(config, tmp_path):
    place = tmp_path / "read_only"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        place.chmod(0o555)
        if os.access(place, os.W_OK):
            pytest.skip("needs a directory that cannot be written")
    try:
        line = one_line(run_train("--config", config, "--output", place / "run"), 2)
        assert "cannot be written" in line
    finally:
        if not mounted.returncode:
            subprocess.run(["umount", place], check=True)


def test_a_damaged_checkpoint_is_one_line(config, tmp_path):
    run = tmp_path / "run"
    assert run_train("--config", config, "--output", run).returncode == 0
    (run / "summary.json").unlink()
    content = (run / "checkpoint.npz").read_bytes()
    (run / "checkpoint.npz").write_bytes(content[: len(content) // 2])
    assert "is damaged" in one_line(run_train("--config", config, "--output", run, "--resume"), 2)


def everything(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != ".lock"}


@pytest.mark.parametrize("fault", ["other data", "damaged checkpoint"])
def test_a_finished_run_that_cannot_be_trained_on_is_left_as_it_is(config, tmp_path, fault):
    run = tmp_path / "run"
    assert run_train("--config", config, "--output", run, "training.epochs=2").returncode == 0
    if fault == "other data":
        with np.load(tmp_path / "digits.npz") as stored:
            arrays = dict(stored)
        arrays["x_train"][0] ^= 1
        np.savez(tmp_path / "digits.npz", **arrays)
    else:
        (run / "checkpoint.npz").write_bytes(b"PK no more")
    before = everything(run)
    one_line(run_train("--config", config, "--output", run, "--resume", "training.epochs=4"), 2)
    assert everything(run) == before


def test_fewer_epochs_than_have_been_trained_are_refused(config, tmp_path):
    run = tmp_path / "run"
    assert run_train("--config", config, "--output", run).returncode == 0
    (run / "summary.json").unlink()
    before = everything(run)
    line = one_line(run_train("--config", config, "--output", run, "--resume", "training.epochs=2"), 2)
    assert "has trained 4 epochs" in line
    assert everything(run) == before


def test_a_config_yaml_of_somebody_else_is_not_overwritten(config, tmp_path):
    place = tmp_path / "site"
    place.mkdir()
    (place / "config.yaml").write_text("mine: 1\n")
    (place / "model.npz").write_bytes(b"mine")
    before = everything(place)
    assert "not of a run" in one_line(run_train("--config", config, "--output", place, "--overwrite"), 2)
    assert everything(place) == before


@pytest.mark.parametrize("mode", ["new", "--resume", "--overwrite"])
def test_a_config_is_not_taken_for_a_run_because_of_its_name(config, tmp_path, mode):
    place = tmp_path / "mine"
    place.mkdir()
    (place / "config.yaml").write_text("# my comment\n" + config.read_text())
    before = everything(place)
    words = ("--config", place / "config.yaml", "--output", place, *([] if mode == "new" else [mode]))
    assert "not of a run" in one_line(run_train(*words), 2)
    assert everything(place) == before


def test_a_run_killed_before_its_first_record_goes_on(config, tmp_path):
    run = tmp_path / "run"
    assert run_train("--config", config, "--output", run, "training.epochs=1").returncode == 0
    for name in ("summary.json", "model.npz", "checkpoint.npz", "metrics.jsonl"):
        (run / name).unlink()
    assert run_train("--config", config, "--output", run, "--resume", "training.epochs=1").returncode == 0


def test_a_config_whose_name_is_a_folder_above_trains_nowhere_else(config, tmp_path):
    (tmp_path / "...yaml").write_text(config.read_text())
    assert "rename the file" in one_line(run_train("--config", "...yaml", cwd=tmp_path), 2)
    assert not (tmp_path / "runs").exists()
    assert run_train("--config", "...yaml", "--output", "run", cwd=tmp_path).returncode == 0


def test_resumed_with_other_kernels_a_run_says_so_on_the_screen_and_in_its_summary(config, tmp_path):
    run = tmp_path / "run"
    settings = ("--config", config, "--output", run)
    assert run_train(*settings, "training.epochs=2").returncode == 0
    with np.load(run / "checkpoint.npz") as stored:
        arrays = dict(stored)
    then = str(arrays["arithmetic"])
    np.savez(run / "checkpoint.npz", **arrays | {"arithmetic": then + "'s elder sister"})
    result = run_train(*settings, "--resume")
    assert result.returncode == 0
    assert f"epochs 1 to 2 were trained with {then}'s elder sister" in result.stderr
    assert len(json.loads((run / "summary.json").read_text())["warnings"]) == 1
    assert run_train(*settings, "--resume", "training.epochs=5").stderr == ""


def test_a_checkpoint_that_holds_its_history_itself_is_still_resumed(config, tmp_path):
    """As they were written before the history had a file of its own."""
    settings = ("--config", config, "--output", tmp_path / "run")
    assert run_train(*settings, "training.epochs=2").returncode == 0
    with np.load(tmp_path / "run" / "checkpoint.npz") as stored:
        arrays = dict(stored)
    del arrays["arithmetic"]
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    np.savez(tmp_path / "run" / "checkpoint.npz", **arrays | {"history": f"[{', '.join(lines)}]"})
    (tmp_path / "run" / "metrics.jsonl").unlink()
    (tmp_path / "run" / "summary.json").unlink()
    assert run_train(*settings, "--resume").returncode == 0
    assert run_train("--config", config, "--output", tmp_path / "whole").returncode == 0
    assert model(tmp_path / "run") == model(tmp_path / "whole")
    assert metrics(tmp_path / "run") == metrics(tmp_path / "whole")


@pytest.mark.parametrize("fault", ["changed", "shorter", "gone"])
def test_a_history_that_is_not_the_checkpoints_is_refused_and_left(config, tmp_path, fault):
    run = tmp_path / "run"
    assert run_train("--config", config, "--output", run).returncode == 0
    (run / "summary.json").unlink()
    records = (run / "metrics.jsonl").read_text()
    if fault == "gone":
        (run / "metrics.jsonl").unlink()
    else:
        (run / "metrics.jsonl").write_text(records.replace('"epoch": 2', '"epoch": 3') if fault == "changed"
                                           else records[:-1])  # fmt: skip
    before = everything(run)
    line = one_line(run_train("--config", config, "--output", run, "--resume", "training.epochs=5"), 2)
    assert "metrics.jsonl: is " in line
    assert everything(run) == before
