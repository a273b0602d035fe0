"""scikit-learn's own callbacks, told of every epoch. It has them since 1.9; before, there is nobody to tell."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any

from mnist_softmax.training.history import Record


class _NoCallbacks:
    """The estimator's base where scikit-learn has none."""


def _callback_support() -> Any:
    try:
        from sklearn.callback import CallbackSupportMixin
    except ImportError:
        return _NoCallbacks
    return CallbackSupportMixin


CallbackSupport = _callback_support()  # has `set_callbacks`


def told_to_callbacks(
    estimator: Any, records: Iterator[Record], epochs: int, X: Any, y: Any, fitted: Callable[[], dict[str, Any]]
) -> Generator[Record]:
    """`records`, of at most so many epochs, each shown to the estimator's callbacks, of which any may stop the run.

    `fitted` gives the attributes of which a callback that scores can make an estimator as it is now.
    """
    if CallbackSupport is _NoCallbacks:
        yield from records
        return
    fit = estimator._init_callback_context(max_subtasks=epochs)
    fit.call_on_fit_task_begin(estimator=estimator, X=X, y=y)
    try:
        for record in records:
            epoch = fit.subcontext(task_name="epoch").call_on_fit_task_begin(estimator=estimator, X=X, y=y)
            stop = epoch.call_on_fit_task_end(estimator=estimator, X=X, y=y, reconstruction_attributes=fitted())
            yield record
            if stop:
                break
    finally:
        fit.call_on_fit_task_end(estimator=estimator, X=X, y=y, reconstruction_attributes=fitted())
