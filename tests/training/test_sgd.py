"""Steps of gradient descent worked by hand, and the penalties."""

import numpy as np
import pytest

from mnist_softmax.config.network import Architecture
from mnist_softmax.config.training import Training
from mnist_softmax.network.network import Network
from mnist_softmax.training.optimizers import Descent, new_slots
from mnist_softmax.training.sgd import penalty

# One linear neuron with two inputs and the quadratic cost: a = w1 x1 + w2 x2 + b, and for the row (x, y)
# dC/dw_i = (a - y) x_i, dC/db = a - y. From w = (0.5, -2), b = 0.25 the two rows below give
#   x = (1, 2), y = 1:  a = 0.5 - 4 + 0.25 = -3.25,  error -4.25,  dC/dw = (-4.25, -8.5)
#   x = (3, 1), y = 0:  a = 1.5 - 2 + 0.25 = -0.25,  error -0.25,  dC/dw = (-0.75, -0.25)
# so the mean gradient is (-2.5, -4.375) for the weights and -2.25 for the bias.
X, Y = np.array([[1.0, 2.0], [3.0, 1.0]]), np.array([[1.0], [0.0]])
W, B = np.array([0.5, -2.0]), 0.25
GRAD_W, GRAD_B = np.array([-2.5, -4.375]), -2.25
ETA, N = 0.1, 8  # n training images, of which the mini-batch holds two


class Neuron:
    """The linear neuron above; `step` trains it on (X, Y) and gives (w, b)."""

    def __init__(self, w=W, **training) -> None:
        description = Architecture(layers=(2, 1), output_activation="linear", cost="quadratic")
        self.settings = Training(epochs=1, mini_batch_size=2, learning_rate=ETA, dtype="float64", **training)
        self.network = Network(description, "float64")
        layer = self.network.parameters.layers[0]
        layer["w"][:, 0], layer["b"][:] = w, B
        self.p = self.network.new_pass(2, mean=False)
        self.descent = Descent(self.network, new_slots(self.network, self.settings), [self.settings], N)

    def step(self) -> tuple[np.ndarray, float]:
        self.p.forward(X)
        self.p.backward(Y)
        self.descent.use([ETA])
        self.descent.step(self.p)
        layer = self.network.parameters.layers[0]
        return layer["w"][:, 0].copy(), float(layer["b"][0])


def assert_close(found, w, b):
    np.testing.assert_allclose(found[0], w, rtol=1e-13)
    assert found[1] == pytest.approx(b, rel=1e-13)


def test_plain_step():
    assert_close(Neuron().step(), [0.75, -1.5625], 0.475)


def test_l2_step_divides_lambda_by_n_and_spares_the_bias():
    # (88): lambda/n w = 4/8 w = (0.25, -1)
    assert_close(Neuron(l2=4).step(), W - ETA * (GRAD_W + [0.25, -1.0]), 0.475)


def test_l1_step_divides_lambda_by_n_and_spares_the_bias():
    # (96): lambda/n sgn(w) = 4/8 (1, -1)
    assert_close(Neuron(l1=4).step(), W - ETA * (GRAD_W + [0.5, -0.5]), 0.475)


def test_l1_leaves_a_weight_of_zero_alone():
    # w = (0, -2): a = -3.75 and -1.75, errors -4.75 and -1.75, dC/dw = (-5, -5.625), dC/db = -3.25
    assert_close(Neuron(w=(0.0, -2.0), l1=4).step(), [0.5, -2 - ETA * (-5.625 - 0.5)], 0.25 + 0.325)


def test_l1_and_l2_step():
    assert_close(Neuron(l1=4, l2=4).step(), W - ETA * (GRAD_W + [0.75, -1.5]), 0.475)


def gradient_by_hand(w, b):
    errors = X @ w + b - Y[:, 0]
    return (errors[0] * X[0] + errors[1] * X[1]) / 2, (errors[0] + errors[1]) / 2


@pytest.mark.parametrize("penalties", [{}, {"l2": 4}, {"l1": 4}, {"l1": 4, "l2": 2}])
def test_three_steps_with_momentum(penalties):
    neuron, mu = Neuron(momentum=0.5, **penalties), 0.5
    w, b, v_w, v_b = W, B, np.zeros(2), 0.0
    for _ in range(3):
        grad_w, grad_b = gradient_by_hand(w, b)
        grad_w = grad_w + penalties.get("l2", 0) / N * w + penalties.get("l1", 0) / N * np.sign(w)
        v_w, v_b = mu * v_w - ETA * grad_w, mu * v_b - ETA * grad_b  # (107)
        w, b = w + v_w, b + v_b  # (108)
        assert_close(neuron.step(), w, b)


def test_two_steps_with_momentum_in_numbers():
    # the first is the plain one: v = (0.25, 0.4375), 0.225. Then a = -1.9, 1.1625 and the errors -2.9, 1.1625:
    # dC/dw = (0.29375, -2.31875), dC/db = -0.86875, and v' = v/2 - 0.1 dC/dw = (0.095625, 0.450625), 0.199375
    neuron = Neuron(momentum=0.5)
    assert_close(neuron.step(), [0.75, -1.5625], 0.475)
    assert_close(neuron.step(), [0.845625, -1.111875], 0.674375)


def test_a_step_with_neither_momentum_nor_l1_equals_the_general_step():
    fused, general = Neuron(l2=4), Neuron(l2=4)
    almost_none = Training(**general.settings.model_dump() | {"l1": 1e-300})
    general.descent = Descent(general.network, None, [almost_none], N)
    for _ in range(3):
        assert_close(fused.step(), *general.step())


@pytest.mark.parametrize(
    ("penalties", "expected"),
    # sum w^2 = 0.25 + 4, sum |w| = 2.5
    [({}, 0), ({"l2": 4}, 4 / 16 * 4.25), ({"l1": 4}, 4 / 8 * 2.5), ({"l1": 4, "l2": 4}, 1.0625 + 1.25)],
)
def test_penalty_by_hand_leaves_out_the_bias(penalties, expected):
    neuron = Neuron(**penalties)
    assert penalty(neuron.network.parameters, neuron.settings, N) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("penalties", [{"l2": 4.0}, {"l1": 4.0}, {"l1": 3.0, "l2": 2.0}])
def test_a_step_goes_down_the_gradient_of_the_penalty_that_is_reported(penalties):
    neuron = Neuron(**penalties)
    w = neuron.network.parameters.layers[0]["w"]
    slopes = []
    for i in range(2):
        values = []
        for h in (1e-5, -1e-5):
            w[i, 0] += h
            values.append(penalty(neuron.network.parameters, neuron.settings, N))
            w[i, 0] -= h
        slopes.append((values[0] - values[1]) / 2e-5)
    plain, _ = Neuron().step()
    penalised, _ = neuron.step()
    np.testing.assert_allclose((plain - penalised) / ETA, slopes, rtol=1e-8)
