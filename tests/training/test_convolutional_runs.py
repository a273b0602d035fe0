"""What a dense network has, networks with convolution and dropout have: resume, cohorts, checks, every rule."""

import copy

import numpy as np
import pytest

from mnist_softmax.config.config import Config
from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.diagnostics.explain import explain
from mnist_softmax.diagnostics.gradient_check import gradient_check
from mnist_softmax.errors import ConfigError
from mnist_softmax.network.network import Network
from mnist_softmax.network.passes import rows_at_once
from mnist_softmax.runs.run import Run, Task, run_cohort
from mnist_softmax.training.cohort import cohort_key
from mnist_softmax.training.evaluation import evaluate, gradient_norms
from mnist_softmax.training.fit import check_fit
from mnist_softmax.training.loop import epochs, start, train_cohort
from mnist_softmax.training.randomness import dropout_stream

SIDE, CLASSES = 10, 4
CONVOLUTION = {"kind": "convolution", "maps": 3, "field": 3, "pool": 2}
LAYERS = {
    "convolution": [[SIDE, SIDE], CONVOLUTION, 6, CLASSES],
    "two": [[SIDE, SIDE], CONVOLUTION, {"kind": "convolution", "maps": 2, "field": 3, "pool": 2}, CLASSES],
    "dropout": [SIDE * SIDE, {"kind": "dropout", "p": 0.5}, 8, {"kind": "dropout", "p": 0.3}, CLASSES],
    "both": [[SIDE, SIDE], CONVOLUTION, {"kind": "dropout", "p": 0.5}, 6, CLASSES],
}
RULES = [{}, {"l2": 0.5}, {"momentum": 0.5}, {"l1": 0.1}, {"rounding": "book", "dtype": "float64"}]


@pytest.fixture(scope="session")
def squares() -> Dataset:
    rng = np.random.default_rng(1)
    patterns = rng.integers(0, 256, (CLASSES, SIDE * SIDE))

    def split(n: int) -> Split:
        labels = (np.arange(n) % CLASSES).astype(np.uint8)
        images = np.clip(patterns[labels] + rng.normal(0, 80, (n, SIDE * SIDE)), 0, 255)
        return Split(images.astype(np.uint8), labels)

    return Dataset(split(64), split(30), split(30), source="npz", location="made up", checksum="squares")


def settings(layers: str, seed: int = 0, **training) -> Config:
    keys = {"epochs": 4, "mini_batch_size": 10, "learning_rate": 0.2, "dtype": "float32"} | training
    return Config.model_validate(
        {
            "seed": seed,
            "network": {"layers": LAYERS[layers], "output_activation": "softmax", "cost": "log_likelihood"},
            "training": keys,
        }
    )


def flat(state) -> np.ndarray:
    return state.network.parameters.flat


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("layers", LAYERS)
def test_a_resumed_run_comes_to_the_same_bits(squares, tmp_path, layers, rule):
    whole, half = settings(layers, **rule), settings(layers, **rule | {"epochs": 2})
    run_cohort([Task(whole, tmp_path / "whole")], squares)
    run_cohort([Task(half, tmp_path / "parts")], squares)
    run_cohort([Task(whole, tmp_path / "parts", "resume")], squares)
    one, other = (Run(tmp_path / name).network().parameters.flat for name in ("whole", "parts"))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("layers", LAYERS)
def test_a_cohort_gives_each_the_bits_of_its_run_alone(squares, layers, rule):
    chosen = [settings(layers, seed, **rule | {"learning_rate": 0.1 * (seed + 1)}) for seed in range(3)]
    assert len({cohort_key(each) for each in chosen}) == 1
    together = [start(each) for each in chosen]
    list(train_cohort(together, squares, chosen))
    for state, each in zip(together, chosen, strict=True):
        alone = start(each)
        list(epochs(alone, squares, each))
        np.testing.assert_array_equal(flat(state), flat(alone))
        assert [r["test_accuracy"] for r in state.history] == [r["test_accuracy"] for r in alone.history]


@pytest.mark.parametrize("layers", LAYERS)
def test_it_learns_and_the_gradient_is_that_of_the_cost(squares, layers):
    chosen = settings(layers, epochs=60, mini_batch_size=4, l1=0.001, l2=0.01)
    tanh = chosen.network.model_copy(update={"hidden_activation": "tanh"})
    chosen = chosen.model_copy(update={"network": tanh})
    state = start(chosen)
    records = list(epochs(state, squares, chosen))
    assert records[-1]["train_cost"] < records[0]["train_cost"] / 2
    assert records[-1]["test_accuracy"] > 0.8
    assert all(check.worst_error < 1e-6 for check in gradient_check(chosen, squares))


def test_the_masks_of_an_epoch_come_from_seed_and_epoch_alone():
    draws = [dropout_stream(seed, epoch).random(5).tolist() for seed in (0, 1) for epoch in (1, 2)]
    assert draws == [dropout_stream(seed, epoch).random(5).tolist() for seed in (0, 1) for epoch in (1, 2)]
    assert len({tuple(draw) for draw in draws}) == 4


def test_an_evaluation_leaves_no_neuron_out_and_is_the_same_twice(squares):
    network = start(settings("dropout")).network
    assert evaluate(network, squares.test) == evaluate(network, squares.test)
    first = network.layers[0]
    assert first.kind == "dropout"
    x = squares.test.images / 255
    halved = Network(settings("dropout").network.model_copy(update={"layers": plain_layers()}), "float32")
    for (_, ours), (_, theirs) in zip(halved.parameters.named(), network.parameters.named(), strict=True):
        ours[...] = theirs
    halved.parameters.layers[0]["w"][...] *= 0.5
    halved.parameters.layers[1]["w"][...] *= 0.7
    np.testing.assert_allclose(network.outputs(x), halved.outputs(x), rtol=1e-5)


def plain_layers():
    return Config.model_validate(
        settings("dropout").model_dump() | {"network": settings("dropout").network.model_dump() | {
            "layers": [SIDE * SIDE, 8, CLASSES]}}
    ).network.layers  # fmt: skip


@pytest.mark.parametrize("layers", ["convolution", "two", "both"])
def test_early_stopping_keeps_the_best(squares, layers):
    chosen = settings(layers, epochs=40, learning_rate=1.5, early_stopping={"patience": 3})
    state = start(chosen)
    best, kept = -1.0, flat(state).copy()
    for record in epochs(state, squares, chosen):
        if record["validation_accuracy"] > best:
            best, kept = record["validation_accuracy"], flat(state).copy()
    np.testing.assert_array_equal(flat(state), kept)


@pytest.mark.parametrize("layers", ["convolution", "two", "both"])
def test_norms_of_the_bias_gradient_are_those_of_the_gradient_by_backpropagation(squares, layers):
    chosen = settings(layers, dtype="float64")
    network = start(chosen).network
    p, gradient = network.new_pass(len(squares.train)), network.new_parameters()
    p.forward(squares.train.images / 255)
    p.backward(np.eye(CLASSES)[squares.train.labels])
    p.gradient(gradient)
    expected = [np.linalg.norm(arrays["b"]) for arrays in gradient.layers if arrays][:-1]
    np.testing.assert_allclose(gradient_norms(network, squares.train), expected, rtol=1e-10)


@pytest.mark.parametrize("layers", LAYERS)
def test_explain_measures_a_j_minus_y_j_under_any_hidden_layers(squares, layers):
    network = start(settings(layers)).network
    softmax, *_ = explain(network, squares.test.images[0] / 255, int(squares.test.labels[0]))
    np.testing.assert_allclose(softmax.measured, softmax.error, atol=1e-8)


def test_rows_are_fewer_at_once_where_a_pass_is_large():
    small = Network(settings("both").network)
    large = {"kind": "convolution", "maps": 40, "field": 5, "pool": 2}
    chapter_6 = Config.model_validate(
        settings("both").model_dump() | {"network": settings("both").network.model_dump() | {
            "layers": [[28, 28], {**large, "maps": 20}, large, 100, 10]}}
    ).network  # fmt: skip
    assert rows_at_once(small.layers, 4) == 200
    assert 10 <= rows_at_once(Network(chapter_6).layers, 4) < 200


def convolution(field: int, pool: int = 1) -> dict:
    return {"kind": "convolution", "maps": 2, "field": field, "pool": pool}


FAULTS = [
    ([[8, 8], convolution(9), 4], "network.layers.1.field: 9 is more than maps of 8 x 8"),
    ([[8, 8], convolution(3, pool=4), 4], "network.layers.1.pool: 4 does not divide 6 x 6"),
    ([784, convolution(3), 4], r"network.layers.1.kind: a convolution needs .* \[28, 28\]"),
    ([780, convolution(3), 4], r"network.layers.1.kind: .* \[rows, columns\]"),
    ([[8, 8], 30, convolution(3), 4], "network.layers.2.kind: a convolution needs"),
    ([64, {"kind": "dropout", "p": 0}, 4], "network.layers.1.p = 0: expected greater than 0"),
    ([64, {"kind": "dropout", "p": 1}, 4], "network.layers.1.p = 1: expected less than 1"),
    ([64, {"kind": "dropout", "p": -1}, 4], "network.layers.1.p = -1: expected greater than 0"),
    ([64, {"kind": "dropout", "p": float("nan")}, 4], "network.layers.1.p = nan: "),
    ([64, 4, {"kind": "dropout", "p": 0.5}], "network.layers.2: a dropout layer cannot be the last"),
    ([[8, 8], {"kind": "convolution", "maps": 2}, 4], "network.layers.1.field: is missing"),
    ([[8, 8], {"kind": "convolutoin", "maps": 2, "field": 3}, 4], "network.layers.1: kind must be one of"),
    ([64, 4, [8, 8]], "network.layers.2"),
    ([64, {"kind": "dense", "neurons": 5, "activation": "softmax"}, 4], "network.layers.1.activation = 'softmax'"),
    ([64, {"kind": "dense", "neurons": 4, "activation": "relu"}], "network.layers.1.activation: that of the last"),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "fault"), FAULTS, ids=[fault for _, fault in FAULTS])
def test_geometry_that_does_not_fit_is_one_line_with_its_key(layers, fault):
    from mnist_softmax.config.file import validated_as

    content = settings("both").model_dump() | {
        "network": {"layers": layers, "output_activation": "softmax", "cost": "log_likelihood"}
    }
    with pytest.raises(ConfigError, match=rf"\Amine.yaml: {fault}[^\n]*\Z"):
        validated_as(Config, content, (), "mine.yaml")


@pytest.mark.parametrize(
    "layers",
    [
        [SIDE * SIDE, 10**6, 10**6, CLASSES],
        [[SIDE, SIDE], {"kind": "convolution", "maps": 10**9, "field": 3}, CLASSES],
    ],
)
def test_memory_is_named_before_it_is_taken(squares, layers):
    huge = Config.model_validate(
        settings("dropout").model_dump() | {"network": settings("dropout").network.model_dump() | {
            "layers": layers}}
    )  # fmt: skip
    with pytest.raises(ConfigError, match=r"network.layers would take [\d,]+ GB of memory, this machine has"):
        check_fit(huge, squares)


def test_copies_of_settings_keep_their_layers():
    chosen = settings("both")
    again = Config.model_validate(copy.deepcopy(chosen).model_dump(mode="json"))
    assert again == chosen
    assert chosen.network.model_dump()["layers"][0] == [SIDE, SIDE]
    assert chosen.network.model_dump()["layers"][-1] == CLASSES


def test_a_mini_batch_larger_than_the_data_is_refused_before_anything_is_worked_out(squares):
    with pytest.raises(ConfigError, match="mini_batch_size is 1000000000; there are only 64"):
        check_fit(settings("both", mini_batch_size=10**9), squares)


@pytest.mark.parametrize("layers", ["convolution", "dropout", "both"])
def test_the_books_generators_are_for_dense_layers_alone(layers):
    with pytest.raises(
        ValueError, match=r"randomness: book draws dense layers only, all by network.initializer"
    ):
        Config.model_validate(settings(layers).model_dump() | {"randomness": "book"})


def test_the_books_generators_refuse_what_they_would_not_see():
    plain = settings("dropout").model_dump() | {"randomness": "book"}
    own = [SIDE * SIDE, {"kind": "dense", "neurons": 6, "initializer": "zeros"}, CLASSES]
    with pytest.raises(ValueError, match=r"dense layers only, all by network.initializer"):
        Config.model_validate(plain | {"network": plain["network"] | {"layers": own}})
    as_stored = plain["training"] | {"order": "as_stored"}
    dense = plain["network"] | {"layers": [SIDE * SIDE, 6, CLASSES]}
    with pytest.raises(ValueError, match="randomness: book shuffles"):
        Config.model_validate(plain | {"network": dense, "training": as_stored})


def test_dropout_is_no_hidden_layer():
    monitored = settings("dropout").training.model_dump() | {"monitor": ["train_gradient_norms"]}
    thin = [SIDE * SIDE, {"kind": "dropout", "p": 0.5}, CLASSES]
    content = settings("dropout").model_dump() | {"training": monitored}
    with pytest.raises(ValueError, match="train_gradient_norms needs a hidden layer"):
        Config.model_validate(content | {"network": content["network"] | {"layers": thin}})


def test_images_as_they_are_stored_come_in_that_order_in_every_epoch(squares):
    chosen = settings("two", order="as_stored")
    order = start(chosen).order
    for _ in range(2):
        assert order.permutation(5).tolist() == [0, 1, 2, 3, 4]
    seen = []

    def watch(batches, total):
        for x, y in batches:
            seen.extend(y[0].argmax(axis=-1).tolist())
            yield x, y

    list(epochs(start(chosen), squares, chosen, watch))
    labels = squares.train.labels.tolist()
    assert seen == labels * 4


def test_outputs_of_many_rows_take_little_memory_and_are_those_of_single_rows(squares):
    network = start(settings("both")).network
    x = np.tile(squares.train.images / 255, (40, 1))
    whole = network.outputs(x)
    assert len(x) > rows_at_once(network.layers, 4)
    np.testing.assert_allclose(whole[-7:], network.outputs(x[-7:]), rtol=1e-5)
    y = np.eye(CLASSES)[np.tile(squares.train.labels, 40)]
    np.testing.assert_allclose(network.costs(x, y)[:7], network.costs(x[:7], y[:7]), rtol=1e-5)
    with pytest.raises(ValueError, match=r"shape \(0, 100\)"):
        network.outputs(x[:0])
