"""Dropout leaves out what its mask says, as PyTorch's does, and draws the same masks alone and in a cohort."""

import numpy as np
import pytest
from layer_stack import Stack, dense, dropout

from mnist_softmax.network.dropout import BLOCK, DropoutPass
from mnist_softmax.network.parameters import Parameters

SIGMOID = "sigmoid"
PROBABILITIES = [0.5, 0.2, 0.9]


def new_pass(p: float, n: int = 40, examples=(5,)) -> DropoutPass:
    return DropoutPass(
        dropout(n, p), 1, Parameters.zeros([{"b": (1,)}, {}], "float64", examples[:-1]), examples
    )


@pytest.mark.parametrize("p", PROBABILITIES)
def test_a_neuron_is_left_out_with_probability_p_whatever_the_others_are(p):
    dropout, masks = new_pass(p), []
    dropout.draw_from([np.random.default_rng(1)])
    for _ in range(3 * BLOCK):
        dropout.draw()
        masks.append(dropout.mask.copy())
    kept = np.array(masks, float)
    n = kept.size
    assert abs(kept.mean() - (1 - p)) < 4 * np.sqrt(p * (1 - p) / n)
    for axis in range(3):  # neighbours: mini-batches, examples, neurons
        one, next_one = (np.take(kept, range(k, kept.shape[axis] - 1 + k), axis) for k in (0, 1))
        assert abs(np.corrcoef(one.ravel(), next_one.ravel())[0, 1]) < 4 / np.sqrt(n)


@pytest.mark.parametrize("p", PROBABILITIES)
def test_gradients_are_those_of_pytorch_with_the_same_masks(p):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it comes with the extra 'oracle'")
    stack = Stack([dropout(12, p), dense(12, 9, SIGMOID), dropout(9, p), dense(9, 4, SIGMOID)], 6)
    rng = np.random.default_rng(2)
    x, g = rng.random((6, 12)), rng.random((6, 4))
    rngs = [np.random.default_rng(3)]
    for each in (stack.passes[0], stack.passes[2]):
        each.draw_from(rngs)
        each.draw()
    leaves = [
        {name: torch.tensor(array.copy(), requires_grad=True) for name, array in arrays.items()}
        for arrays in stack.parameters.layers
    ]
    a = torch.tensor(x)
    for l in (0, 2):
        a = a * torch.tensor(stack.passes[l].mask)
        a = torch.sigmoid(a @ leaves[l + 1]["w"] + leaves[l + 1]["b"])
    (a * torch.tensor(g)).sum().backward()
    np.testing.assert_allclose(stack.forward(x), a.detach().numpy(), rtol=1e-12)
    stack.backward(g)
    for arrays, theirs in zip(stack.gradient().layers, leaves, strict=True):
        for name, array in arrays.items():
            np.testing.assert_allclose(array, theirs[name].grad.numpy(), rtol=1e-10, atol=1e-13)


def test_an_evaluation_has_all_neurons_times_1_minus_p():
    dropout = new_pass(0.3)
    x = np.random.default_rng(4).random((5, 40))
    dropout.draw_from([np.random.default_rng(0)])
    dropout.draw()
    dropout.training = False
    np.testing.assert_allclose(dropout.forward(x), 0.7 * x, rtol=1e-15)


def test_forward_and_backward_draw_nothing():
    dropout, rng = new_pass(0.5), np.random.default_rng(5)
    dropout.draw_from([rng])
    dropout.draw()
    state, mask, x = rng.bit_generator.state, dropout.mask.copy(), np.ones((5, 40))
    first = dropout.forward(x).copy()
    dropout.backward(x)
    np.testing.assert_array_equal(dropout.back_to_input(), mask)
    np.testing.assert_array_equal(dropout.forward(x), first)
    assert rng.bit_generator.state == state


def masks(dropout: DropoutPass, rngs: list, count: int) -> np.ndarray:
    drawn = []
    dropout.draw_from(rngs)
    for _ in range(count):
        dropout.draw()
        drawn.append(dropout.mask.copy())
    return np.array(drawn)


@pytest.mark.parametrize("p", PROBABILITIES)
def test_each_of_a_cohort_has_the_masks_of_the_run_alone(p):
    together = masks(new_pass(p, examples=(3, 5)), [np.random.default_rng([9, r]) for r in range(3)], BLOCK + 2)
    for r in range(3):
        alone = masks(new_pass(p), [np.random.default_rng([9, r])], BLOCK + 2)
        np.testing.assert_array_equal(alone, together[:, r])


def test_an_epoch_with_its_own_generators_has_its_masks_whatever_was_drawn_before():
    fresh, used = new_pass(0.5), new_pass(0.5)
    masks(used, [np.random.default_rng(1)], 7)
    expected = masks(fresh, [np.random.default_rng(2)], 5)
    np.testing.assert_array_equal(masks(used, [np.random.default_rng(2)], 5), expected)
    assert len(np.unique(expected, axis=0)) == 5
