"""MNIST and its like from OpenML, through scikit-learn's `fetch_openml`, without the waiting that it would allow.

scikit-learn keeps what it downloads, so this works without a network from the second time on. Where the network
is there but never answers, Python waits for ever; here it gives up within twenty seconds.
"""

from __future__ import annotations

import queue
import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from mnist_softmax.data.cache import data_home, reason
from mnist_softmax.data.checks import checked_split
from mnist_softmax.data.dataset import Split
from mnist_softmax.data.shadow import Spoiled, shadow
from mnist_softmax.errors import DataError


class Held(NamedTuple):
    """What OpenML holds under a name: how many images, how many of them, from the first on, are for training."""

    images: int
    training: int
    classes: int

    @property
    def shape(self) -> tuple[int, int]:
        """Of all images, each of 28 x 28 pixels."""
        return self.images, 784


SETS = {
    "mnist_784": Held(70_000, 60_000, 10),
    "Fashion-MNIST": Held(70_000, 60_000, 10),
    "Kuzushiji-MNIST": Held(70_000, 60_000, 10),
    "EMNIST_Balanced": Held(131_600, 112_800, 47),
}  # as config/data.py names them

# A silent server is asked up to four times: scikit-learn retries once, and then once more from the start.
PATIENCE = 3.5  # seconds for one answer
RETRY_DELAY = 0.5  # seconds

_network = threading.Lock()  # what `_impatient_network` changes belongs to the whole process


def fetch(name: str) -> Split:
    """All images (n, 784) of the set `name` in the order of OpenML: those of training, then those of test.

    Raises DataError, in one line, whatever goes wrong.
    """
    of = SETS[name]
    try:
        digits = _download(name)
    except Spoiled as error:
        raise DataError(str(error)) from None
    except Exception as error:  # network, disk, parser, a broken scikit-learn: all the same to the user
        raise DataError(f"fetch_openml with data home {data_home()}: {reason(error)}") from None
    if digits.images.shape != of.shape or digits.images.dtype != np.uint8 or digits.labels.max() >= of.classes:
        raise DataError(
            f"fetch_openml with data home {data_home()}: expected {of.shape} bytes and labels 0 to "
            f"{of.classes - 1}, found {digits.images.shape} {digits.images.dtype} and labels to {digits.labels.max()}"
        )
    return digits


def _download(name: str) -> Split:
    # scikit-learn warns of every retry; the user gets one line at the end instead
    with _impatient_network(), shadow(data_home()) as home, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sklearn.datasets import fetch_openml

        found = fetch_openml(
            name,
            version=1,
            data_home=str(home),
            as_frame=False,
            parser="pandas",
            # also the class column: left to itself pandas 3 reads integers there, and scikit-learn fails
            read_csv_kwargs={"dtype": dict.fromkeys(range(SETS[name].shape[1] + 1), "uint8")},
            n_retries=1,
            delay=RETRY_DELAY,
        )
    # older versions give the labels as text
    return checked_split(found.data, found.target.astype(np.int64), "images", "labels")


@contextmanager
def _impatient_network() -> Iterator[None]:
    """Inside, a socket or a name look-up that has no answer after PATIENCE seconds fails."""
    with _network:
        timeout, resolve = socket.getdefaulttimeout(), socket.getaddrinfo
        socket.setdefaulttimeout(PATIENCE)
        socket.getaddrinfo = _impatient(resolve)
        try:
            yield
        finally:
            socket.getaddrinfo = resolve
            socket.setdefaulttimeout(timeout)


def _impatient(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """`socket.getaddrinfo` knows no timeout, so it is asked in a thread that can be left behind."""

    def resolve_in_time(host: Any, *args: Any, **kwargs: Any) -> Any:
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(resolve(host, *args, **kwargs))
            except Exception as error:
                answers.put(error)

        # a daemon, for an executor's thread would keep the program from ending
        threading.Thread(target=ask, daemon=True).start()
        try:
            answer = answers.get(timeout=PATIENCE)
        except queue.Empty:
            raise socket.gaierror(socket.EAI_AGAIN, f"no address for {host} within {PATIENCE:g} s") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    return resolve_in_time
