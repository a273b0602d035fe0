"""Every file under configs/ is a whole experiment: it says what it is, it is valid, and it trains."""

import re
from pathlib import Path

import numpy as np
import pytest

from mnist_softmax.config.config import Config
from mnist_softmax.config.file import load_config, read_yaml
from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.training.fit import check_fit
from mnist_softmax.training.loop import epochs, start

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "configs").rglob("*.yaml"))
CONFIGS = [path for path in FILES if "network" in read_yaml(path)]
"""The others are classifiers of the book that are no networks."""


def name(path: Path) -> str:
    """The path as people write it: configs/loglik.yaml."""
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(params=CONFIGS, ids=name)
def path(request) -> Path:
    """Each config in turn."""
    return request.param


def made_up_digits(n: int) -> Dataset:
    """n training and 20 + 20 other images of MNIST's width and number of classes; a tenth of their pixels lit."""
    rng = np.random.default_rng(0)

    def split(count: int) -> Split:
        images = rng.integers(0, 256, (count, 784)) * (rng.random((count, 784)) < 0.1)
        return Split(images.astype(np.uint8), (np.arange(count) % 10).astype(np.uint8))

    return Dataset(split(n), split(20), split(20), source="npz", location="made up", checksum="")


def one_epoch(settings: Config) -> Config:
    return settings.model_copy(update={"training": settings.training.model_copy(update={"epochs": 1})})


def test_there_are_configs():
    """An empty folder would let every test below pass."""
    assert "configs/loglik.yaml" in map(name, CONFIGS)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_its_header_says_what_it_is_what_to_expect_how_long_it_takes_and_the_command(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    # below the line for editors
    header = lines[1 : next(i for i, line in enumerate(lines) if not line.startswith("#"))]
    assert header, "no header"
    assert not header[0].startswith(("# Expect", "# Time", "#   ")), "what it is comes first"
    text = "\n".join(header)
    assert re.search(r"\bExpect\b.*\d", text)
    assert re.search(r"\bTime\b.*\d.*\b(s|seconds?|min|minutes?|h|hours?)\b", text)
    commands = [line for line in header if line.startswith(("#   python scripts/", "#   mnist-softmax "))]
    assert any(name(path) in line.split() for line in commands), "the command names this very file"
    for script in re.findall(r"scripts/\w+\.py", text):
        assert (ROOT / script).is_file()


def test_it_is_read_back_equal_from_what_a_run_directory_keeps(path, tmp_path):
    settings = load_config(path)
    (tmp_path / "config.yaml").write_text(settings.to_yaml(), encoding="utf-8")
    assert load_config(tmp_path / "config.yaml") == settings


def test_it_trains_an_epoch_on_images_like_mnists(path):
    settings = one_epoch(load_config(path))
    digits = made_up_digits(2 * settings.training.mini_batch_size + 1).scaled(settings.data.scale)
    check_fit(settings, digits)
    state = start(settings)
    before = state.network.parameters.flat.copy()
    [record] = epochs(state, digits, settings)
    assert record["epoch"] == 1
    assert set(settings.training.monitor) <= set(record)
    assert all(np.all(np.isfinite(value)) for value in record.values())
    assert np.all(np.isfinite(state.network.parameters.flat))
    assert not np.array_equal(state.network.parameters.flat, before)
