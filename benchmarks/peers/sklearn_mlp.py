"""scikit-learn's MLPClassifier, solver sgd; it shuffles by itself."""

from __future__ import annotations

from collections.abc import Callable

from sklearn.neural_network import MLPClassifier

from benchmarks.work import ETA, M, Work


def start(work: Work) -> Callable[[int], float]:
    """A function that trains an epoch."""
    classifier = MLPClassifier(
        (work.hidden,), activation="logistic", solver="sgd", alpha=0.0, batch_size=M, learning_rate_init=ETA,
        momentum=0.0, random_state=0,
    )  # fmt: skip
    classifier.partial_fit(work.x[:M], work.labels[:M], classes=range(10))  # makes its arrays
    for l in (1, 2):
        classifier.coefs_[l - 1][...] = work.start[f"w{l}"]
        classifier.intercepts_[l - 1][...] = work.start[f"b{l}"]

    def epoch(_: int) -> float:
        classifier.partial_fit(work.x, work.labels)
        return classifier.score(work.x_test, work.labels_test)

    return epoch
