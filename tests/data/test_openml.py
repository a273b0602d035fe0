import contextlib
import socket
import threading
import time
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import sklearn.datasets
from sklearn.datasets import _openml as sklearn_openml

from mnist_softmax.config.data import NAMES, Data
from mnist_softmax.data import openml
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import DataError


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(openml, "PATIENCE", 0.3)
    monkeypatch.setattr(openml, "RETRY_DELAY", 0.01)


@pytest.fixture
def silent_port():
    """A server that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        yield server.getsockname()[1]


def fault_of_openml() -> str:
    with pytest.raises(DataError) as caught:
        load_digits(Data(source="openml"))
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)
    return str(caught.value)


def pretend(monkeypatch, images, labels):
    monkeypatch.setattr(
        sklearn.datasets, "fetch_openml", lambda *a, **k: SimpleNamespace(data=images, target=labels)
    )


def fails_with(monkeypatch, error):
    def fetch(*args, **kwargs):
        raise error

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)


def test_without_network_and_cache_the_error_says_what_was_tried_and_what_to_do(home, offline):
    fault = fault_of_openml()
    assert f"{home}/mnist_softmax/openml.npz: not there" in fault
    assert f"fetch_openml with data home {home}: URLError: " in fault
    assert "SCIKIT_LEARN_DATA" in fault
    assert "data.source=sample" in fault


def test_a_damaged_cache_is_among_what_was_tried(home, offline):
    (home / "mnist_softmax").mkdir(parents=True)
    (home / "mnist_softmax" / "openml.npz").write_text("no digits here")
    assert f"{home}/mnist_softmax/openml.npz: unusable cache" in fault_of_openml()


def test_scikit_learns_own_warnings_do_not_spill(home, offline, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fault_of_openml()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "error", [ValueError("a\nparse"), TimeoutError(), OSError(28, "No space left"), ImportError("no pandas")]
)
def test_whatever_scikit_learn_raises_is_one_line(home, monkeypatch, error):
    fails_with(monkeypatch, error)
    assert type(error).__name__ in fault_of_openml()


def test_an_interrupt_is_not_caught(home, monkeypatch):
    fails_with(monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        load_digits(Data())


def test_digits_of_another_shape_are_refused(home, monkeypatch):
    pretend(monkeypatch, np.zeros((100, 784), np.uint8), np.zeros(100, np.uint8))
    assert "expected (70000, 784) bytes and labels 0 to 9, found (100, 784) uint8" in fault_of_openml()


def test_a_label_above_nine_is_refused(home, monkeypatch):
    pretend(monkeypatch, np.zeros((70_000, 784), np.uint8), np.full(70_000, 10, np.uint8))
    assert "labels to 10" in fault_of_openml()


def test_the_official_order_is_kept_whatever_the_layout_and_type(home, monkeypatch):
    images = np.zeros((70_000, 784), np.uint8, order="F")
    images[:, 5] = np.arange(70_000) // 10_000
    labels = (np.arange(70_000) % 10).astype(str).astype(object)  # as older versions of scikit-learn give them
    pretend(monkeypatch, images, labels)
    dataset = load_digits(Data(source="openml"))
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [
        50_000,
        10_000,
        10_000,
    ]
    assert np.unique(dataset.train.images[:, 5]).tolist() == [0, 1, 2, 3, 4]
    assert np.unique(dataset.validation.images[:, 5]).tolist() == [5]
    assert np.unique(dataset.test.images[:, 5]).tolist() == [6]
    assert dataset.train.labels[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert dataset.train.images.flags.c_contiguous
    assert (dataset.source, dataset.location) == ("openml", str(home / "mnist_softmax" / "openml.npz"))
    fails_with(monkeypatch, AssertionError("the cache was not used"))
    assert load_digits(Data()).checksum == dataset.checksum


@pytest.mark.parametrize(
    ("name", "n", "training", "classes"),
    [
        ("Fashion-MNIST", 70_000, 60_000, 10),
        ("Kuzushiji-MNIST", 70_000, 60_000, 10),
        ("EMNIST_Balanced", 131_600, 112_800, 47),
    ],
)
def test_other_sets_by_name(home, monkeypatch, name, n, training, classes):
    asked = []
    images = np.zeros((n, 784), np.uint8)
    images[:, 7] = np.arange(n) // (n // 7)

    def fetch(wanted, **options):
        asked.append((wanted, options["version"]))
        return SimpleNamespace(data=images, target=(np.arange(n) % classes).astype(str).astype(object))

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    dataset = load_digits(Data(source="openml", name=name))
    assert asked == [(name, 1)]
    held_out = training // 6
    sizes = [len(split) for split in (dataset.train, dataset.validation, dataset.test)]
    assert sizes == [training - held_out, held_out, n - training]
    assert dataset.test.images[0, 7] == training // (n // 7)
    assert dataset.num_classes == classes
    assert dataset.recognised == f"{name}, {classes} classes"
    assert dataset.location == str(home / "mnist_softmax" / f"openml-{name}.npz")
    fails_with(monkeypatch, AssertionError("the cache was not used"))
    assert load_digits(Data(source="openml", name=name)).checksum == dataset.checksum


def test_a_named_set_that_cannot_be_had(home, offline):
    with pytest.raises(DataError) as caught:
        load_digits(Data(source="openml", name="Fashion-MNIST"))
    text = str(caught.value)
    assert text.startswith(
        f"Fashion-MNIST cannot be had. Tried: {home}/mnist_softmax/openml-Fashion-MNIST.npz: not there"
    )
    assert text.endswith("or give its files by data.path with data.source=auto")


def test_every_name_that_a_config_takes_is_known():
    assert tuple(openml.SETS) == NAMES


def test_a_server_that_takes_the_call_and_says_nothing(home, impatient, silent_port, monkeypatch):
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", silent_port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: answer)
    start = time.perf_counter()
    assert "timed out" in fault_of_openml()
    assert time.perf_counter() - start < 5


@pytest.mark.skipif(
    not hasattr(sklearn_openml, "_SEARCH_NAME"), reason="scikit-learn keeps its address elsewhere"
)
def test_a_server_that_takes_the_request_and_says_nothing(home, impatient, silent_port, monkeypatch):
    address = f"http://127.0.0.1:{silent_port}/json/data/list/data_name/{{}}/limit/2"
    monkeypatch.setattr(sklearn_openml, "_SEARCH_NAME", address)
    start = time.perf_counter()
    assert "TimeoutError" in fault_of_openml()
    assert time.perf_counter() - start < 5


def test_a_name_server_that_says_nothing(home, impatient, monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: released.wait(60))
    start = time.perf_counter()
    try:
        assert "no address for" in fault_of_openml()
    finally:
        released.set()
    assert time.perf_counter() - start < 5


def test_giving_up_takes_less_than_twenty_seconds():
    # measured: at worst scikit-learn asks four times and waits twice; importing it takes another second or two
    assert 4 * openml.PATIENCE + 2 * openml.RETRY_DELAY <= 16


def test_the_network_is_as_patient_afterwards_as_before(home, impatient, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: [])
    before = socket.getaddrinfo, socket.getdefaulttimeout()
    with contextlib.suppress(DataError):
        load_digits(Data(source="openml"))
    assert (socket.getaddrinfo, socket.getdefaulttimeout()) == before
