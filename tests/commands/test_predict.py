"""`mnist-softmax predict`: pictures in, digits out; what cannot be read is named, and the rest is still predicted."""

import json
import os

import numpy as np
import pytest
from PIL import Image
from small_run import run_command, run_train

from mnist_softmax.commands.predict import half_blocks
from mnist_softmax.config.config import Config, Data
from mnist_softmax.data.sources import load_digits
from mnist_softmax.runs.answers import load_network
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.runs.run import run


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCIKIT_LEARN_DATA", str(tmp_path_factory.mktemp("home")))
        yield load_digits(Data(source="sample"))


def trained(directory, sample, **data):
    settings = Config.model_validate(
        {
            "data": {"source": "sample"} | data,
            "network": {"layers": [784, 30, 10], "output_activation": "softmax", "cost": "log_likelihood"},
            "training": {"epochs": 8, "mini_batch_size": 10, "learning_rate": 0.5},
        }
    )
    run(settings, sample.scaled(settings.data.scale), directory)
    return directory


@pytest.fixture(scope="module")
def run_directory(sample, tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs") / "run", sample)


@pytest.fixture(scope="module")
def pictures(sample, tmp_path_factory):
    """Forty test digits, large, dark on light, at odd places."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for i in range(40):
        canvas = Image.new("L", (300, 200), 255)
        digit = Image.fromarray(255 - sample.test.images[i].reshape(28, 28)).resize((140, 140))
        canvas.paste(digit, (int(rng.integers(160)), int(rng.integers(60))))
        canvas.save(folder / f"{i:02}.png")
    (folder / "notes.txt").write_text("not a picture, and not read")
    return folder


def test_a_folder_of_pictures_is_predicted_as_the_digits_are(run_directory, pictures, sample):
    result = run_command("predict", run_directory, pictures, "--json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert [each["picture"] for each in found] == sorted(str(path) for path in pictures.glob("*.png"))
    right = sum(each["digit"] == label for each, label in zip(found, sample.test.labels[:40], strict=True))
    assert right >= 34
    for each in found:
        assert np.argmax(each["outputs"]) == each["digit"]
        assert abs(sum(each["outputs"]) - 1) < 1e-5
        assert np.shape(each["pixels"]) == (28, 28)


def test_the_terminal_shows_the_digit_its_outputs_and_what_was_seen(run_directory, pictures):
    result = run_command("predict", run_directory, pictures / "00.png", env=None, encoding="utf-8")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == 14
    assert "00.png: " in lines[0]
    assert sum("a_" in line for line in lines) == 10
    assert any(mark in result.stdout for mark in "▀▄█")


def test_half_blocks_have_two_rows_in_a_line():
    digit = np.zeros((28, 28), np.uint8)
    digit[0, 0] = digit[1, 1] = digit[2:4, 2] = 255
    lines = half_blocks(digit)
    assert len(lines) == 14
    assert {len(line) for line in lines} == {28}
    marks = [lines[0][0], lines[0][1], lines[1][2], lines[5][5]]
    assert marks in (["▀", "▄", "█", " "], ["'", ":", "#", " "])


def test_the_terminals_alphabet_may_be_small(run_directory, pictures):
    result = run_command(
        "predict", run_directory, pictures / "00.png", env=os.environ | {"PYTHONIOENCODING": "ascii"}
    )
    assert result.returncode == 0, result.stderr
    assert "\\u" not in result.stdout.split("00.png")[1]


def test_what_cannot_be_read_is_named_and_the_rest_predicted(run_directory, pictures, tmp_path):
    white, text = tmp_path / "white.png", tmp_path / "a.txt"
    Image.new("L", (50, 50), 255).save(white)
    text.write_text("seven")
    result = run_command(
        "predict", run_directory, white, pictures / "00.png", text, tmp_path / "gone.png", "--json"
    )
    assert result.returncode == 3
    assert len(json.loads(result.stdout)) == 1
    lines = result.stderr.splitlines()
    assert len(lines) == 3
    for line, path, word in zip(
        lines, (white, text, tmp_path / "gone.png"), ("no digit", "not a picture", "no such file"), strict=True
    ):
        assert line.startswith(f"error: {path}: ")
        assert word in line


def test_runs_that_cannot_predict_are_refused_in_one_line(config, tmp_path, pictures):
    (tmp_path / "nothing").mkdir()
    assert run_train("--config", config, "--output", tmp_path / "narrow").returncode == 0
    for name, word in (("nothing", "no run"), ("gone", "no run"), ("narrow", "16 inputs")):
        result = run_command("predict", tmp_path / name, pictures / "00.png")
        assert result.returncode == 2
        [line] = result.stderr.splitlines()
        assert word in line


def test_a_folder_without_pictures_is_named(run_directory, tmp_path):
    result = run_command("predict", run_directory, tmp_path)
    assert result.returncode == 3
    [line] = result.stderr.splitlines()
    assert "without pictures" in line


def test_the_scale_of_the_run_is_used(sample, pictures, tmp_path):
    """A run on pixels divided by 256 sees full ink as 255/256."""
    directory = trained(tmp_path / "run", sample, scale=256)
    [found] = json.loads(run_command("predict", directory, pictures / "00.png", "--json").stdout)
    pixels = np.array(found["pixels"], float).reshape(1, -1)
    expected = load_network(RunDirectory(directory)).outputs(pixels / 256)[0]
    np.testing.assert_allclose(found["outputs"], expected, rtol=1e-5)
