"""A recorded mini-batch does what its methods do, with other numbers too: nothing in it was worked out only once."""

from contextlib import contextmanager

import numpy as np
import pytest

from mnist_softmax.config.network import OUTPUT_ACTIVATIONS_OF
from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.network.calls import call, play, product, recorded
from mnist_softmax.training import evaluation, sgd
from mnist_softmax.training.evaluation import evaluate
from mnist_softmax.training.loop import epochs, start

RULES = {
    "plain": {}, "l2": {"l2": 3.0}, "l1": {"l1": 3.0}, "momentum": {"momentum": 0.7, "l1": 1.0, "l2": 1.0},
    "nesterov": {"momentum": 0.7, "l2": 1.0, "optimizer": {"kind": "sgd", "nesterov": True}},
    "adam": {"optimizer": {"kind": "adam"}, "l1": 1.0, "l2": 1.0}, "book": {"rounding": "book", "dtype": "float64"},
}  # fmt: skip
HIDDEN = ("sigmoid", "tanh", "relu")
CONVOLUTION = {"kind": "convolution", "maps": 3, "field": 3, "pool": 2}
CONVOLUTIONS = [[10, 10], CONVOLUTION, CONVOLUTION, {"kind": "dropout", "p": 0.5}, 8, 4]


@pytest.fixture(scope="module")
def digits() -> Dataset:
    """450 images: two and a quarter blocks, and a last mini-batch that is smaller."""
    rng = np.random.default_rng(7)
    split = Split(rng.integers(0, 256, (453, 100), np.uint8), rng.integers(0, 4, 453, np.uint8))
    return Dataset(split, split, split, source="npz", location="made up", checksum="")


@contextmanager
def nothing_recorded():
    """As `recorded`, but every mini-batch is forgotten at once, so that the next one goes through the methods."""
    yield lambda: None


class Forgetful(dict):
    def get(self, key, default=None):
        return default


def trained(settings, digits, **training):
    chosen = settings(
        **{"layers": (100, 6, 4), "dtype": "float32", "epochs": 2, "mini_batch_size": 10} | training
    )
    state = start(chosen)
    history = list(epochs(state, digits, chosen))
    return state, [{k: v for k, v in record.items() if k != "seconds"} for record in history]


def assert_recording_changes_nothing(settings, digits, monkeypatch, **training):
    played, its_history = trained(settings, digits, **training)
    monkeypatch.setattr(sgd, "play", None)  # would fail if it were called
    monkeypatch.setattr(sgd, "recorded", nothing_recorded)
    begin = sgd.train_epoch

    def forgetful(mini_batches, passes, step, recordings):
        begin(mini_batches, passes, step, Forgetful())

    monkeypatch.setattr("mnist_softmax.training.loop.train_epoch", forgetful)
    made, history = trained(settings, digits, **training)
    assert its_history == history
    np.testing.assert_array_equal(played.network.parameters.flat, made.network.parameters.flat)
    for name, slot in played.slots.items():
        np.testing.assert_array_equal(slot.flat, made.slots[name].flat)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("activation", HIDDEN)
def test_every_rule_of_every_activation(settings, digits, monkeypatch, rule, activation):
    training = {"hidden_activation": activation} | RULES[rule]
    assert_recording_changes_nothing(settings, digits, monkeypatch, **training)


@pytest.mark.parametrize(
    ("cost", "output"),
    [(cost, output) for cost, outputs in OUTPUT_ACTIVATIONS_OF.items() for output in outputs],
)
def test_every_output(settings, digits, monkeypatch, cost, output):
    training = {"cost": cost, "output_activation": output, "learning_rate": 0.01}
    assert_recording_changes_nothing(settings, digits, monkeypatch, **training)


@pytest.mark.parametrize("schedule", [{}, {"kind": "step", "every": 1, "factor": 0.5}])
def test_convolution_and_dropout_at_a_rate_that_may_change(settings, digits, monkeypatch, schedule):
    training = {"layers": CONVOLUTIONS} | ({"schedule": schedule} if schedule else {})
    assert_recording_changes_nothing(settings, digits, monkeypatch, **training)


def test_an_evaluation_in_many_parts_finds_what_all_outputs_say(settings, digits, monkeypatch):
    monkeypatch.setattr(evaluation, "rows_at_once", lambda *words: 50)
    network = trained(settings, digits)[0].network
    x, labels = (digits.test.images / 255).astype(np.float32), digits.test.labels
    a = network.outputs(x)
    found = evaluate(network, digits.test)
    assert found.correct == np.count_nonzero(a.argmax(axis=-1) == labels)
    assert found.cost == pytest.approx(network.costs(x, np.eye(4)[labels]).mean(), rel=1e-6)


def test_a_call_inside_a_call_is_recorded_once_and_what_is_around_it_is_not():
    made = []

    def outer():
        call(made.append, "inner")
        made.append("outer")

    with recorded() as recording:
        call(outer)
    call(made.append, "after")
    assert len(recording) == 1
    play(recording)
    assert made == ["inner", "outer", "after", "inner", "outer"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("transposed", [(False, False), (False, True), (True, False), (True, True)])
def test_a_product_is_numpys_whichever_way_its_matrices_lie(dtype, order, transposed):
    rng = np.random.default_rng(0)
    a, b, out = rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), rng.normal(size=(5, 4))
    expected = 0.5 * out + 2 * a @ b
    a, b = (x.T.copy().T if flip else x for x, flip in zip((a, b), transposed, strict=True))
    out = np.array(out, dtype, order=order)
    product(a.astype(dtype), b.astype(dtype), out, 2.0, 0.5)
    np.testing.assert_allclose(out, expected, rtol=1e-5 if dtype == "float32" else 1e-13)


@pytest.mark.parametrize("small", [True, False])
def test_outputs_take_images_however_they_lie(settings, digits, monkeypatch, small):
    monkeypatch.setattr("mnist_softmax.network.dense.has_small_products", lambda: small)
    network = trained(settings, digits, layers=(100, 30, 4))[0].network
    x = np.random.default_rng(1).random((200, 130), np.float32)
    forms = [x[:, :100], np.asfortranarray(x[:, :100]), x[::-1, :100], x[::2, 30:]]
    for form in forms:
        np.testing.assert_array_equal(network.outputs(form), network.outputs(form.copy(order="C")))


def test_a_product_into_a_part_of_a_matrix_is_refused_and_not_lost():
    whole = np.zeros((4, 6), np.float32)
    with pytest.raises(ValueError, match="without gaps"):
        product(np.ones((4, 2), np.float32), np.ones((2, 3), np.float32), whole[:, :3])
