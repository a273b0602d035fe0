"""What docs/glossary.md says of PyTorch's and scikit-learn's names."""

import numpy as np
import pytest
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

from mnist_softmax.network.output import Output

torch = pytest.importorskip("torch", reason="needs the extra oracle")
Z, LABELS = np.random.default_rng(0).normal(0, 2, (6, 4)), np.array([0, 1, 2, 3, 1, 2])
Y = np.eye(4)[LABELS]


def cost(output: str, name: str) -> float:
    pair = Output(output, name)
    a = pair.activate(Z.copy(), np.empty_like(Z))
    return float(pair.cost(Z, a, Y).mean())


def test_costs_have_the_names_that_the_page_gives_them():
    z, y = torch.tensor(Z), torch.tensor(Y)
    assert cost("softmax", "log_likelihood") == pytest.approx(
        float(torch.nn.CrossEntropyLoss()(z, torch.tensor(LABELS)))
    )
    assert cost("sigmoid", "cross_entropy") == pytest.approx(4 * float(torch.nn.BCEWithLogitsLoss()(z, y)))
    assert cost("linear", "quadratic") == pytest.approx(4 / 2 * float(torch.nn.MSELoss()(z, y)))
    assert cost("softmax", "log_likelihood") == pytest.approx(log_loss(LABELS, torch.softmax(z, 1).numpy()))


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")  # one epoch is enough
def test_weights_lie_as_the_page_says():
    assert tuple(torch.nn.Linear(5, 3).weight.shape) == (3, 5)
    fitted = MLPClassifier((3,), max_iter=1).fit(np.eye(5), [0, 1, 0, 1, 0])
    assert fitted.coefs_[0].shape == (5, 3)


def test_weight_decay_is_lambda_over_n_and_on_biases_too():
    parameter = torch.nn.Parameter(torch.tensor([2.0, -3.0]))
    parameter.grad = torch.zeros(2)
    torch.optim.SGD([parameter], lr=0.5, weight_decay=0.1).step()
    np.testing.assert_allclose(parameter.detach(), [2 * (1 - 0.05), -3 * (1 - 0.05)])
