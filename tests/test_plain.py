"""The slow program of plain.py does what the fast one does, and both do what PyTorch says."""

import subprocess
import sys

import numpy as np
import pytest

from mnist_softmax import plain
from mnist_softmax.training.loop import epochs, start


@pytest.fixture
def examples(dataset):
    return [
        (image / 255, np.eye(4)[label])
        for image, label in zip(dataset.train.images, dataset.train.labels, strict=True)
    ]


@pytest.mark.parametrize("layers", [(12, 4), (12, 6, 4), (12, 6, 5, 4)])
@pytest.mark.parametrize("m", [1, 10])  # 10 does not divide 64
def test_the_fast_program_takes_the_same_epochs(dataset, settings, examples, layers, m):
    chosen = settings(layers=layers, mini_batch_size=m, l2=0.3, epochs=2)
    state, again = start(chosen), start(chosen)
    w = [layer["w"].T.copy() for layer in again.network.parameters.layers]
    b = [layer["b"].copy() for layer in again.network.parameters.layers]
    for record in epochs(state, dataset, chosen):
        plain.sgd(w, b, examples, again.order.permutation(64), m, 0.5, 0.3)
        for layer, w_l, b_l in zip(state.network.parameters.layers, w, b, strict=True):
            np.testing.assert_allclose(layer["w"], w_l.T, rtol=1e-10, atol=1e-12)
            np.testing.assert_allclose(layer["b"], b_l, rtol=1e-10, atol=1e-12)
        test = [(x / 255, np.eye(4)[y]) for x, y in zip(dataset.test.images, dataset.test.labels, strict=True)]
        assert plain.correct(w, b, test) == round(record["test_accuracy"] * len(test))


def test_its_gradient_is_that_of_pytorchs_cross_entropy(examples):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    w = [rng.normal(size=shape) for shape in ((6, 12), (5, 6), (4, 5))]
    b = [rng.normal(size=n) for n in (6, 5, 4)]
    theirs = [torch.tensor(array, requires_grad=True) for array in (*w, *b)]
    x, y = examples[3]
    a = torch.tensor(x)
    for l in range(3):
        z = theirs[l] @ a + theirs[3 + l]
        a = torch.sigmoid(z)
    torch.nn.functional.cross_entropy(z, torch.tensor(int(np.argmax(y)))).backward()
    nabla_w, nabla_b = plain.backprop(w, b, x, y)
    for ours, tensor in zip([*nabla_w, *nabla_b], theirs, strict=True):
        np.testing.assert_allclose(ours, tensor.grad.numpy(), rtol=1e-12, atol=1e-15)


def test_it_runs_and_prints_three_epochs_that_learn():
    result = subprocess.run(
        [sys.executable, "-m", "mnist_softmax.plain"], capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    right = [int(line.split()[2]) for line in result.stdout.splitlines()]
    assert len(right) == 3
    assert min(right) > 400  # of 500
