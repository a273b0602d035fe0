"""What several tests of the data need: a data home of their own, no network, small files, the real digits."""

import os
import socket
from pathlib import Path

import numpy as np
import pytest

from mnist_softmax.config.data import Data
from mnist_softmax.data import openml
from mnist_softmax.data.cache import cache_path, data_home
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import DataError


def no_address(host, *args, **kwargs):
    raise socket.gaierror(socket.EAI_NONAME, f"no address for {host} in a test")


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """An empty data home."""
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def offline(monkeypatch) -> None:
    """No name has an address; scikit-learn finds out without delay."""
    monkeypatch.setattr(socket, "getaddrinfo", no_address)
    monkeypatch.setattr(openml, "RETRY_DELAY", 0.01)


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory) -> Path:
    """A data home in which the sample is cached (parsing it takes two seconds)."""
    folder = tmp_path_factory.mktemp("sample") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCIKIT_LEARN_DATA", str(folder))
        load_digits(Data(source="sample"))
    return folder


@pytest.fixture
def with_sample(sample_home, monkeypatch) -> Path:
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(sample_home))
    return sample_home


@pytest.fixture(scope="session")
def mnist():
    """All of MNIST from the data home of whoever runs the tests."""
    missing = f"no mnist_784 in the data home {data_home()}"
    if not (cache_path("openml").exists() or (data_home() / "openml").exists()):
        pytest.skip(missing)  # before scikit-learn makes empty folders there
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", no_address)
        patch.setattr(openml, "RETRY_DELAY", 0.01)
        try:
            return load_digits(Data(source="openml"))
        except DataError:
            pytest.skip(missing)


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    """Twelve training and three test images of 2 x 2 pixels, in Keras' names. Image i is filled with i."""

    def filled(first, count):
        return np.repeat(np.arange(first, first + count, dtype=np.uint8), 4).reshape(count, 2, 2)

    return {
        "x_train": filled(0, 12),
        "y_train": np.array([5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5], np.uint8),
        "x_test": filled(60, 3),
        "y_test": np.array([7, 2, 1], np.uint8),
    }


@pytest.fixture
def python_environment() -> dict[str, str]:
    """For a Python of its own, which must find the package wherever it is started."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
