"""Kinds of values on the command line."""

from __future__ import annotations

import argparse
import os


def user_path(word: str) -> str:
    """A path, or the name of a config: `~` is the home of the user, in --output=~/x too, where no shell sees it."""
    if not word:
        raise argparse.ArgumentTypeError("expected a path, found an empty word")
    return os.path.expanduser(word)
