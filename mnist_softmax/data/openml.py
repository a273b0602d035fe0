"""MNIST from OpenML, through scikit-learn's `fetch_openml`, without the waiting that it would allow.

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
from typing import Any

import numpy as np

from mnist_softmax.data.cache import data_home, reason
from mnist_softmax.data.checks import checked_split
from mnist_softmax.data.dataset import Split
from mnist_softmax.errors import DataError

SHAPE = (70_000, 784)

# A silent server is asked up to four times: scikit-learn retries once, and then once more from the start.
PATIENCE = 3.5  # seconds for one answer
RETRY_DELAY = 0.5  # seconds

_network = threading.Lock()  # what `_impatient_network` changes belongs to the whole process


def fetch() -> Split:
    """All 70,000 images (70000, 784) in the official order: 60,000 of training, then 10,000 of test.

    Raises DataError, in one line, whatever goes wrong.
    """
    try:
        digits = _download()
    except Exception as error:  # network, disk, parser, a broken scikit-learn: all the same to the user
        raise DataError(f"fetch_openml with data home {data_home()}: {reason(error)}") from None
    if digits.images.shape != SHAPE or digits.images.dtype != np.uint8 or digits.labels.max() > 9:
        raise DataError(
            f"fetch_openml with data home {data_home()}: expected {SHAPE} bytes and labels 0 to 9, found "
            f"{digits.images.shape} {digits.images.dtype} and labels to {digits.labels.max()}"
        )
    return digits


def _download() -> Split:
    # scikit-learn warns of every retry; the user gets one line at the end instead
    with _impatient_network(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sklearn.datasets import fetch_openml

        mnist = fetch_openml(
            "mnist_784",
            version=1,
            data_home=str(data_home()),
            as_frame=False,
            parser="pandas",
            # also the class column: left to itself pandas 3 reads integers there, and scikit-learn fails
            read_csv_kwargs={"dtype": dict.fromkeys(range(SHAPE[1] + 1), "uint8")},
            n_retries=1,
            delay=RETRY_DELAY,
        )
    # older versions give the labels as text
    return checked_split(mnist.data, mnist.target.astype(np.int64), "images", "labels")


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
