"""Streams: independent by name, the same by seed."""

import numpy as np
import pytest

from mnist_softmax.training.loop import start
from mnist_softmax.training.randomness import STREAMS, stream

COSTS = [("sigmoid", "quadratic"), ("sigmoid", "cross_entropy"), ("softmax", "log_likelihood")]


def drawn(seed: int, name: str) -> np.ndarray:
    return stream(seed, name).standard_normal(10_000)


@pytest.mark.parametrize("name", STREAMS)
def test_same_seed_and_name_same_numbers(name):
    np.testing.assert_array_equal(drawn(5, name), drawn(5, name))


def test_streams_of_other_names_and_seeds_are_uncorrelated():
    all_streams = np.array([drawn(seed, name) for seed in (0, 1, 2, 12345678) for name in STREAMS])
    correlations = np.corrcoef(all_streams) - np.eye(len(all_streams))
    assert abs(correlations).max() < 0.05  # five standard deviations of chance


def test_an_unknown_stream_is_refused():
    with pytest.raises(ValueError, match="not in tuple"):
        stream(0, "wieghts")


@pytest.mark.parametrize(("output", "cost"), COSTS)
def test_starting_weights_depend_on_the_seed_and_not_on_the_cost(settings, output, cost):
    reference = start(settings(seed=3)).network.parameters.flat
    same = start(settings(seed=3, output_activation=output, cost=cost)).network.parameters.flat
    other = start(settings(seed=4, output_activation=output, cost=cost)).network.parameters.flat
    np.testing.assert_array_equal(same, reference)
    assert (other != reference).all()


def test_order_is_not_disturbed_by_how_many_weights_were_drawn(settings):
    small, large = (start(settings(layers=layers)) for layers in ((12, 4), (12, 9, 9, 4)))
    np.testing.assert_array_equal(small.order.permutation(64), large.order.permutation(64))
