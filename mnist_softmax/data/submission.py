"""What Kaggle's Digit Recognizer takes: a table of two columns, the images numbered from 1."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from mnist_softmax.errors import ConfigError
from mnist_softmax.files import write_whole
from mnist_softmax.reading import opened

HEADER = "ImageId,Label"


def check_replaceable(path: Path) -> bool:
    """Whether an earlier submission is there. Raises ConfigError where something else is: it stays as it is."""
    if not os.path.lexists(path):
        return False
    try:
        with opened(path) as file:
            start = file.read(len(HEADER))
    except OSError:
        start = b""
    if start != HEADER.encode():
        raise ConfigError(f"{path}: holds something that is no submission; choose another name")
    return True


def write_submission(path: Path, answers: np.ndarray) -> None:
    """Write the answers (n,) to images in their order. Raises ConfigError: it cannot be written there."""
    check_replaceable(path)
    rows = [HEADER, *(f"{k},{answer}" for k, answer in enumerate(answers.tolist(), start=1))]
    try:
        write_whole(path, "\n".join(rows) + "\n")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from None
