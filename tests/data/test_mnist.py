"""The real digits against what is known of them. Every expected value here comes from outside the program."""

import hashlib
import shutil
import struct
import subprocess
import sys

import numpy as np
import pytest

from mnist_softmax.config.data import Data
from mnist_softmax.data.cache import data_home
from mnist_softmax.data.describe import describe
from mnist_softmax.data.sources import load_digits

pytestmark = pytest.mark.full_mnist


def all_training(mnist):
    images = np.concatenate([mnist.train.images, mnist.validation.images])
    return images, np.concatenate([mnist.train.labels, mnist.validation.labels])


def test_sizes_and_first_labels(mnist):
    assert [len(split) for split in (mnist.train, mnist.validation, mnist.test)] == [50_000, 10_000, 10_000]
    assert mnist.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert (mnist.width, mnist.num_classes) == (784, 10)


def test_mean_and_standard_deviation_of_the_60000(mnist):
    images, _ = all_training(mnist)
    assert f"{images.mean():.4f}" == "33.3184"
    assert f"{images.std():.4f}" == "78.5675"


def test_written_as_idx_they_are_the_four_files_first_given_out(mnist):
    def sha256_of_idx(header, array):
        return hashlib.sha256(header + array.tobytes()).hexdigest()

    images, labels = all_training(mnist)
    of_images, of_labels = struct.Struct(">4I"), struct.Struct(">2I")
    assert sha256_of_idx(of_images.pack(2051, 60_000, 28, 28), images) == (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
    )
    assert sha256_of_idx(of_labels.pack(2049, 60_000), labels) == (
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
    )
    assert sha256_of_idx(of_images.pack(2051, 10_000, 28, 28), mnist.test.images) == (
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
    )
    assert sha256_of_idx(of_labels.pack(2049, 10_000), mnist.test.labels) == (
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
    )


def test_the_average_darkness_classifier_of_the_book_gets_2225(mnist):
    def darkness(split):
        return split.images.sum(axis=1, dtype=np.int64)

    averages = [darkness(mnist.train)[mnist.train.labels == digit].mean() for digit in range(10)]
    guesses = np.abs(darkness(mnist.test)[:, None] - averages).argmin(axis=1)
    assert (guesses == mnist.test.labels).sum() == 2225


def test_the_description_recognises_them(mnist):
    text = describe(mnist)
    assert "these are the 70,000 digits of MNIST" in text
    row = next(line for line in text.splitlines() if line.startswith("train + validation"))
    assert row.split()[3:] == ["60,000", "784", "uint8", "33.3184", "78.5675"]


def test_the_sample_is_part_of_the_first_5848_training_images(mnist, with_sample):
    known = {image.tobytes() + bytes([label]) for image, label in zip(*all_training(mnist), strict=True)}
    first = {i.tobytes() for i in mnist.train.images[:5848]}
    dataset = load_digits(Data(source="sample"))
    for split in (dataset.train, dataset.validation, dataset.test):
        for image, label in zip(split.images, split.labels, strict=True):
            assert image.tobytes() + bytes([label]) in known
            assert image.tobytes() in first


@pytest.mark.slow
def test_they_are_parsed_once_and_then_read_without_any_heavy_package(
    mnist, tmp_path, offline, python_environment, monkeypatch
):
    download = data_home() / "openml"
    if not download.is_dir():
        pytest.skip(f"{download} is not there: only the parsed cache is")
    shutil.copytree(download, tmp_path / "openml")
    for path in [tmp_path / "openml", *(tmp_path / "openml").rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    assert load_digits(Data(source="openml")).checksum == mnist.checksum
    program = (
        "import sys\n"
        "from mnist_softmax.config.data import Data\n"
        "from mnist_softmax.data.sources import load_digits\n"
        "print(load_digits(Data()).checksum, 'sklearn' in sys.modules, 'pandas' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=python_environment | {"SCIKIT_LEARN_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{mnist.checksum} False False\n"
