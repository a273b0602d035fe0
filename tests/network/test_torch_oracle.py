"""Gradients and costs against PyTorch's autograd, in float64: formulas that nobody here wrote."""

import pytest
from small_network import PAIRS, batch, gradient, small_network

from mnist_softmax.config.network import Activation
from mnist_softmax.config.training import Training
from mnist_softmax.diagnostics.gradient_check import by_a_step
from mnist_softmax.network.network import Network

torch = pytest.importorskip(
    "torch",
    reason="PyTorch is not installed; it comes with the extra 'oracle': pip install -e '.[test,oracle]'",
)

RTOL, ATOL = 1e-10, 1e-13
DEPTHS = {"no hidden layer": (6, 4), "one": (6, 5, 4), "two": (6, 5, 7, 4), "three": (6, 5, 7, 3, 4)}
F = torch.nn.functional
HIDDEN = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}
OUTPUTS = HIDDEN | {"linear": lambda z: z, "softmax": lambda z: torch.softmax(z, dim=-1)}


def their_costs(output: str, cost: str, z, y):
    """C of each example, written with PyTorch's own functions."""
    a = OUTPUTS[output](z)
    match cost, output:
        case "quadratic", _:
            return F.mse_loss(a, y, reduction="none").sum(-1) / 2
        case "log_likelihood", "softmax":
            return F.cross_entropy(z, y.argmax(-1), reduction="none")
        case "log_likelihood", "sigmoid":
            return -(y * F.logsigmoid(z)).sum(-1)
        case "cross_entropy", "sigmoid":
            return F.binary_cross_entropy_with_logits(z, y, reduction="none").sum(-1)
        case "cross_entropy", "softmax":
            return F.binary_cross_entropy(a, y, reduction="none").sum(-1)
    raise AssertionError(f"a new pair {output}, {cost} needs its cost in PyTorch here")


def their_gradients(network: Network, x, y, l2: float = 0.0, l1: float = 0.0, n: int = 1) -> dict:
    """dC/dw and dC/db of the mean cost and the penalties by autograd; and the costs."""
    description = network.architecture
    leaves = {name: torch.tensor(view, requires_grad=True) for name, view in network.parameters.named()}
    a, last = torch.tensor(x), len(network.layers)
    for l in range(1, last + 1):
        z = a @ leaves[f"w{l}"] + leaves[f"b{l}"]
        a = HIDDEN[description.hidden_activation](z)
    costs = their_costs(description.output_activation, description.cost, z, torch.tensor(y))
    weights = [leaf for name, leaf in leaves.items() if name.startswith("w")]
    total = costs.mean() + sum(l2 / (2 * n) * (w**2).sum() + l1 / n * w.abs().sum() for w in weights)
    total.backward()
    return {"costs": costs.detach()} | {name: leaf.grad for name, leaf in leaves.items()}


def assert_equal(network: Network, m: int = 5) -> None:
    x, y = batch(network, m)
    theirs = their_gradients(network, x, y)
    ours = {"costs": network.costs(x, y)} | dict(gradient(network, x, y).named())
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        torch.testing.assert_close(torch.tensor(array), theirs[name], rtol=RTOL, atol=ATOL, msg=name)


@pytest.mark.parametrize("layers", DEPTHS.values(), ids=DEPTHS)
@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_every_pair_at_every_depth(cost, output, layers):
    assert_equal(small_network(layers, output, cost))


@pytest.mark.parametrize("layers", DEPTHS.values(), ids=DEPTHS)
@pytest.mark.parametrize("hidden", Activation.__args__)
def test_every_hidden_activation_at_every_depth(hidden, layers):
    assert_equal(small_network(layers, hidden=hidden, seed=3), m=7)


@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_every_pair_at_the_size_of_mnist(cost, output):
    assert_equal(small_network((784, 30, 10), output, cost), m=10)


@pytest.mark.parametrize("momentum", [0.0, 0.9])  # the fused step (without L1) and the general one
@pytest.mark.parametrize("penalties", [{"l2": 3.0}, {"l1": 2.0}, {"l2": 3.0, "l1": 2.0}])
@pytest.mark.parametrize("layers", [(6, 4), (6, 5, 7, 4)])
def test_a_step_follows_the_gradient_of_cost_and_penalties(layers, penalties, momentum):
    network, n = small_network(layers), 50
    training = Training(epochs=1, mini_batch_size=5, learning_rate=1, momentum=momentum, **penalties)
    x, y = batch(network, 5)
    theirs = their_gradients(network, x, y, n=n, **penalties)
    for name, array in by_a_step(network, (x, y), training, n).named():
        torch.testing.assert_close(torch.tensor(array), theirs[name], rtol=RTOL, atol=ATOL, msg=name)


def test_the_error_that_is_wrong_on_purpose_is_not_the_gradient():
    network = small_network()
    wrong = Network(network.architecture.model_copy(update={"output_error": "true_output_only"}), "float64")
    wrong.parameters.flat[...] = network.parameters.flat
    x, y = batch(network, 5)
    theirs = their_gradients(network, x, y)
    for name, array in gradient(wrong, x, y).named():
        assert abs(torch.tensor(array) - theirs[name]).max() > 1e-2, name
