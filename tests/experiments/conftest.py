"""A small experiment on disk."""

import pytest
from small_run import CONFIG, write_digits


@pytest.fixture
def config(tmp_path):
    """Path of the config, alone in a directory with its data."""
    write_digits(tmp_path / "digits.npz")
    path = tmp_path / "small.yaml"
    path.write_text(CONFIG.format(path=tmp_path / "digits.npz"))
    return path
