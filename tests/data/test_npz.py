import os
from pathlib import Path

import numpy as np
import pytest

from mnist_softmax.config.data import Data
from mnist_softmax.data.files import load_images
from mnist_softmax.data.npz import images_of
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import DataError


@pytest.fixture
def load_npz(tmp_path):
    """Writes the arrays (None leaves one out) and loads them."""

    def write_and_load(arrays, scale=255.0, **changes):
        path = tmp_path / "digits.npz"
        kept = {name: array for name, array in (arrays | changes).items() if array is not None}
        np.savez(path, **kept)
        return load_digits(Data(source="npz", path=str(path), scale=scale))

    return write_and_load


@pytest.fixture
def the_fault(load_npz):
    def fault(arrays, **changes) -> str:
        with pytest.raises(DataError) as caught:
            load_npz(arrays, **changes)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return fault


def test_images_are_flattened_and_the_last_sixth_held_out(load_npz, arrays):
    dataset = load_npz(arrays)
    assert dataset.train.images.shape == (10, 4)
    assert dataset.validation.images[:, 3].tolist() == [10, 11]
    assert dataset.test.labels.tolist() == [7, 2, 1]
    assert dataset.source == "npz"


def test_images_may_be_flat_already(load_npz, arrays):
    assert load_npz(arrays, x_train=arrays["x_train"].reshape(12, 4)).width == 4


def test_validation_images_of_the_file_are_used(load_npz, arrays):
    validation = np.full((1, 2, 2), 77, np.uint8)
    dataset = load_npz(arrays, x_validation=validation, y_validation=np.array([11]))
    assert len(dataset.train) == 12
    assert dataset.validation.images.tolist() == [[77, 77, 77, 77]]
    assert dataset.num_classes == 12  # the largest label of any split, plus one


@pytest.mark.parametrize("dtype", [np.int64, np.uint16, bool])
def test_whole_pixels_become_bytes(load_npz, arrays, dtype):
    whole = {name: (arrays[name] % 2).astype(dtype) for name in ("x_train", "x_test")}
    dataset = load_npz(arrays, scale=1.0, **whole)
    assert dataset.train.images.dtype == np.uint8
    assert dataset.train.images[:4, 0].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("dtype", ["float16", "float64", ">f4"])
def test_other_pixels_become_float32_and_stay_unscaled(load_npz, arrays, dtype):
    floats = {name: (arrays[name] / 8).astype(dtype) for name in ("x_train", "x_test")}
    dataset = load_npz(arrays, scale=32.0, **floats)
    assert dataset.train.images.dtype == np.float32
    assert dataset.train.images.flags.c_contiguous
    assert dataset.test.images[0].tolist() == [7.5, 7.5, 7.5, 7.5]


def test_images_in_fortran_order_are_put_into_c_order(load_npz, arrays):
    dataset = load_npz(arrays, x_train=np.asfortranarray(arrays["x_train"].reshape(12, 4)))
    assert dataset.train.images.flags.c_contiguous
    assert dataset.train.images[3].tolist() == [3, 3, 3, 3]


def test_labels_may_be_whole_floats(load_npz, arrays):
    assert load_npz(arrays, y_test=np.array([7.0, 2.0, 1.0])).test.labels.dtype == np.uint8


def test_missing_arrays_are_named(the_fault, arrays):
    fault = the_fault(arrays, y_train=None, x_test=None)
    assert "lacks y_train, x_test; expected the arrays x_train, y_train, x_test, y_test" in fault
    assert "found x_train, y_test" in fault


@pytest.mark.parametrize("second", ["train_images", "X_train", "img-train"])
def test_two_arrays_for_one_thing_are_refused(tmp_path, the_fault, arrays, second):
    changes = {second: 255 - arrays["x_train"]}
    assert f"x_train and {second} name one thing; leave one of them out" in the_fault(arrays, **changes)
    with pytest.raises(DataError, match="name one thing"):
        load_images(tmp_path / "digits.npz")


def test_validation_images_without_labels(the_fault, arrays):
    assert "lacks y_validation" in the_fault(arrays, x_validation=arrays["x_test"])


NAN, INFINITE = np.full((3, 2, 2), np.nan), np.full((3, 2, 2), np.inf)
BAD_LABELS = {
    "negative": ([7, -2, 1], "label -2 found"),
    "no whole number": ([7.0, 2.5, 1.0], "label 2.5 found"),
    "not a number": ([7.0, np.nan, 1.0], "label nan found"),
    "too large": ([7, 256, 1], "label 256 found"),
    "text": (["7", "2", "1"], "labels are of type <U1"),
    "one-hot": (np.eye(3), "expected one label an image, shape (n,), found shape (3, 3)"),
    "none": ([], "holds no labels"),
    "too few": ([7, 2], "3 images, but"),
}
BAD_IMAGES = {
    "NaN": (NAN, "NaN or infinite"),
    "infinite": (INFINITE, "NaN or infinite"),
    "too large for float32": (np.full((3, 2, 2), 1e300), "NaN or infinite"),
    "negative": (np.full((3, 2, 2), -1), "pixels lie between -1 and -1, expected 0 to 255"),
    "above a byte": (np.full((3, 2, 2), 256), "pixels lie between 256 and 256, expected 0 to 255"),
    "text": (np.full((3, 2, 2), "a"), "pixels are of type <U1, expected numbers"),
    "complex": (np.full((3, 2, 2), 1j), "pixels are of type complex128, expected numbers"),
    "not images": (np.zeros(3), "expected images (n, width) or (n, rows, columns), found shape (3,)"),
    "none": (np.zeros((0, 2, 2)), "holds no images"),
    "of another size": (np.zeros((3, 3, 3), np.uint8), "training images have 4 pixels, others have 9"),
}


@pytest.mark.parametrize("kind", BAD_LABELS)
def test_bad_labels(the_fault, arrays, kind):
    labels, expected = BAD_LABELS[kind]
    fault = the_fault(arrays, y_test=np.array(labels))
    assert expected in fault
    assert "digits.npz: y_test" in fault


@pytest.mark.parametrize("kind", BAD_IMAGES)
def test_bad_images(the_fault, arrays, kind):
    images, expected = BAD_IMAGES[kind]
    fault = the_fault(arrays, x_test=images)
    assert expected in fault
    assert "digits.npz" in fault


def test_float_pixels_above_the_scale(the_fault, arrays):
    fault = the_fault(arrays, x_train=np.full((12, 2, 2), 299.0), x_test=np.full((3, 2, 2), 300.0))
    assert "pixels lie between 299 and 300, expected 0 to 255" in fault


def test_negative_float_pixels(the_fault, arrays):
    fault = the_fault(arrays, scale=1.0, x_test=np.full((3, 2, 2), -0.5))
    assert "pixels lie between -0.5 and" in fault
    assert "no data.scale mends that" in fault


def test_bytes_of_255_are_not_left_as_they_are(the_fault, arrays):
    assert "dividing by data.scale = 1 would leave them far above 1; set data.scale=" in the_fault(
        arrays, scale=1.0
    )


def test_float_pixels_that_are_scaled_already(the_fault, load_npz, arrays):
    scaled = {name: arrays[name] / 255 for name in ("x_train", "x_test")}
    assert "set data.scale=1" in the_fault(arrays, **scaled)
    assert load_npz(arrays, scale=1.0, **scaled).width == 4


def test_bytes_go_with_the_books_scale(load_npz, arrays):
    assert load_npz(arrays, scale=256.0).train.images.dtype == np.uint8


def test_object_arrays_are_never_unpickled(the_fault, arrays):
    fault = the_fault(arrays, x_test=np.array([[1, None]], object))
    assert (
        "x_test cannot be read (x_test.npy holds objects of Python, expected numbers or text); fetch" in fault
    )


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"no digits here", "is not IDX, npz, csv or a pickle of arrays"),
        (b"\x93NUMPY\x01\x00", "is one NumPy array; write images and labels with numpy.savez"),
    ],
)
def test_a_foreign_file(tmp_path, content, what):
    path = tmp_path / "digits.npz"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        load_digits(Data(source="npz", path=str(path)))
    assert str(caught.value).startswith(f"{path}: {what}")


def test_a_truncated_file(tmp_path, load_npz, arrays):
    load_npz(arrays)
    path = tmp_path / "digits.npz"
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(DataError, match="not an npz file, or not a whole one"):
        load_digits(Data(source="npz", path=str(path)))


def test_a_flipped_byte_is_noticed(tmp_path, load_npz, arrays):
    load_npz(arrays)
    path = tmp_path / "digits.npz"
    path.write_bytes(path.read_bytes().replace(b"\x05\x05\x05\x05", b"\x05\x05\x05\x04", 1))
    with pytest.raises(DataError, match="x_train cannot be read"):
        load_digits(Data(source="npz", path=str(path)))


def test_a_missing_file_and_a_directory(tmp_path):
    with pytest.raises(DataError, match=r"nothing\.npz: no such file"):
        load_digits(Data(source="npz", path=str(tmp_path / "nothing.npz")))
    with pytest.raises(DataError, match=r"let data\.path name an npz"):
        load_digits(Data(source="npz", path=str(tmp_path)))


def test_images_to_be_told_are_those_of_the_test_split_or_the_only_ones():
    flat, other, more = np.zeros(4), np.ones((2, 4)), np.ones((3, 4))
    assert images_of(Path("a.npz"), {"x_test": other, "x_train": more}) is other
    assert images_of(Path("a.npz"), {"a": other, "y": flat}) is other
    for arrays in (
        {"a": other, "b": more},
        {"a": flat},
        {"x_test": flat, "a": other},
        {"x_test": np.array(5)},
        {},
    ):
        with pytest.raises(DataError, match="expected the array x_test, or one array of images, found"):
            images_of(Path("a.npz"), arrays)
