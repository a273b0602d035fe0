"""The command line: what it answers to right and to wrong words."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from small_run import ROOT, run_command, run_train

from mnist_softmax import __version__
from mnist_softmax.commands.line import COMMANDS
from mnist_softmax.config.file import load_config
from mnist_softmax.errors import RunDirectoryError
from mnist_softmax.runs.directory import RunDirectory

CONFIGS = ROOT / "configs"


@pytest.fixture
def finished(config, tmp_path):
    """A finished run directory."""
    assert run_train("--config", config, "--output", tmp_path / "run").returncode == 0
    return tmp_path / "run"


def errors(result, code):
    assert result.returncode == code, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return [line for line in result.stderr.splitlines() if "error: " in line]


def test_help_names_every_command_and_the_exit_codes():
    result = run_command("--help")
    assert result.returncode == 0
    for word in (*COMMANDS, "exit codes", "130"):
        assert word in result.stdout


def test_without_a_word_it_helps():
    result = run_command()
    assert result.returncode == 0
    assert result.stdout == run_command("--help").stdout


def test_its_version_is_that_of_the_package():
    assert run_command("--version").stdout == f"mnist-softmax {__version__}\n"


@pytest.mark.parametrize("name", ["train", "evaluate", "data", "configs"])
def test_every_command_has_a_short_help(name):
    result = run_command(name, "--help")
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) < 25


@pytest.mark.parametrize("words", [["--help"], [], ["train", "--help"], ["--version"], ["fly"]])
def test_help_loads_no_library(words):
    """So it is instant."""
    code = (
        "import sys; from mnist_softmax.cli import main\n"
        f"try: main({words})\n"
        "except SystemExit: pass\n"
        "print([m for m in ('numpy', 'scipy', 'pydantic', 'yaml', 'sklearn', 'tqdm') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert result.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "words",
    [["fly"], ["train"], ["train", "--config"], ["evaluate"], ["evaluate", "x", "seed=1"],
     ["train", "--config", "c.yaml", "--resume", "--overwrite"], ["train", "--config", "c.yaml", "--fast"],
     ["train", "--config", "c.yaml", "epochs"]],
)  # fmt: skip
def test_wrong_usage_is_exit_2(words):
    assert len(errors(run_command(*words), 2)) == 1


def test_an_unknown_command_is_refused_with_the_nearest():
    assert errors(run_command("trian"), 2) == ["error: trian: no such command; did you mean train?"]
    [line] = errors(run_command("fly"), 2)
    assert all(name in line for name in COMMANDS)


def test_a_word_that_is_not_understood_is_named_and_no_other():
    [line] = errors(run_command("train", "--config", "loglik", "seed=1", "word", "training.epochs=2"), 2)
    assert "arguments: word (" in line
    [line] = errors(run_command("report", "somewhere", "seed=1"), 2)
    assert "arguments: seed=1 (" in line
    assert "override" not in line  # report takes none
    [line] = errors(run_command("evaluate", "a", "--split", "test", "b"), 2)
    assert "arguments: b (names stand together, before the options; an override is written" in line


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["train", "--confg", "loglik"], "--confg: train has no such option; did you mean --config?"),
        (["train", "--config=x", "--outptu=y"], "--outptu: train has no such option; did you mean --output?"),
        (["compare", "a", "b", "--seed=3", "--out"], "--out: compare has no such option; did you mean --output?"),
        (["curves", "x", "--fast"], "--fast: curves has no such option; see mnist-softmax curves --help"),
        (["report", "x", "--seed=1"], "--seed: report has no such option; see mnist-softmax report --help"),
        (["lab", "--json"], "--json: lab has no such option; it is one of explain, predict"),  # not --open
        (["train", "--config", "loglik", "--training.epochs", "3"],
         "--training.epochs: train has no such option; a key of the config is written training.epochs=VALUE"),
        (["train", "--config", "loglik", "--trainig.epochs=3"],
         "command line: unknown key 'trainig'; did you mean 'training'?"),
    ],
)  # fmt: skip
def test_an_unknown_option_is_refused_with_what_was_meant(words, says):
    assert errors(run_command(*words), 2) == [f"error: {says}"]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--config", "loglik"], ", as in mnist-softmax train --config"),
        (["--config=loglik"], ", as in mnist-softmax train --config"),
        (["--run", "x", "--index"], ", as in mnist-softmax explain --run"),
        (["--jobs", "sweep", "--config", "loglik"], ", as in mnist-softmax sweep --jobs"),
        (["--config", "loglik", "--random", "2"], ", as in mnist-softmax sweep --config"),  # who alone has both
        (["--print-config", "train"], ", as in mnist-softmax train --print-config"),  # not --print-completion
        (["--seed=1", "train", "--config", "loglik"], "; see mnist-softmax --help"),
        (["-x", "train"], "; see mnist-softmax --help"),
        (["--verison"], "; did you mean --version?"),
    ],
)
def test_an_option_before_the_command_is_named_and_not_its_value(words, hint):
    name = words[0].partition("=")[0]
    assert errors(run_command(*words), 2) == [f"error: {name}: the command comes before its options{hint}"]


def test_a_key_may_be_written_like_an_option():
    plain = run_command("train", "--config", "loglik", "--print-config", "training.epochs=3", "seed=7")
    dashed = run_command("train", "--training.epochs=3", "--config", "loglik", "--seed=7", "--print-config")
    assert plain.returncode == 0, plain.stderr
    assert "epochs: 3" in plain.stdout
    assert dashed.stdout == plain.stdout


def test_an_option_is_not_taken_for_a_longer_one():
    """compare has --seeds, which are no seed."""
    [line] = errors(run_command("compare", "loglik", "--output", "x", "--seed=x"), 2)
    assert line.startswith("error: seed=x: compare trains the seeds 0 to N - 1")


def test_the_config_that_is_printed_is_the_config_that_is_read(tmp_path):
    printed = run_command("train", "--config", "ch3_l2_full", "--print-config", "training.l1=2", cwd=tmp_path)
    assert printed.returncode == 0, printed.stderr
    (tmp_path / "mine.yaml").write_text(printed.stdout)
    assert load_config(tmp_path / "mine.yaml") == load_config("ch3_l2_full", "training.l1=2")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]


def test_configs_lists_each_with_what_it_says_first():
    result = run_command("configs")
    assert result.returncode == 0
    listed = dict(line.split(None, 1) for line in result.stdout.splitlines())
    files = {path.relative_to(CONFIGS).as_posix()[: -len(".yaml")]: path for path in CONFIGS.rglob("*.yaml")}
    # below the line for editors
    assert listed == {name: path.read_text().splitlines()[1].removeprefix("# ") for name, path in files.items()}


@pytest.mark.parametrize("name", ["loglik", "book/ch1_eta_0.001", "ch1_eta_0.001"])
def test_configs_prints_one_byte_for_byte(name):
    words = [sys.executable, "-m", "mnist_softmax", "configs", name]
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    [path] = CONFIGS.rglob(f"{name.rpartition('/')[2]}.yaml")
    assert subprocess.run(words, capture_output=True, env=ascii_only).stdout == path.read_bytes()


def test_configs_of_an_unknown_name_is_refused_with_the_nearest():
    assert errors(run_command("configs", "logl1k"), 2) == [
        "error: logl1k: no such config; did you mean loglik?"
    ]


def test_every_fault_of_a_config_has_its_line(config):
    lines = errors(run_command("train", "--config", config, "training.epochs=0", "training.l3=1", "seed=x"), 2)
    assert len(lines) == 3
    assert any("did you mean 'training.l2'?" in line or "did you mean 'training.l1'?" in line for line in lines)


def test_overrides_may_stand_anywhere(config, tmp_path):
    output = ("--output", tmp_path / "run")
    result = run_command("train", "seed=3", "--config", config, "training.epochs=2", *output,
                         "training.learning_rate=1e-3")  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["seed"] == 3
    record = json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[0])
    assert record["learning_rate"] == 1e-3


@pytest.mark.slow
def test_evaluate_agrees_with_the_summary_and_counts_every_image_once(finished):
    summary = json.loads((finished / "summary.json").read_text())
    for split, n in (("test", 60), ("validation", 50), ("train", 250)):
        result = run_command("evaluate", finished, "--split", split)
        assert result.returncode == 0, result.stderr
        lines = result.stdout.splitlines()
        if split != "train":
            right = round(summary["final"][f"{split}_accuracy"] * n)
            assert f"({right}) of {n} right" in lines[0]
        else:
            assert f"cost {summary['final']['train_cost']:.5f}" in lines[0]
        start = next(i for i, line in enumerate(lines) if line.startswith("true class down"))
        matrix = [line.split()[1:5] for line in lines[start + 2 : start + 6]]
        assert sum(int(count.replace(".", "0")) for row in matrix for count in row) == n


@pytest.mark.slow
def test_evaluate_of_what_is_no_finished_run_is_exit_2(config, finished, tmp_path):
    assert "no run directory" in errors(run_command("evaluate", tmp_path), 2)[0]
    assert "no run directory" in errors(run_command("evaluate", tmp_path / "nowhere"), 2)[0]
    (finished / "model.npz").unlink()
    line = errors(run_command("evaluate", finished), 2)[0]
    assert "has finished after 4 epochs and holds no trained model; train anew with train --overwrite" in line
    np.savez(finished / "model.npz", w1=np.zeros((3, 3)))
    assert "(16, 6)" in errors(run_command("evaluate", finished), 2)[0]
    (finished / "model.npz").write_bytes(b"PK\x03\x04 no more")
    assert "damaged" in errors(run_command("evaluate", finished), 2)[0]


def test_a_run_that_diverged_is_not_said_to_go_on(config, tmp_path):
    words = ("--config", config, "--output", tmp_path / "run", "training.learning_rate=1e38")
    assert run_train(*words).returncode == 4
    for again in (run_command("evaluate", tmp_path / "run"), run_train(*words, "--resume")):
        line = errors(again, 2)[0]
        assert "has diverged after 0 epochs" in line
        assert "overwrite" in line
        assert "finish it" not in line
        assert "trains it on" not in line


def test_the_network_of_before_is_not_taken_for_that_of_a_run_that_is_trained_on(finished, tmp_path):
    (finished / "summary.json").unlink()  # as at a kill: with it a run has ended
    for command in ("evaluate", "predict"):
        line = errors(run_command(command, finished, *[tmp_path / "x.png"] * (command == "predict")), 2)[0]
        assert f"{finished}: has not ended yet; finish it with train --resume" in line


def test_evaluate_on_other_data_than_was_trained_on_warns(finished, tmp_path):
    with np.load(tmp_path / "digits.npz") as stored:
        arrays = dict(stored)
    arrays["x_train"][0] ^= 1
    np.savez(tmp_path / "digits.npz", **arrays)
    result = run_command("evaluate", finished)
    assert result.returncode == 0
    assert "warning" in result.stderr


def test_data_describes_what_it_loads(config, tmp_path):
    result = run_command("data", "data.source=npz", f"data.path={tmp_path / 'digits.npz'}")
    assert result.returncode == 0, result.stderr
    for word in ("250", "50", "60", "sha256", "digits.npz"):
        assert word in result.stdout


def test_data_that_cannot_be_had_is_exit_3(config, tmp_path):
    assert len(errors(run_command("data", "data.source=npz", "data.path=/nowhere/x.npz"), 3)) == 1
    result = run_command("train", "--config", config, f"data.path={tmp_path / 'gone.npz'}", cwd=tmp_path)
    assert len(errors(result, 3)) == 1
    assert not (tmp_path / "runs").exists()


def test_norms_of_hidden_layers_need_one(config):
    words = ("network.layers=[16,4]", "training.monitor=[train_gradient_norms]")
    assert "needs a hidden layer" in errors(run_command("train", "--config", config, *words), 2)[0]


def test_data_with_an_unknown_key_is_exit_2():
    assert "data.source" in errors(run_command("data", "data.sourc=npz"), 2)[0]
    assert len(errors(run_command("data", "seed=1"), 2)) == 1


def test_a_reader_that_goes_away_is_no_error(config, tmp_path):
    words = f"{sys.executable} -m mnist_softmax train --config {config} --output {tmp_path / 'run'} | head -1"
    result = subprocess.run(words, shell=True, capture_output=True, text=True, cwd=ROOT)
    assert result.stderr == ""


@pytest.mark.parametrize("content", ["{", "{}", "[]", "3", '{"status": "finished", "epochs": 4}'])
def test_a_damaged_summary_is_one_line(tmp_path, content):
    (tmp_path / "summary.json").write_text(content)
    with pytest.raises(RunDirectoryError, match=r"summary\.json: is damaged .* train --overwrite, or delete"):
        RunDirectory(tmp_path).read_summary()


def test_a_name_too_long_for_a_directory_is_one_line(config):
    assert "too long" in errors(run_command("train", "--config", config, "--output", "x" * 300), 2)[0]
    assert "no run directory" in errors(run_command("evaluate", "x" * 300), 2)[0]


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_outputs_do_not_keep_it_from_training(config, tmp_path, closed):
    words = f"{sys.executable} -m mnist_softmax train --config {config} --output {tmp_path / 'run'} {closed}"
    assert subprocess.run(words, shell=True, cwd=ROOT, capture_output=True).returncode == 0
    assert (tmp_path / "run" / "summary.json").exists()


def test_a_name_that_the_terminal_cannot_show_is_no_error(config, tmp_path):
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    result = run_command("train", "--config", config, "--output", tmp_path / "Läufe", env=ascii_only)
    assert result.returncode == 0, result.stderr
    assert "L\\xe4ufe" in result.stdout


def test_too_little_memory_is_one_line(config, tmp_path):
    words = [sys.executable, "-m", "mnist_softmax", "train", "--config", str(config), "--output", "run",
             "'network.layers=[16, 1000000, 1000000, 4]'"]  # four million million bytes  # fmt: skip
    limited = f"ulimit -v 8000000; cd {tmp_path}; PYTHONPATH={ROOT} {' '.join(words)}"
    result = subprocess.run(limited, shell=True, capture_output=True, text=True)
    assert "memory" in errors(result, 2)[0]
