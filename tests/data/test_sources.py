import hashlib

import numpy as np
import pytest

from mnist_softmax.config.data import Data
from mnist_softmax.data.dataset import Split
from mnist_softmax.data.describe import describe
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import ConfigError


@pytest.fixture
def path(tmp_path, arrays):
    np.savez(tmp_path / "digits.npz", **arrays)
    return str(tmp_path / "digits.npz")


def test_training_size_takes_the_first_images_and_leaves_the_rest(path):
    whole = load_digits(Data(source="npz", path=path))
    short = load_digits(Data(source="npz", path=path, training_size=3))
    assert short.train.labels.tolist() == [5, 0, 4]
    assert len(short.validation) == 2
    assert len(short.test) == 3
    assert short.checksum == whole.checksum
    assert len(load_digits(Data(source="npz", path=path, training_size=10)).train) == 10


def test_training_size_beyond_the_training_split(path):
    with pytest.raises(ConfigError, match=r"data.training_size = 11: the training split has 10 images"):
        load_digits(Data(source="npz", path=path, training_size=11))


def test_the_checksum_covers_all_images_then_all_labels(path, arrays):
    names = ("x_train", "x_test", "y_train", "y_test")
    by_hand = hashlib.sha256(b"".join(arrays[name].tobytes() for name in names)).hexdigest()
    assert load_digits(Data(source="npz", path=path)).checksum == by_hand


def test_a_relative_path_is_reported_in_full(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_digits(Data(source="npz", path="digits.npz")).location == path


def test_a_split_knows_its_length_and_its_first_images():
    split = Split(np.arange(12, dtype=np.uint8).reshape(4, 3), np.array([1, 2, 3, 4], np.uint8))
    assert len(split) == 4
    assert split.first(2).images.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert split.first(2).labels.tolist() == [1, 2]
    assert np.shares_memory(split.first(2).images, split.images)


def test_the_description_of_a_small_dataset(path, arrays):
    lines = describe(load_digits(Data(source="npz", path=path))).splitlines()
    assert lines[0] == "source    npz"
    assert lines[1] == f"location  {path}"
    assert lines[2] == "          npz of x_train, y_train, x_test, y_test"
    del lines[2]
    assert lines[2].startswith("sha256    ")
    assert lines[3] == "          these are not the 70,000 digits of MNIST"
    # images filled with 0 to 9: mean 4.5, variance (10 * 10 - 1) / 12
    assert lines[6].split() == ["train", "10", "4", "uint8", "4.5000", "2.8723"]
    assert lines[7].split() == ["validation", "2", "4", "uint8", "10.5000", "0.5000"]
    assert lines[8].split()[:4] == ["test", "3", "4", "uint8"]
    assert lines[9].split() == ["train", "+", "validation", "12", "4", "uint8", "5.5000", "3.4521"]
    assert lines[11].split() == ["class", "train", "validation", "test"]
    assert lines[12].split() == ["0", "1", "0", "0"]
    assert lines[13].split() == ["1", "3", "0", "1"]
    assert lines[17].split() == ["5", "1", "1", "0"]
    assert len({len(line) for line in lines[11:22]}) == 1  # aligned
    assert all(line.startswith("warning: the ") for line in lines[22:])  # classes that a split lacks


def test_the_description_repeats_the_warnings(with_sample, offline):
    text = describe(load_digits(Data()))
    assert "these are 5,000 of the 70,000 digits of MNIST" in text  # so it was dealt as on every machine
    assert "warning: SAMPLE IN USE: only 5,000" in text
