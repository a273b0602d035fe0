"""The book's order of rounding, the epochs that are measured, and overflow that is let pass."""

import numpy as np
import pytest
from scipy.special import expit

from mnist_softmax.errors import Diverged
from mnist_softmax.training.loop import epochs, start

BOOK = {"output_activation": "sigmoid", "cost": "cross_entropy", "mini_batch_size": 10, "learning_rate": 0.7}


@pytest.mark.parametrize("l2", [0.0, 3.0])
def test_steps_round_as_the_books_programs_do(dataset, settings, l2):
    """w = (1 - eta (lambda/n)) w - (eta/m) sum of gradients, written out, for an epoch with a short last batch."""
    chosen = settings(**BOOK, l2=l2, epochs=1, rounding="book", scale=256)
    dataset, state, again = dataset.scaled(256), start(chosen), start(chosen)
    w1, w2 = (arrays["w"].copy() for arrays in state.network.parameters.layers)
    b1, b2 = (arrays["b"].copy() for arrays in state.network.parameters.layers)
    list(epochs(state, dataset, chosen))
    order, eta, n = again.order.permutation(64), 0.7, 64
    for k in range(0, n, 10):
        chosen_images = order[k : k + 10]
        x, y, m = (
            dataset.train.images[chosen_images] / 256.0,
            np.eye(4)[dataset.train.labels[chosen_images]],
            len(chosen_images),
        )
        a1 = expit(x @ w1 + b1)
        delta2 = expit(a1 @ w2 + b2) - y
        delta1 = (1 - a1) * a1 * (delta2 @ w2.T)
        w2 = (1 - eta * (l2 / n)) * w2 - (eta / m) * (a1.T @ delta2)
        w1 = (1 - eta * (l2 / n)) * w1 - (eta / m) * (x.T @ delta1)
        b2, b1 = b2 - (eta / m) * delta2.sum(axis=0), b1 - (eta / m) * delta1.sum(axis=0)
    first, second = state.network.parameters.layers
    for array, expected in ((first["w"], w1), (first["b"], b1), (second["w"], w2), (second["b"], b2)):
        np.testing.assert_allclose(array, expected, rtol=0, atol=1e-15)


def test_both_roundings_take_the_same_steps(dataset, settings):
    trained = []
    for rounding in ("fast", "book"):
        chosen = settings(**BOOK, l2=3.0, rounding=rounding)
        state = start(chosen)
        list(epochs(state, dataset, chosen))
        trained.append(state.network.parameters.flat)
    np.testing.assert_allclose(*trained, rtol=1e-11)


@pytest.mark.parametrize("training", [{"momentum": 0.5}, {"l1": 0.5}, {"optimizer": {"kind": "adam"}}])
def test_the_books_rounding_goes_without_what_its_programs_lack(settings, training):
    with pytest.raises(ValueError, match="goes without momentum and l1, and without adam"):
        settings(**BOOK, rounding="book", **training)


def test_only_every_nth_epoch_and_the_last_are_measured(dataset, settings):
    chosen = settings(epochs=7, monitor_every=3, monitor=("test_accuracy",))
    state = start(chosen)
    measured = [record["epoch"] for record in epochs(state, dataset, chosen) if "test_accuracy" in record]
    assert measured == [3, 6, 7]
    assert len(state.history) == 7


@pytest.mark.parametrize(
    "watch", [{"early_stopping": {"patience": 2}}, {"schedule": {"kind": "halving", "patience": 2}}]
)
def test_what_watches_validation_needs_every_epoch(settings, watch):
    with pytest.raises(ValueError, match="need monitor_every to be 1"):
        settings(monitor_every=2, **watch)


def test_overflow_goes_on_only_where_it_is_asked_for(dataset, settings):
    """Each step multiplies the weights by 1 - eta lambda/n = -9: they overflow within the run."""
    keys = BOOK | {
        "learning_rate": 10.0,
        "l2": 64.0,
        "epochs": 60,
        "layers": (12, 4),
        "monitor": ("test_accuracy",),
    }
    with pytest.raises(Diverged):
        chosen = settings(**keys)
        list(epochs(start(chosen), dataset, chosen))
    chosen = settings(**keys, on_overflow="go_on")
    state = start(chosen)
    records = list(epochs(state, dataset, chosen))
    assert len(records) == 60
    assert not np.isfinite(state.network.parameters.flat).all()
    first_class = np.mean(dataset.test.labels == 0)  # argmax over outputs that are no numbers
    assert records[-1]["test_accuracy"] == first_class
