"""`mnist-softmax predict`: pictures and files of images in, digits out; what cannot be read is named, and the rest is
still predicted."""

import gzip
import json
import os
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_run import run_command, run_train

from mnist_softmax.commands.predict import _text
from mnist_softmax.config.config import Config, Data
from mnist_softmax.data.sources import load_digits
from mnist_softmax.runs.answers import load_network
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.runs.run import run
from mnist_softmax.text import half_blocks

pytestmark = pytest.mark.slow


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
    lines = half_blocks(digit >= 80, "utf-8")
    assert len(lines) == 14
    assert {len(line) for line in lines} == {28}
    marks = [lines[0][0], lines[0][1], lines[1][2], lines[5][5]]
    assert marks == ["▀", "▄", "█", " "]
    assert [half_blocks(digit >= 80, "latin-1")[i][j] for i, j in ((0, 0), (0, 1), (1, 2), (5, 5))] == [*"'.: "]


def test_more_outputs_than_a_picture_has_lines_are_shown_to_the_last():
    """Of EMNIST's 47 classes, say."""
    outputs = [0.0] * 46 + [1.0]
    lines = _text(
        Path("z.png"), {"pixels": np.zeros((28, 28)).tolist(), "digit": 46, "outputs": outputs}
    ).splitlines()
    assert len(lines) == 49
    assert lines[-1].strip() == "a_46 = 1.0000 ####################"


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


@pytest.mark.parametrize("scale", [1000.0, 65535.0])
def test_a_full_pixel_of_a_picture_is_full_for_a_run_of_another_scale(sample, pictures, tmp_path, scale):
    """Pixels of 16 bits, say: the ink of a picture has 255 all the same."""
    train = replace(sample.train, images=np.float32(scale / 255) * sample.train.images)
    of_scale = replace(sample, train=train, validation=train, test=train, section=None)
    settings = Config.model_validate(
        {
            "data": {"source": "sample", "scale": scale},
            "network": {"layers": [784, 10], "output_activation": "softmax", "cost": "log_likelihood"},
            "training": {"epochs": 1, "mini_batch_size": 10, "learning_rate": 0.5},
        }
    )
    run(settings, of_scale.scaled(scale), tmp_path / "run")
    [found] = json.loads(run_command("predict", tmp_path / "run", pictures / "00.png", "--json").stdout)
    ink = np.array(found["pixels"], float).reshape(1, -1) / 255
    expected = load_network(RunDirectory(tmp_path / "run")).outputs(ink)[0]
    np.testing.assert_allclose(found["outputs"], expected, rtol=1e-4)


# ---- files of images


@pytest.fixture
def files(sample, tmp_path):
    """The same forty test images as IDX, gzipped IDX, npz and csv; those of the csv as Kaggle's test.csv."""
    images = sample.test.images[:40]
    content = struct.pack(">4I", 2051, 40, 28, 28) + images.tobytes()
    (tmp_path / "images-idx3").write_bytes(content)
    (tmp_path / "images.gz").write_bytes(gzip.compress(content))
    np.savez(tmp_path / "images.npz", images.reshape(-1, 28, 28))
    rows = [",".join(map(str, row)) for row in [[f"pixel{k}" for k in range(784)], *images.tolist()]]
    (tmp_path / "test.csv").write_text("\n".join(rows))
    return [tmp_path / name for name in ("images-idx3", "images.gz", "images.npz", "test.csv")]


def test_each_kind_of_file_is_answered_as_the_network_answers_its_images(run_directory, sample, files):
    result = run_command("predict", run_directory, *files, "--json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    outputs = load_network(RunDirectory(run_directory)).outputs(sample.test.images[:40] / 255)
    assert [(each["file"], each["image"]) for each in found] == [(str(f), k) for f in files for k in range(40)]
    np.testing.assert_allclose([each["outputs"] for each in found], np.tile(outputs, (4, 1)), rtol=1e-5)
    assert [each["digit"] for each in found] == outputs.argmax(axis=-1).tolist() * 4


def test_the_terminal_has_a_line_for_each_image(run_directory, files):
    result = run_command("predict", run_directory, files[3])
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == f"{files[3]}: 40 images, numbered from 0"
    assert lines[1].split() == ["image", "digit", "output"]
    assert [line.split()[0] for line in lines[2:]] == [str(k) for k in range(40)]


def test_a_submission_is_kaggles_and_replaces_only_another(run_directory, sample, files, tmp_path):
    wanted = load_network(RunDirectory(run_directory)).outputs(sample.test.images[:40] / 255).argmax(axis=-1)
    path = tmp_path / "answers" / "submission.csv"
    for told in ("40 answers\n", "40 answers in place of an earlier submission\n"):
        result = run_command("predict", run_directory, files[3], "--submission", path)
        assert result.returncode == 0, result.stderr
        assert result.stdout == f"{path}: {told}"
        lines = path.read_text().splitlines()
        assert lines[0] == "ImageId,Label"
        assert [line.split(",") for line in lines[1:]] == [[str(k + 1), str(wanted[k])] for k in range(40)]
    foreign = tmp_path / "mine.csv"
    foreign.write_text("ImageID;my notes")
    os.mkfifo(tmp_path / "pipe")
    for other in (foreign, tmp_path, files[3], tmp_path / "pipe"):
        before = other.read_bytes() if other.is_file() else None
        result = run_command("predict", run_directory, files[3], "--submission", other)
        assert result.returncode == 2
        assert result.stderr == f"error: {other}: holds something that is no submission; choose another name\n"
        assert before is None or other.read_bytes() == before


def test_what_cannot_be_submitted_or_read_is_one_line(run_directory, files, tmp_path, pictures):
    np.savez(tmp_path / "narrow.npz", np.zeros((3, 5), np.uint8))
    np.savez(tmp_path / "two.npz", a=np.zeros((3, 5), np.uint8), b=np.zeros((3, 5), np.uint8))
    cases = [
        (files[:2], 2, "--submission: answers to one data file, found 2 names"),
        ([pictures / "00.png"], 3, "is not IDX, npz, csv or a pickle of arrays"),
        ([tmp_path / "narrow.npz"], 3, f"{tmp_path}/narrow.npz: images have 5 pixels, the network takes 784"),
        ([tmp_path / "two.npz"], 3, "expected the array x_test, or one array of images, found a, b"),
        ([tmp_path / "gone.csv"], 3, "gone.csv: no such file"),
        ([tmp_path / "pipe"], 3, "pipe: is a device or a pipe, not a file"),
    ]
    os.mkfifo(tmp_path / "pipe")
    for names, code, words in cases:
        result = run_command("predict", run_directory, *names, "--submission", tmp_path / "out.csv")
        assert result.returncode == code
        [line] = result.stderr.splitlines()
        assert words in line
        assert not (tmp_path / "out.csv").exists()
