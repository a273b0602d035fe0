"""The book's random numbers: those of Python's own generator and NumPy's legacy one, in the programs' order."""

import json
import random

import numpy as np
import pytest

from mnist_softmax import load_config, load_digits, run
from mnist_softmax.config.config import Config
from mnist_softmax.config.randomness import BookStreams, EarlierRun
from mnist_softmax.errors import ConfigError
from mnist_softmax.training.book_streams import BookOrder
from mnist_softmax.training.fit import check_fit
from mnist_softmax.training.loop import start

SEED = 12345678


def python_2_shuffle(x: list, uniform: random.Random) -> None:
    """As random.shuffle was until Python 3.10, given random.random."""
    for i in reversed(range(1, len(x))):
        j = int(uniform.random() * (i + 1))
        x[i], x[j] = x[j], x[i]


def book(earlier=(), order_goes_on=False) -> BookStreams:
    runs = tuple(EarlierRun(initializer="large", images=images, epochs=epochs) for images, epochs in earlier)
    return BookStreams(kind="book", earlier_runs=runs, order_goes_on=order_goes_on)


@pytest.mark.parametrize("n", [1, 2, 64, 1000])
def test_every_epoch_shuffles_the_list_that_the_last_one_left(n):
    order, uniform, expected = BookOrder(SEED, book()), random.Random(SEED), list(range(n))
    for _ in range(3):
        python_2_shuffle(expected, uniform)
        assert order.permutation(n).tolist() == expected


def test_a_run_after_others_goes_on_with_their_list_where_the_program_shares_it():
    order, uniform, expected = (
        BookOrder(SEED, book([(50, 2), (50, 1)], True)),
        random.Random(SEED),
        list(range(50)),
    )
    for _ in range(4):
        python_2_shuffle(expected, uniform)
    assert order.permutation(50).tolist() == expected


def test_a_run_after_others_starts_from_the_files_order_where_the_program_slices():
    order, uniform, expected = BookOrder(SEED, book([(20, 3), (30, 2)])), random.Random(SEED), list(range(50))
    for n in (20, 20, 20, 30, 30):
        python_2_shuffle(list(range(n)), uniform)
    python_2_shuffle(expected, uniform)
    assert order.permutation(50).tolist() == expected


def test_a_shared_list_cannot_have_been_of_another_length():
    with pytest.raises(ConfigError, match="has 20 images, this one has 50"):
        BookOrder(SEED, book([(20, 1)], True)).permutation(50)


def test_a_run_that_cannot_go_on_in_such_a_list_is_refused_before_its_folder_is_touched(config, tmp_path):
    streams = '{"kind": "book", "earlier_runs": [{"initializer": "scaled", "images": 7, "epochs": 1}], '
    settings = load_config(config, f'randomness={streams}"order_goes_on": true}}', "network.initializer=scaled")
    with pytest.raises(ConfigError, match="the earlier run has 7 images, this one has"):
        run(settings, load_digits(settings.data), tmp_path / "run")
    assert not (tmp_path / "run").exists()
    check_fit(settings, load_digits(settings.data))  # what asks such a run trains nothing


def test_its_state_survives_as_json():
    order, other = (BookOrder(SEED, book([(50, 2)], True)) for _ in range(2))
    for _ in range(3):
        order.permutation(50)
    other.state = json.loads(json.dumps(order.state))
    assert other.state == order.state
    assert other.permutation(50).tolist() == order.permutation(50).tolist()


def settings(initializer: str, earlier: list[str], **keys) -> Config:
    runs = [{"initializer": each, "images": 5, "epochs": 1} for each in earlier]
    return Config.model_validate(
        {
            "seed": SEED,
            "randomness": {"kind": "book", "earlier_runs": runs},
            "network": {"layers": (7, 3, 2), "output_activation": "sigmoid", "cost": "cross_entropy",
                        "initializer": initializer},
            "training": {"epochs": 1, "mini_batch_size": 5, "learning_rate": 1, "dtype": "float64"},
        }
        | keys
    )  # fmt: skip


@pytest.mark.parametrize(
    ("initializer", "earlier", "draws_before"),
    [("scaled", [], 0), ("large", [], 1), ("large", ["scaled"], 1), ("scaled", ["scaled", "scaled"], 2),
     ("large", ["large", "large"], 3)],
)  # fmt: skip
def test_weights_are_drawn_biases_first_and_scaled_ones_before_large_ones(initializer, earlier, draws_before):
    normal = np.random.RandomState(SEED)
    normal.randn(draws_before * (3 + 2 + 21 + 6))
    b1, b2, w1, w2 = normal.randn(3), normal.randn(2), normal.randn(3, 7), normal.randn(2, 3)
    if initializer == "scaled":
        w1, w2 = w1 / np.sqrt(7), w2 / np.sqrt(3)
    first, second = start(settings(initializer, earlier)).network.parameters.layers
    for array, expected in ((first["w"], w1.T), (first["b"], b1), (second["w"], w2.T), (second["b"], b2)):
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize(
    ("initializer", "keys", "fault"),
    [("he", {}, "initializer scaled or large"), ("large", {"seed": 2**32}, "seed below 2"),
     ("large", {"randomness": "bok"}, "bok")],
)  # fmt: skip
def test_what_the_programs_could_not_draw_is_refused(initializer, keys, fault):
    with pytest.raises(ValueError, match=fault):
        settings(initializer, [], **keys)


def test_the_name_alone_is_enough():
    assert settings("large", [], randomness="book").randomness == book()
