"""Digits that load and yet cannot be learned from as they are: refused with the remedy, or named on the screen."""

import re

import numpy as np
import pytest
from small_run import CONFIG, write_digits

from mnist_softmax.cli import main
from mnist_softmax.config.data import Data
from mnist_softmax.data.checks import is_sorted
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import ConfigError, DataError


@pytest.fixture
def written(tmp_path):
    """`written(change)`: the path of 300 + 60 digits, their arrays as `change` has them."""

    def write(change=lambda arrays: arrays):
        path = tmp_path / "digits.npz"
        write_digits(path)
        with np.load(path) as file:
            arrays = dict(file)
        np.savez(path, **change(arrays))
        return str(path)

    return write


def in_range(high, dtype):
    """A change of bytes into numbers 0 to `high`."""

    digits = 3 if high == 1 and dtype is float else 0

    def change(arrays):
        scaled = {k: (v * (high / 255)).round(digits).astype(dtype) for k, v in arrays.items() if k[0] == "x"}
        return arrays | scaled

    return change


@pytest.mark.parametrize(
    ("high", "dtype"),
    [
        (1, np.uint8),
        (1, bool),
        (1, np.int64),
        (1, float),
        (15, np.uint8),
        (16, np.uint8),
        (16, float),
        (31, np.int32),
    ],
)
def test_pixels_of_another_scale_are_refused_with_the_remedy_and_taken_with_it(written, high, dtype):
    path = written(in_range(high, dtype))
    for scale in (255, 256):
        with pytest.raises(DataError, match=f"set data.scale={high}") as caught:
            load_digits(Data(source="npz", path=path, scale=scale))
        assert path in str(caught.value)
    assert load_digits(Data(source="npz", path=path, scale=high)).train.scale == high


@pytest.mark.parametrize("faint", ["train", "test", "validation"])
@pytest.mark.parametrize("scale", [1, 255])
@pytest.mark.parametrize("dtype", [float, np.uint8])
def test_splits_of_two_scales_are_refused_whatever_the_scale(written, faint, scale, dtype):
    def change(arrays):
        arrays |= {"x_validation": arrays["x_test"], "y_validation": arrays["y_test"]}
        return arrays | {f"x_{faint}": (arrays[f"x_{faint}"] / 255).round(3).astype(dtype)}

    path = written(change)
    with pytest.raises(DataError, match=f"no pixel of the {faint} split is above 1, .* up to 255; bring all"):
        load_digits(Data(path=path, scale=scale))


@pytest.mark.parametrize("high", [12.34564, 1.0000001, 16.00001])
def test_the_scale_that_is_advised_is_taken(written, high):
    def change(arrays):
        images = {k: (v / v.max() * high).astype(np.float32) for k, v in arrays.items() if k[0] == "x"}
        return arrays | images

    path = written(change)
    with pytest.raises(DataError) as caught:
        load_digits(Data(path=path))
    scale = float(re.search(r"set data\.scale=([\d.]+\d)", str(caught.value))[1])
    assert load_digits(Data(path=path, scale=scale)).train.scale == scale


def test_images_of_nothing_are_refused(written):
    path = written(lambda arrays: {k: v * (k[0] == "y") for k, v in arrays.items()})
    with pytest.raises(DataError, match="every pixel is 0"):
        load_digits(Data(source="npz", path=path))


def test_dim_images_are_no_fault_of_the_scale(written):
    path = written(in_range(100, np.uint8))
    assert load_digits(Data(source="npz", path=path)).warnings == ()


def by_class(arrays):
    order = np.argsort(arrays["y_train"], kind="stable")
    return arrays | {"x_train": arrays["x_train"][order], "y_train": arrays["y_train"][order]}


@pytest.mark.parametrize("direction", [1, -1])
def test_sorted_images_are_shuffled_alike_each_time_and_every_class_is_held_out(written, direction):
    path = written(lambda arrays: {k: v[::direction] for k, v in by_class(arrays).items()})
    digits = load_digits(Data(source="npz", path=path))
    assert set(digits.validation.labels) == set(digits.train.labels) == {0, 1, 2, 3}
    [warning] = digits.warnings
    assert "sorted by class, so they were shuffled" in warning
    again = load_digits(Data(source="npz", path=path))
    assert again.checksum == digits.checksum
    assert np.array_equal(again.train.images, digits.train.images)
    together = np.concatenate([digits.train.images, digits.validation.images])
    with np.load(path) as file:
        assert sorted(map(bytes, together)) == sorted(map(bytes, file["x_train"]))


def test_sorted_images_with_validation_images_of_their_own_stay_as_they_are(written):
    def change(arrays):
        return by_class(arrays) | {"x_validation": arrays["x_test"], "y_validation": arrays["y_test"]}

    digits = load_digits(Data(source="npz", path=written(change)))
    assert digits.warnings == ()
    assert is_sorted(digits.train.labels)


@pytest.mark.parametrize(
    ("labels", "sorted_"),
    [
        ([0, 0, 1, 1], True),
        ([5, 5, 2, 9], True),
        ([0, 1, 0], False),
        ([3, 3, 3], False),
        ([0, 1, 2, 0, 1, 2], False),
    ],
)
def test_what_counts_as_sorted(labels, sorted_):
    assert is_sorted(np.array(labels, np.uint8)) == sorted_


@pytest.mark.parametrize("split", ["train", "test", "validation"])
def test_a_class_that_a_split_lacks_is_named(written, split):
    def change(arrays):
        arrays |= {"x_validation": arrays["x_test"], "y_validation": arrays["y_test"]}
        kept = ~np.isin(arrays[f"y_{split}"], [1, 3])
        return arrays | {f"{axis}_{split}": arrays[f"{axis}_{split}"][kept] for axis in "xy"}

    [warning] = load_digits(Data(source="npz", path=written(change))).warnings
    assert f"the {split} split has no image of class 1, 3 (of 4 classes)" in warning


def test_a_class_that_a_short_training_set_lacks_is_named_on_the_screen(written, tmp_path, capsys):
    config = tmp_path / "small.yaml"
    config.write_text(CONFIG.format(path=written()))
    words = ["data.training_size=3", "training.mini_batch_size=3", "--output", str(tmp_path / "run")]
    assert main(["train", "--config", str(config), *words]) == 0
    assert "warning: the train split has no image of class 3" in capsys.readouterr().err


def test_labels_that_are_not_counted_from_0_are_told_as_they_are(written, tmp_path, capsys):
    def change(arrays):
        return {k: np.where(v % 2, 3, 8).astype(np.uint8) if k[0] == "y" else v for k, v in arrays.items()}

    config = tmp_path / "small.yaml"
    config.write_text(CONFIG.format(path=written(change)))
    assert main(["train", "--config", str(config), "network.layers=[16, 2]"]) == 2
    error = capsys.readouterr().err
    assert "ends with 2; the labels need 9 outputs: one for each number from 0 to 8" in error
    assert "though only 2 of them occur (3, 8)" in error


@pytest.mark.parametrize(
    ("classes", "listed"),
    [
        (10, "only 11 of them occur (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 69)"),
        (20, "only 21 of them occur (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ..., 69)"),
    ],
)
def test_the_label_that_asks_for_so_many_outputs_is_told(written, tmp_path, capsys, classes, listed):
    def change(arrays):
        labels = np.arange(len(arrays["y_train"])) % classes
        return arrays | {"y_train": np.r_[69, labels[:-1]].astype(np.uint8)}

    config = tmp_path / "small.yaml"
    config.write_text(CONFIG.format(path=written(change)))
    assert main(["train", "--config", str(config), "network.layers=[16, 10]"]) == 2
    assert listed in capsys.readouterr().err


def test_a_size_that_the_sample_has_not_says_why_it_is_the_sample(with_sample, offline):
    with pytest.raises(ConfigError, match=r"4000 images .* SAMPLE IN USE: .*fetch_openml"):
        load_digits(Data(training_size=10_000))
