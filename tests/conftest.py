"""What tests everywhere need: made-up digits, settings that fit them, and, where they are at hand, the real ones."""

import hashlib
import importlib
import socket

import numpy as np
import pytest
from small_run import CONFIG, write_digits

from mnist_softmax.config.config import Config
from mnist_softmax.config.data import Data
from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import DataError

WIDTH, CLASSES = 12, 4


def pytest_sessionstart(session):
    """Where Matplotlib has no cache of fonts yet, it says on standard error that it builds one: done before tests."""
    if not hasattr(session.config, "workerinput"):  # not in each of the processes that share the tests
        importlib.import_module("matplotlib.font_manager")


def noisy_patterns(rng: np.random.Generator, patterns: np.ndarray, n: int) -> Split:
    labels = rng.integers(0, CLASSES, n).astype(np.uint8)
    labels[:CLASSES] = np.arange(CLASSES)
    images = np.clip(patterns[labels] + rng.normal(0, 70, (n, WIDTH)), 0, 255).astype(np.uint8)
    for array in (images, labels):
        array.flags.writeable = False  # nothing may write into the digits
    return Split(images, labels)


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """64 training and 30 + 30 other images of 12 pixels and 4 classes; no two training images are equal."""
    rng = np.random.default_rng(20)
    patterns = rng.integers(0, 256, (CLASSES, WIDTH))
    train, validation, test = (noisy_patterns(rng, patterns, n) for n in (64, 30, 30))
    assert len(np.unique(train.images, axis=0)) == 64
    checksum = hashlib.sha256(train.images.tobytes()).hexdigest()
    return Dataset(train, validation, test, source="npz", location="made up", checksum=checksum)


@pytest.fixture(scope="session")
def settings():
    """`settings(seed=1, l2=0.1, cost="quadratic", ...)`: a whole config for `dataset`; keys find their section."""
    standard = {
        "layers": (WIDTH, 6, CLASSES),
        "output_activation": "softmax",
        "cost": "log_likelihood",
        "epochs": 3,
        "mini_batch_size": 10,
        "learning_rate": 0.5,
        "dtype": "float64",
    }
    network = ("layers", "hidden_activation", "output_activation", "cost", "initializer")

    def build(seed: int = 0, scale: float = 255, **changed) -> Config:
        keys = standard | changed
        return Config.model_validate(
            {
                "seed": seed,
                "data": {"scale": scale},
                "network": {key: value for key, value in keys.items() if key in network},
                "training": {key: value for key, value in keys.items() if key not in network},
            }
        )

    return build


@pytest.fixture
def config(tmp_path):
    """Path of a small config, alone in a directory with its data."""
    write_digits(tmp_path / "digits.npz")
    path = tmp_path / "small.yaml"
    path.write_text(CONFIG.format(path=tmp_path / "digits.npz"))
    return path


@pytest.fixture(scope="session")
def full_mnist() -> Dataset:
    """All 70,000 images out of a cache on this machine (SCIKIT_LEARN_DATA); never out of the network."""

    def no_network(host, *args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, f"no address for {host} in a test")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", no_network)
        try:
            return load_digits(Data(source="openml"))
        except DataError as error:
            pytest.skip(str(error))
