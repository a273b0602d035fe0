"""The same training asked for twice: what is stored is shown, and nothing on disk changes."""

import re

import pytest
from small_run import run_train, write_digits

pytestmark = pytest.mark.slow


@pytest.fixture
def again(config, tmp_path):
    """`again(...)`: train once, and then once more with these words."""
    run = tmp_path / "run"
    first = run_train("--config", config, "--output", run)
    assert first.returncode == 0, first.stderr
    before = {path.name: path.read_bytes() for path in run.iterdir()}

    def again(*words):
        result = run_train("--config", config, "--output", run, *words)
        assert {path.name: path.read_bytes() for path in run.iterdir()} == before
        assert "Traceback" not in result.stderr
        return first, result

    return again


def test_a_finished_run_is_shown_as_it_was_and_is_no_error(again):
    first, result = again()
    assert result.returncode == 0, result.stderr
    final = re.search(r"^final .*%.*$", first.stdout, re.MULTILINE)[0]
    assert final in result.stdout
    assert "nothing was trained" in result.stdout
    assert "--overwrite" in result.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["training.learning_rate=1"],
            "training.learning_rate was 0.5, is now 1.0; use --output or train --overwrite",
        ),
        (["training.epochs=6"], "4 epochs, not of 6; --resume goes on to as many, --overwrite trains anew"),
        (["training.epochs=2"], "4 epochs, not of 2; --overwrite trains anew"),
    ],
)
def test_another_question_is_refused_with_what_to_do(again, words, says):
    _, result = again(*words)
    assert result.returncode == 2
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_on_other_digits_than_then_it_says_what_to_do(again, tmp_path):
    """As where the sample was all there was, and OpenML can be reached since."""
    write_digits(tmp_path / "digits.npz", n=350)
    _, result = again()
    assert result.returncode == 2
    [line] = result.stderr.splitlines()
    assert "250 training images of npz; now there are 292 of npz: --overwrite trains on these" in line


def test_an_unfinished_run_is_still_not_touched_without_a_word(again, tmp_path):
    (tmp_path / "run" / "summary.json").rename(tmp_path / "summary.json")
    result = run_train("--config", tmp_path / "small.yaml", "--output", tmp_path / "run")
    assert result.returncode == 2
    assert "--resume" in result.stderr


def test_a_run_whose_model_is_gone_is_not_taken_for_a_whole_one(again, tmp_path):
    (tmp_path / "run" / "model.npz").unlink()
    result = run_train("--config", tmp_path / "small.yaml", "--output", tmp_path / "run")
    assert result.returncode == 2
    assert "--overwrite" in result.stderr


@pytest.mark.parametrize("words", [[], ["--resume"], ["training.learning_rate=1"]])
def test_a_finished_run_whose_config_cannot_be_read_is_not_gone_over(config, tmp_path, words):
    run = tmp_path / "run"
    assert run_train("--config", config, "--output", run).returncode == 0
    (run / "config.yaml").unlink()
    (run / "config.yaml").symlink_to("nowhere")
    before = {path.name: path.read_bytes() for path in run.iterdir() if path.name != "config.yaml"}
    result = run_train("--config", config, "--output", run, *words)
    assert result.returncode == 2
    assert re.search(r"--overwrite trains it anew|config\.yaml: ", result.stderr)
    assert {path.name: path.read_bytes() for path in run.iterdir() if path.name != "config.yaml"} == before
