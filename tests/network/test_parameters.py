"""All parameters in one stretch of memory."""

import numpy as np
import pytest

from mnist_softmax.network.parameters import Parameters

SHAPES = [{"w": (2, 3), "b": (3,)}, {}, {"w": (3, 4), "b": (4,)}]  # the middle layer has none, as pooling


@pytest.mark.parametrize("replicas", [(), (3,), (2, 3)])
def test_views_share_memory_with_flat_and_cover_it(replicas):
    parameters = Parameters.zeros(SHAPES, "float64", replicas)
    assert parameters.flat.shape == (*replicas, 6 + 3 + 12 + 4)
    for number, (_, view) in enumerate(parameters.named(), start=1):
        assert np.shares_memory(view, parameters.flat)
        assert (view == 0).all()  # no two views overlap
        view[...] = number
    assert (parameters.flat != 0).all()


@pytest.mark.parametrize("replicas", [(), (3,)])
def test_weights_come_before_biases(replicas):
    parameters = Parameters.zeros(SHAPES, "float32", replicas)
    assert np.shares_memory(parameters.weights, parameters.flat)
    parameters.weights[...] = 1
    assert {name: float(view.min()) for name, view in parameters.named()} == {
        "w1": 1,
        "b1": 0,
        "w3": 1,
        "b3": 0,
    }
    assert parameters.weights.shape == (*replicas, 6 + 12)
    np.testing.assert_array_equal(parameters.flat[..., :18], 1)


def test_replica_r_is_row_r_of_flat():
    parameters = Parameters.zeros(SHAPES, "float64", (3,))
    alone = Parameters.zeros(SHAPES, "float64")
    parameters.flat[1] = alone.flat[...] = np.arange(25)
    for (name, view), (_, expected) in zip(parameters.named(), alone.named(), strict=True):
        np.testing.assert_array_equal(view[1], expected, err_msg=name)
        assert (view[[0, 2]] == 0).all()
