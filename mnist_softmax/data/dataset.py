"""The digits as the rest of the program sees them: three splits of images and labels.

Images are raw pixels, one row each, and stay bytes in memory (all 70,000 are 55 MB); they are divided by their
scale only where a mini-batch is made. `Dataset` also remembers where the digits came from.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from mnist_softmax.config.data import Data


@dataclass(frozen=True, eq=False)
class Split:
    """Images (n, width), uint8 or float32, C-contiguous, and their labels (n,), uint8.

    The network sees images / scale: `data.scale` of the config, the value of a full pixel.
    """

    images: np.ndarray
    labels: np.ndarray
    scale: float = 255.0

    def __len__(self) -> int:
        return len(self.labels)

    def rows(self, start: int, stop: int) -> Split:
        """Images start to stop - 1 as views: nothing is copied."""
        return Split(self.images[start:stop], self.labels[start:stop], self.scale)

    def first(self, n: int) -> Split:
        """The first n images, or all where there are fewer."""
        return self.rows(0, n)


@dataclass(frozen=True, eq=False)
class Dataset:
    """The three splits, and what is known of their origin."""

    train: Split
    validation: Split
    test: Split
    source: str
    """What was really used: openml, sample, idx, npz, csv or pickle."""
    location: str
    """The cache, directory or file that was read."""
    checksum: str
    """The sha256 of all images, then all labels, as loaded; `training_size` does not change it."""
    section: Data | None = None
    """The data section by which they were loaded; None for digits that come otherwise."""
    warnings: tuple[str, ...] = ()
    """What the user must be told, in the console and in every report."""
    recognised: str = ""
    """In words, what was found there: a name, a format."""

    def split(self, name: str) -> Split:
        """The split called `name`: train, validation or test."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[name]

    def scaled(self, scale: float) -> Dataset:
        """The same digits, of which `scale` is a full pixel."""
        return replace(
            self,
            train=replace(self.train, scale=scale),
            validation=replace(self.validation, scale=scale),
            test=replace(self.test, scale=scale),
            section=self.section and self.section.model_copy(update={"scale": scale}),
        )

    @property
    def width(self) -> int:
        """Pixels of an image."""
        return self.train.images.shape[1]

    @property
    def classes(self) -> list[int]:
        """The labels that occur."""
        return np.unique(np.concatenate([s.labels for s in (self.train, self.validation, self.test)])).tolist()

    @property
    def num_classes(self) -> int:
        """The largest label of any split, plus one."""
        return 1 + max(int(split.labels.max()) for split in (self.train, self.validation, self.test))


def sha256(*splits: Split) -> str:
    """The sha256, in hex, of the images of all `splits` and then of their labels, as raw bytes."""
    digest = hashlib.sha256()
    for split in splits:
        digest.update(split.images.data)
    for split in splits:
        digest.update(split.labels.data)
    return digest.hexdigest()
