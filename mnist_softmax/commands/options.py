"""Words of the command line that several commands take."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mnist_softmax.errors import ConfigError

if TYPE_CHECKING:
    from mnist_softmax.config.config import Config


def user_path(word: str) -> str:
    """A path, or the name of a config: `~` is the home of the user, in --output=~/x too, where no shell sees it."""
    if not word:
        raise argparse.ArgumentTypeError("expected a path, found an empty word")
    return os.path.expanduser(word)


def names_and_pairs(words: Sequence[str], overrides: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names of configs or runs, and all key=value: argparse takes a pair among the names for one of them.

    What is on disk is a name, such as a run of a sweep: runs/learning_rate=0.1/seed-0.
    """
    pairs = [word for word in words if "=" in word and not os.path.exists(word)]
    return [word for word in words if word not in pairs], [*pairs, *overrides]


def settings_of_run(directory: str, overrides: Sequence[str]) -> Config:
    """The config that a run was trained by, with other data where data.* pairs say so. Raises ConfigError."""
    from mnist_softmax.config.file import load_config
    from mnist_softmax.runs.directory import RunDirectory

    if other := [pair for pair in overrides if not pair.startswith("data.")]:
        raise ConfigError(f"{other[0]}: a trained network is what it is; only data.* may be changed")
    run = RunDirectory(directory)
    run.read_config()  # which says what is amiss where there is no run
    return load_config(run.config, *overrides)
