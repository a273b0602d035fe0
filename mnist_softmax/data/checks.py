"""What arrays must be to count as digits. Each fault is one line: where, what is wrong, what was expected.

A pixel is written with nine digits. They give the same float32 again, so an advised data.scale is large enough.
"""

from __future__ import annotations

import numpy as np

from mnist_softmax.data.dataset import Split
from mnist_softmax.errors import DataError

FAINT = 8  # times the lightest pixel must be more than data.scale
CONSEQUENCE = {
    "train": "it cannot be learned",
    "validation": "validation says nothing of it",
    "test": "test says nothing of it",
}


def checked_split(images: np.ndarray, labels: np.ndarray, images_name: str, labels_name: str) -> Split:
    """A Split of images (n, ...), flattened to (n, width), and labels (n,) or (n, 1).

    Pixels of a whole type, 0 to 255, become uint8, floats become float32. Raises DataError, naming images or
    labels, when there are none, their numbers differ, or an entry is no pixel or no label.
    """
    pixels, numbers = _pixels(images, images_name), _labels(labels, labels_name)
    if len(pixels) != len(numbers):
        raise DataError(
            f"{images_name}: {len(pixels):,} images, but {labels_name}: {len(numbers):,} labels; "
            "expected as many labels as images"
        )
    return Split(pixels, numbers)


def check_widths(location: str, train: Split, *others: Split) -> None:
    """Raises DataError where another split's images are not as wide as those of `train`."""
    width = train.images.shape[1]
    for other in others:
        if other.images.shape[1] != width:
            raise DataError(
                f"{location}: training images have {width} pixels, others have {other.images.shape[1]}; "
                "expected images of one size"
            )


def check_alike(location: str, **splits: Split) -> None:
    """Raises DataError where one split is so much fainter than another that its pixels must be of another scale."""
    highs = {name: float(split.images.max()) for name, split in splits.items()}
    faint, full = min(highs, key=highs.__getitem__), max(highs, key=highs.__getitem__)
    if 0 <= FAINT * highs[faint] < highs[full]:  # below 0 is another fault
        raise DataError(
            f"{location}: no pixel of the {faint} split is above {highs[faint]:.9g}, those of the {full} split go up "
            f"to {highs[full]:.9g}; bring all splits to one scale"
        )


def check_scale(location: str, scale: float, *splits: Split) -> None:
    """Raises DataError where pixels and `data.scale` do not go together.

    Bytes may be up to FAINT times data.scale. They may be faint, for these images may be a part of a set.
    """
    high = max(float(split.images.max()) for split in splits)
    if high > FAINT * scale and all(split.images.dtype == np.uint8 for split in splits):
        raise DataError(
            f"{location}: pixels go up to {high:.9g}, so dividing by data.scale = {scale:g} would leave them far "
            f"above 1; set data.scale={high:.9g}, or to whatever a full pixel is"
        )
    floats = [split.images for split in splits if split.images.dtype != np.uint8]
    if not floats:
        return
    low, high = min(images.min() for images in floats), max(images.max() for images in floats)
    if low < 0:
        raise DataError(
            f"{location}: pixels lie between {low:.9g} and {high:.9g}, expected 0 or more; no data.scale mends that: "
            "add to them so that they begin at 0"
        )
    if high > scale:
        raise DataError(
            f"{location}: pixels lie between {low:.9g} and {high:.9g}, expected 0 to {scale:.9g}; "
            "set data.scale to the value of a full pixel"
        )
    if high <= 1 < scale:
        raise DataError(
            f"{location}: no pixel is above 1, so dividing by data.scale = {scale:g} would leave next to "
            "nothing; set data.scale=1"
        )


def check_not_binary(location: str, scale: float, split: Split) -> None:
    """Raises DataError where bytes are 0 and 1 alone, and `data.scale` would leave next to nothing of them."""
    if split.images.max() == 1 and scale >= FAINT:
        raise DataError(
            f"{location}: no pixel is above 1, so dividing by data.scale = {scale:g} would leave next to nothing; "
            "set data.scale=1"
        )


def check_not_faint(location: str, scale: float, *splits: Split) -> None:
    """Raises DataError where `data.scale` would leave next to nothing of a whole dataset: pixels of 0 and 1, say, as
    bytes, or of 0 to 16."""
    high = max(float(split.images.max()) for split in splits)
    if high <= 0:
        raise DataError(f"{location}: every pixel is 0, there is nothing to learn from")
    if FAINT * high <= scale:
        raise DataError(
            f"{location}: no pixel is above {high:.9g}, so dividing by data.scale = {scale:g} would leave next to "
            f"nothing; set data.scale={high:.9g}, or to whatever a full pixel is"
        )


def classes_lacking(*names_and_splits: tuple[str, Split]) -> list[str]:
    """A warning for each split that has no image of some class that another one has."""
    classes = {name: set(np.unique(split.labels).tolist()) for name, split in names_and_splits}
    every = set().union(*classes.values())
    return [
        f"the {name} split has no image of class {', '.join(map(str, sorted(every - own)[:20]))}"
        + (f" and {len(every - own) - 20} others" if len(every - own) > 20 else "")
        + f" (of {len(every)} classes), so {CONSEQUENCE[name]}"
        for name, own in classes.items()
        if own < every
    ]


def is_sorted(labels: np.ndarray) -> bool:
    """Whether all images of a class follow each other, for each of several classes."""
    return 1 < len(np.unique(labels)) == 1 + np.count_nonzero(labels[1:] != labels[:-1])


def _pixels(images: np.ndarray, name: str) -> np.ndarray:
    if images.ndim < 2:
        raise DataError(f"{name}: expected images (n, width) or (n, rows, columns), found shape {images.shape}")
    if images.size == 0:
        raise DataError(f"{name}: holds no images (shape {images.shape})")
    if images.dtype.kind not in "buif":
        raise DataError(f"{name}: pixels are of type {images.dtype}, expected numbers")
    flat = images.reshape(len(images), -1)
    if images.dtype.kind == "f":
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
            flat = np.ascontiguousarray(flat, dtype=np.float32)
        if not (np.isfinite(flat.min()) and np.isfinite(flat.max())):  # NaN if any pixel is
            raise DataError(f"{name}: holds pixels that are NaN or infinite, expected finite numbers")
        return flat
    if flat.min() < 0 or flat.max() > 255:
        raise DataError(f"{name}: pixels lie between {flat.min()} and {flat.max()}, expected 0 to 255")
    return np.ascontiguousarray(flat, dtype=np.uint8)


def _labels(labels: np.ndarray, name: str) -> np.ndarray:
    if labels.ndim == 2 and labels.shape[1] == 1:  # a column, as MedMNIST has them
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise DataError(f"{name}: expected one label an image, shape (n,), found shape {labels.shape}")
    if labels.size == 0:
        raise DataError(f"{name}: holds no labels")
    if labels.dtype.kind not in "uif":
        raise DataError(f"{name}: labels are of type {labels.dtype}, expected whole numbers")
    unfit = (labels < 0) | (labels > 255) | (labels != np.floor(labels))  # NaN differs from itself
    if unfit.any():
        raise DataError(f"{name}: label {labels[unfit][0]} found, expected whole numbers from 0 to 255")
    return labels.astype(np.uint8)
