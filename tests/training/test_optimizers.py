"""Nesterov's momentum and Adam, with penalties, against PyTorch's and scikit-learn's own; what is refused."""

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.training import optimizers
from mnist_softmax.training.loop import epochs, start

N, M, EPOCHS = 60, 20, 4
NESTEROV = {"momentum": 0.8, "optimizer": {"kind": "sgd", "nesterov": True}}
ADAM = {"learning_rate": 0.01, "optimizer": {"kind": "adam", "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-4}}


@pytest.fixture
def digits(dataset):
    """60 images, which three mini-batches of 20 hold."""
    return type(dataset)(dataset.train.first(N), dataset.validation, dataset.test, "npz", "made up", "")


def started(settings, **training):
    """Settings of a small network that sees the images as they are stored, and its state before training."""
    chosen = settings(
        layers=(12, 7, 5, 4), mini_batch_size=M, epochs=EPOCHS, order="as_stored", monitor=(), **training
    )
    return chosen, start(chosen)


@pytest.mark.parametrize("penalties", [{}, {"l2": 3.0}, {"l1": 2.0}, {"l1": 2.0, "l2": 3.0}])
@pytest.mark.parametrize("way", [{"momentum": 0.8}, NESTEROV, ADAM], ids=["momentum", "nesterov", "adam"])
def test_twelve_steps_equal_pytorch(digits, settings, way, penalties):
    torch = pytest.importorskip("torch")
    chosen, state = started(settings, **way, **penalties)
    tensors = {name: torch.tensor(view, requires_grad=True) for name, view in state.network.parameters.named()}
    weights = [tensor for name, tensor in tensors.items() if name.startswith("w")]
    eta = chosen.training.learning_rate
    if chosen.training.optimizer.kind == "adam":
        steps = torch.optim.Adam(tensors.values(), eta, (0.8, 0.95), eps=1e-4)
    else:
        steps = torch.optim.SGD(tensors.values(), eta, momentum=0.8, nesterov=way is NESTEROV)
    x, labels = (
        torch.tensor(digits.train.images / 255),
        torch.tensor(digits.train.labels.astype(np.int64)),
    )
    for _ in range(EPOCHS):
        for k in range(0, N, M):
            a = x[k : k + M]
            for l in (1, 2):
                a = torch.sigmoid(a @ tensors[f"w{l}"] + tensors[f"b{l}"])
            cost = torch.nn.functional.cross_entropy(a @ tensors["w3"] + tensors["b3"], labels[k : k + M])
            l2, l1 = penalties.get("l2", 0), penalties.get("l1", 0)
            cost = cost + sum(l2 / (2 * N) * (w * w).sum() + l1 / N * w.abs().sum() for w in weights)
            steps.zero_grad()
            cost.backward()
            steps.step()
    list(epochs(state, digits, chosen))
    for name, view in state.network.parameters.named():
        np.testing.assert_allclose(view, tensors[name].detach().numpy(), rtol=1e-10, atol=1e-13, err_msg=name)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"momentum": 0.8}, {"solver": "sgd", "momentum": 0.8, "nesterovs_momentum": False}),
        (NESTEROV, {"solver": "sgd", "momentum": 0.8, "nesterovs_momentum": True}),
        # scikit-learn adds epsilon to a root that is not corrected yet: so small, it makes no difference
        (
            {"learning_rate": 0.01, "optimizer": {"kind": "adam", "epsilon": 1e-20}},
            {"solver": "adam", "learning_rate_init": 0.01, "epsilon": 1e-20},
        ),
    ],
    ids=["momentum", "nesterov", "adam"],
)
def test_twelve_steps_equal_scikit_learn(digits, settings, ours, theirs):
    lmbda = 2.4
    chosen, state = started(settings, l2=lmbda, **ours)
    oracle = MLPClassifier(
        **{"hidden_layer_sizes": (7, 5), "activation": "logistic", "learning_rate_init": 0.5, "shuffle": False}
        | {"batch_size": M, "alpha": lmbda * M / N}  # which scikit-learn divides by the mini-batch's size
        | theirs
    )
    images, labels = digits.train.images / 255, digits.train.labels
    oracle.partial_fit(images, labels, classes=range(4))  # only to make its arrays
    for w, b, layer in zip(oracle.coefs_, oracle.intercepts_, state.network.parameters.layers, strict=True):
        w[...], b[...] = layer["w"], layer["b"]
    forget(oracle)
    for _ in range(EPOCHS):
        oracle.partial_fit(images, labels)
    list(epochs(state, digits, chosen))
    for w, b, layer in zip(oracle.coefs_, oracle.intercepts_, state.network.parameters.layers, strict=True):
        np.testing.assert_allclose(layer["w"], w, rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(layer["b"], b, rtol=1e-10, atol=1e-13)


def forget(oracle: MLPClassifier) -> None:
    """Let scikit-learn's optimiser be as before its first step."""
    memory = vars(oracle._optimizer)
    if "t" in memory:
        memory["t"] = 0
    for name in {"velocities", "ms", "vs"} & memory.keys():
        for array in memory[name]:
            array[...] = 0


def test_a_pixel_that_is_never_lit_never_moves_its_weights(digits, settings):
    """Its gradient is zero in every step, and zero over the root of zero plus epsilon is zero."""
    images = digits.train.images.copy()
    images[:, 3] = 0
    dark = type(digits)(type(digits.train)(images, digits.train.labels), *[digits.test] * 2, "npz", "", "")
    chosen, state = started(settings, **ADAM)
    start_w = state.network.parameters.layers[0]["w"].copy()
    list(epochs(state, dark, chosen))
    w = state.network.parameters.layers[0]["w"]
    np.testing.assert_array_equal(w[3], start_w[3])
    assert (np.delete(w, 3, axis=0) != np.delete(start_w, 3, axis=0)).all()
    assert np.isfinite(state.network.parameters.flat).all()


@pytest.mark.parametrize(
    ("training", "says"),
    [
        ({"momentum": 0.5, "optimizer": {"kind": "adam"}}, "momentum: is for optimizer sgd"),
        ({"optimizer": {"kind": "sgd", "nesterov": True}}, r"optimizer\.nesterov: needs training\.momentum"),
        ({"optimizer": {"kind": "adam", "beta1": 1}}, "beta1"),
        ({"optimizer": {"kind": "adam", "beta2": -0.1}}, "beta2"),
        ({"optimizer": {"kind": "adam", "epsilon": 0}}, "epsilon"),
        ({"optimizer": {"kind": "adam", "nesterov": True}}, "nesterov"),
        ({"optimizer": {"kind": "lbfgs"}}, "kind"),
    ],
)
def test_what_does_not_go_together_is_refused(settings, training, says):
    with pytest.raises(ValueError, match=says):
        settings(**training)


@pytest.mark.parametrize("way", [NESTEROV, ADAM], ids=["nesterov", "adam"])
@pytest.mark.filterwarnings("error")
def test_both_learn_the_digits_in_float32(dataset, settings, way):
    """A network that guesses has a quarter of four classes right."""
    chosen = settings(**{"epochs": 30, "dtype": "float32", "learning_rate": 0.1} | way)
    state = start(chosen)
    list(epochs(state, dataset, chosen))
    assert state.history[-1]["test_accuracy"] > 0.7


# ---- numbers below the smallest normal one, for which a processor takes many times as long


@pytest.mark.parametrize(
    "way",
    [
        {"momentum": 0.6},
        {"momentum": 0.6, "optimizer": {"kind": "sgd", "nesterov": True}},
        {"optimizer": {"kind": "adam", "beta1": 0.6, "beta2": 0.7}, "learning_rate": 0.01},
    ],
    ids=["momentum", "nesterov", "adam"],
)
def test_what_fades_away_becomes_zero_and_no_weight_is_another_for_it(settings, way, monkeypatch):
    """A pixel is lit in the first of 400 images alone; without flushing its velocities stay just above zero."""
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (400, 12), np.uint8)
    images[1:, 5] = 0
    split = Split(images, rng.integers(0, 4, 400).astype(np.uint8))
    digits = Dataset(split, split, split, "npz", "made up", "")
    chosen = settings(**{"dtype": "float32", "epochs": 1, "mini_batch_size": 1, "order": "as_stored"} | way)
    flushed, left = start(chosen), start(chosen)
    list(epochs(flushed, digits, chosen))
    monkeypatch.setattr(optimizers.Descent, "_flush", lambda self, *slots: None)
    list(epochs(left, digits, chosen))

    def not_normal(state):
        return sum(
            np.count_nonzero((slot.flat != 0) & (np.abs(slot.flat) < np.finfo(np.float32).tiny))
            for name, slot in state.slots.items()
            if name != "steps"
        )

    assert not_normal(left) > 0
    assert not_normal(flushed) == 0
    np.testing.assert_array_equal(flushed.network.parameters.flat, left.network.parameters.flat)


@pytest.mark.parametrize("rule", [{"momentum": 0.9}, {"optimizer": {"kind": "adam"}}])
def test_numbers_are_flushed_at_the_same_steps_of_a_resumed_run(dataset, settings, rule, monkeypatch):
    """An epoch's 7 mini-batches are no multiple of the steps between two flushes."""
    flushed = []
    flush = optimizers.Descent._flush

    def watched(self, *slots):
        flush(self, *slots)
        flushed.append(self.since_flush)

    monkeypatch.setattr(optimizers.Descent, "_flush", watched)
    chosen = settings(epochs=4, **rule)
    list(epochs(start(chosen), dataset, chosen))
    assert flushed == [1, 2, 3, 4, 5, 6, 7] * 4
