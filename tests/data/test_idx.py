import gzip
import struct

import numpy as np
import pytest

from mnist_softmax.config.data import Data
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import DataError


def idx_images(images) -> bytes:
    return struct.pack(">4I", 2051, *images.shape) + images.tobytes()


def idx_labels(labels) -> bytes:
    return struct.pack(">2I", 2049, len(labels)) + labels.tobytes()


@pytest.fixture
def contents(arrays) -> dict[str, bytes]:
    return {
        "train-images-idx3-ubyte": idx_images(arrays["x_train"]),
        "train-labels-idx1-ubyte": idx_labels(arrays["y_train"]),
        "t10k-images-idx3-ubyte": idx_images(arrays["x_test"]),
        "t10k-labels-idx1-ubyte": idx_labels(arrays["y_test"]),
    }


@pytest.fixture
def directory(tmp_path, contents):
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def load_idx(directory):
    return load_digits(Data(source="idx", path=str(directory)))


def the_fault(directory) -> str:
    with pytest.raises(DataError) as caught:
        load_idx(directory)
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_last_sixth_of_the_training_images_is_held_out(directory):
    dataset = load_idx(directory)
    assert dataset.train.images[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert dataset.validation.images[:, 0].tolist() == [10, 11]
    assert dataset.test.images[:, 0].tolist() == [60, 61, 62]
    assert dataset.train.labels.tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert dataset.validation.labels.tolist() == [3, 5]
    assert dataset.test.labels.tolist() == [7, 2, 1]
    assert dataset.train.images.shape == (10, 4)
    assert dataset.train.images.dtype == np.uint8
    assert dataset.width == 4
    assert dataset.num_classes == 10
    assert (dataset.source, dataset.location) == ("idx", str(directory))


@pytest.mark.parametrize("joint", ["-", "."])
@pytest.mark.parametrize("zipped", [False, True])
def test_file_names_with_dot_or_dash_plain_or_gzipped(tmp_path, contents, joint, zipped):
    for name, content in contents.items():
        name = name.replace("-idx", f"{joint}idx")
        (tmp_path / (name + ".gz" * zipped)).write_bytes(gzip.compress(content) if zipped else content)
    assert load_idx(tmp_path).test.labels.tolist() == [7, 2, 1]


def test_a_tilde_in_the_path_is_the_home_directory(directory, monkeypatch):
    monkeypatch.setenv("HOME", str(directory.parent))
    assert len(load_idx(f"~/{directory.name}").test) == 3


def test_images_need_not_be_square(directory, arrays):
    (directory / "train-images-idx3-ubyte").write_bytes(idx_images(arrays["x_train"].reshape(12, 1, 4)))
    assert load_idx(directory).width == 4


def test_a_missing_directory(tmp_path):
    fault = the_fault(tmp_path / "nowhere")
    assert fault == f"{tmp_path}/nowhere: no such file"


def test_one_file_stands_for_the_four(directory):
    assert load_idx(directory / "train-images-idx3-ubyte").test.labels.tolist() == [7, 2, 1]


def test_a_file_without_its_fellows(directory):
    (directory / "train-images-idx3-ubyte").rename(directory / "mine")
    assert "is one IDX file of four; name all four as MNIST's are" in the_fault(directory / "mine")


def test_missing_files_are_named(directory):
    (directory / "train-labels-idx1-ubyte").unlink()
    (directory / "t10k-images-idx3-ubyte").unlink()
    assert "has no train-labels-idx1-ubyte, t10k-images-idx3-ubyte (nor .gz)" in the_fault(directory)


@pytest.mark.parametrize(
    ("size", "expected"), [(63, "64"), (16, "64"), (15, "at least 16"), (0, "at least 16")]
)
def test_a_file_of_the_wrong_length(directory, contents, size, expected):
    path = directory / "train-images-idx3-ubyte"  # 16 bytes of header, 12 images of 4 bytes
    path.write_bytes((contents[path.name] + b"more")[:size])
    assert the_fault(directory).startswith(f"{path}: expected {expected} bytes, found {size}; ")


def test_a_file_that_goes_on_after_its_end(directory):
    path = directory / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes() + b"more")
    assert the_fault(directory).startswith(f"{path}: expected 64 bytes, found more; ")


def test_labels_in_the_place_of_images(directory, contents):
    path = directory / "t10k-images-idx3-ubyte"
    path.write_bytes(contents["t10k-labels-idx1-ubyte"])
    assert the_fault(directory) == f"{path}: is IDX of 1 axes; expected images, which have 3"


def test_something_else_under_the_name_of_idx(directory):
    path = directory / "t10k-images-idx3-ubyte"
    path.write_bytes(b"<html><body>Not found</body></html>")
    fault = the_fault(directory)
    assert fault.startswith(f"{path}: begins with b'<htm', as no IDX file does; expected IDX images")


def test_gzip_is_told_by_its_first_bytes(directory, contents):
    """As some browsers unpack a .gz and keep its name."""
    (directory / "t10k-labels-idx1-ubyte").rename(directory / "t10k-labels-idx1-ubyte.gz")
    name = "train-images-idx3-ubyte"
    (directory / name).write_bytes(gzip.compress(contents[name]))
    assert load_idx(directory).test.labels.tolist() == [7, 2, 1]


@pytest.mark.parametrize("cut", [5, 20])
def test_a_truncated_gz(directory, contents, cut):
    name = "t10k-labels-idx1-ubyte"
    (directory / name).unlink()
    (directory / f"{name}.gz").write_bytes(gzip.compress(contents[name])[:-cut])
    assert "not a whole gzip file" in the_fault(directory)


def test_a_directory_in_the_place_of_a_file(directory):
    path = directory / "t10k-labels-idx1-ubyte"
    path.unlink()
    path.mkdir()
    assert "has no t10k-labels-idx1-ubyte (nor .gz)" in the_fault(directory)


def test_more_images_than_labels(directory):
    path = directory / "train-labels-idx1-ubyte"
    path.write_bytes(idx_labels(np.arange(5, dtype=np.uint8)))
    fault = the_fault(directory)
    assert "12 images" in fault
    assert f"{path}: 5 labels" in fault


def test_images_of_two_sizes(directory):
    (directory / "t10k-images-idx3-ubyte").write_bytes(idx_images(np.zeros((3, 3, 3), np.uint8)))
    assert "training images have 4 pixels, others have 9" in the_fault(directory)


@pytest.mark.parametrize("shape", [(0, 2, 2), (3, 2, 0), (0, 2**32 - 1, 2**32 - 1), (2**32 - 1, 2**32 - 1, 0)])
def test_no_images(directory, shape):
    header = b"\0\0\x08\x03" + b"".join(n.to_bytes(4, "big") for n in shape)
    (directory / "t10k-images-idx3-ubyte").write_bytes(header)
    assert f"t10k-images-idx3-ubyte: holds no images (shape {shape})" in the_fault(directory)


def test_too_few_training_images_to_hold_some_out(directory):
    (directory / "train-images-idx3-ubyte").write_bytes(idx_images(np.zeros((5, 2, 2), np.uint8)))
    (directory / "train-labels-idx1-ubyte").write_bytes(idx_labels(np.zeros(5, np.uint8)))
    assert "5 training images, expected at least 6" in the_fault(directory)
