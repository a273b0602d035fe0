"""What a dataset is, in words and numbers: the text of the command `mnist-softmax data`."""

from __future__ import annotations

import math

import numpy as np

from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.text import aligned

MNIST = "the 70,000 digits of MNIST"

# Known checksums of whole datasets. The images and labels of MNIST's, written back as IDX, are to the last byte
# the four files that were first given out; the sample's says also that it was dealt the same on every machine.
KNOWN = {
    "c2069063c1105f2bf96266aef1ff68c6e13bdda7a54e37bf19c16f1db24efc83": MNIST,
    "0db1eff993667e0a0b114c924d2fd729d4351e75848dd99ee22b491976394c5b": f"5,000 of {MNIST}",
    "2cbc59191665e1ba3f2494648f17edac5974f748ab89fb2ae05597d658161f54": "the 70,000 images of Fashion-MNIST",
}


def describe(dataset: Dataset) -> str:
    """Source, checksum, sizes, pixels, images per class and warnings of `dataset`, as lines of text."""
    identity = KNOWN.get(dataset.checksum)
    verdict = f"these are {identity}" if identity else f"these are not {MNIST}"
    return "\n".join(
        [
            f"source    {dataset.source}",
            f"location  {dataset.location}",
            *([f"          {dataset.recognised}"] if dataset.recognised else []),
            f"sha256    {dataset.checksum}",
            f"          {verdict}",
            "",
            *aligned(_sizes_and_pixels(dataset)),
            "",
            *aligned(_images_per_class(dataset)),
            *(f"warning: {warning}" for warning in dataset.warnings),
        ]
    )


def _sizes_and_pixels(dataset: Dataset) -> list[list[str]]:
    rows = [["split", "images", "pixels", "type", "mean pixel", "std"]]
    # the last row is what others print of MNIST: they do not hold out validation images
    for name, splits in {**_splits(dataset), "train + validation": [dataset.train, dataset.validation]}.items():
        images = [split.images for split in splits]
        mean, deviation = _pixel_statistics(images)
        n = sum(map(len, images))
        rows.append(
            [name, f"{n:,}", str(dataset.width), str(images[0].dtype), f"{mean:.4f}", f"{deviation:.4f}"]
        )
    return rows


def _images_per_class(dataset: Dataset) -> list[list[str]]:
    splits = _splits(dataset)
    counts = [np.bincount(split.labels, minlength=dataset.num_classes) for [split] in splits.values()]
    return [
        ["class", *splits],
        *([str(label), *(f"{count[label]:,}" for count in counts)] for label in range(dataset.num_classes)),
    ]


def _splits(dataset: Dataset) -> dict[str, list[Split]]:
    return {"train": [dataset.train], "validation": [dataset.validation], "test": [dataset.test]}


def _pixel_statistics(arrays: list[np.ndarray]) -> tuple[float, float]:
    """Mean and standard deviation, summed a thousand images at a time: NumPy's own would copy all as floats."""
    total = squares = 0.0
    for images in arrays:
        for start in range(0, len(images), 1000):
            block = images[start : start + 1000].astype(np.float64)
            total += float(block.sum())
            squares += float(np.vdot(block, block))
    size = sum(images.size for images in arrays)
    mean = total / size
    return mean, math.sqrt(max(squares / size - mean**2, 0.0))
