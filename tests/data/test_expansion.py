"""Expanded data: each image and the four that are it moved by a pixel, as SciPy moves them."""

import numpy as np
import pytest
from scipy.ndimage import shift

from mnist_softmax.config.data import Data
from mnist_softmax.data.dataset import Split
from mnist_softmax.data.expansion import one_pixel
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import DataError

MOVES = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]


@pytest.fixture
def train() -> Split:
    rng = np.random.default_rng(3)
    return Split(
        rng.integers(0, 256, (40, 49)).astype(np.uint8), rng.integers(0, 10, 40).astype(np.uint8), 256.0
    )


def test_it_holds_every_image_moved_in_every_way_once_with_its_label(train):
    expected = sorted(
        (shift(image.reshape(7, 7), move, order=0).astype(np.uint8).tobytes(), int(label))
        for image, label in zip(train.images, train.labels, strict=True)
        for move in MOVES
    )
    found = one_pixel(train, "here")
    assert sorted((i.tobytes(), int(y)) for i, y in zip(found.images, found.labels, strict=True)) == expected
    assert (found.images.dtype, found.scale) == (np.uint8, 256.0)


def test_it_is_shuffled_once_and_always_the_same_way(train):
    one, again = one_pixel(train, "here"), one_pixel(train, "here")
    np.testing.assert_array_equal(one.images, again.images)
    where = [np.flatnonzero((one.images == image).all(axis=1))[0] for image in train.images]
    assert where != sorted(where)
    assert max(where) > 150  # of 200: the untouched ones do not stand together
    assert min(where) < 50


def test_training_images_alone_are_expanded_after_the_first_n_are_taken(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (30, 7, 7)).astype(np.uint8), np.arange(30) % 10
    np.savez(tmp_path / "digits.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    data = Data(source="npz", path=str(tmp_path / "digits.npz"), training_size=20, expansion="one_pixel")
    digits = load_digits(data)
    assert [len(split) for split in (digits.train, digits.validation, digits.test)] == [100, 5, 30]
    plain = load_digits(data.model_copy(update={"expansion": "none"}))
    assert {image.tobytes() for image in plain.train.images} <= {
        image.tobytes() for image in digits.train.images
    }
    assert digits.checksum == plain.checksum


def test_images_that_are_no_square_are_refused_with_the_way_out(train):
    with pytest.raises(DataError, match=r"\Ahere: images have 12 pixels, .*data.expansion=none\Z"):
        one_pixel(Split(train.images[:, :12].copy(), train.labels), "here")
