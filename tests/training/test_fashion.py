"""configs/fashion.yaml keeps its promise, where Debian's package dataset-fashion-mnist has brought the images."""

import re
from pathlib import Path

import pytest

import mnist_softmax as ms
from mnist_softmax.config.shipped import find_shipped
from mnist_softmax.data.describe import describe

FOLDER = Path("/usr/share/datasets/fashion-mnist")


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER.is_dir(), reason="dataset-fashion-mnist is not installed")
def test_it_ends_at_the_accuracy_that_its_header_says():
    header = find_shipped("fashion").read_text(encoding="utf-8")
    expected = float(re.search(r"Expect ([\d.]+) %", header)[1])
    assert expected > 88
    settings = ms.load_config("fashion", f"data={{source: idx, path: {FOLDER}}}")
    digits = ms.load_digits(settings.data)
    assert "these are the 70,000 images of Fashion-MNIST" in describe(digits)
    _, history = ms.train(settings, digits)
    assert 100 * history[-1]["test_accuracy"] == pytest.approx(expected, abs=0.3)
