"""A replay is told from a near miss: counts must be equal, costs agree to a millionth, penalties as the book's."""

import json
from types import SimpleNamespace

import pytest

from mnist_softmax.book.replay import _whole_curves, author_file, book_cost, compare
from mnist_softmax.errors import ConfigError

SIZES = {"train": 1000, "validation": 10_000, "test": 10_000}


def history(**columns: list[float]) -> list[dict]:
    rows = zip(*columns.values(), strict=True)
    return [
        {"epoch": epoch, "penalty": 0.3} | dict(zip(columns, row, strict=True))
        for epoch, row in enumerate(rows, 1)
    ]


def judged(metric, ours, theirs, epochs=None):
    return compare(metric, history(**{metric: ours}), SIZES, epochs or [*range(len(ours))], theirs, 1e-6)


def test_equal_counts_are_exact():
    found = judged("test_accuracy", [0.5887, 0.6505], [5887, 6505])
    assert found.exact
    assert (found.equal, found.epochs, found.first_difference, found.largest) == (2, 2, None, 0)


def test_one_image_is_one_too_many():
    found = judged("train_accuracy", [0.690, 0.749, 0.812], [690, 750, 813])
    assert not found.exact
    assert (found.equal, found.first_difference, found.largest) == (1, 1, 1)


def test_costs_agree_to_a_millionth_of_themselves():
    """The recorded cost holds the penalty: 0.3 over 1,000 training images."""
    assert judged("train_cost", [0.7], [1.0 + 0.9e-6]).exact
    assert not judged("train_cost", [0.7], [1.0 + 1.1e-6]).exact


def test_the_penalty_of_a_test_cost_is_over_the_test_images():
    """lambda/2n sum w^2 is 0.3 with n = 1,000, and so a tenth of it with 10,000."""
    record = {"test_cost": 0.5, "penalty": 0.3}
    assert book_cost(record, "test_cost", SIZES) == pytest.approx(0.53)


def test_only_the_known_epochs_are_compared():
    found = judged("test_accuracy", [0.1, 0.2, 0.3, 0.4], [1000, 4000], epochs=[0, 3])
    assert (found.exact, found.epochs) == (True, 2)


def test_epochs_that_were_not_trained_are_not_compared():
    found = judged("test_accuracy", [0.1, 0.2], [1000, 2001, 7], epochs=[0, 1, 2])
    assert (found.equal, found.epochs, found.first_difference) == (1, 2, 1)
    assert judged("test_accuracy", [0.1], [1000], epochs=[5]).epochs == 0


def test_what_is_no_number_agrees_with_nothing_and_nothing_is_divided_by_a_cost_of_0():
    assert judged("train_cost", [float("nan"), 0.7], [1.0, 1.0]).first_difference == 0
    assert judged("train_cost", [0.7], [0.0]).largest == 1.0


@pytest.mark.parametrize(("lists", "epochs"), [
    ([[1.0] * 9] * 4, [*range(9)]), ([[1.0] * 3] * 4, [0, 1, 2]), ([[1.0]] * 4, [2]),
])  # fmt: skip
def test_a_list_of_the_author_begins_with_the_first_epoch_or_is_of_the_last(tmp_path, lists, epochs):
    (tmp_path / "overfitting.json").write_text(json.dumps(lists))
    made_up = SimpleNamespace(
        runs=["only"], settings=lambda run: SimpleNamespace(training=SimpleNamespace(epochs=3))
    )
    curves = _whole_curves(made_up, "overfitting", tmp_path / "overfitting.json")
    assert curves["only"]["test_cost"] == (epochs, lists[0])


@pytest.mark.parametrize(
    "content", ["[[NaN], [1], [1], [1]]", "[[true], [1], [1], [1]]", "[[1], [1], [1]]", "{"]
)
def test_a_damaged_file_of_the_author_is_refused(tmp_path, content):
    (tmp_path / "overfitting.json").write_text(content)
    with pytest.raises(ConfigError, match="is not laid out as the author's recordings are"):
        _whole_curves(None, "overfitting", tmp_path / "overfitting.json")


def test_the_layouts_of_the_authors_files():
    four = [[1.0], [10], [2.0], [20]]
    assert author_file("overfitting", four)["only"]["train_accuracy"] == [20]
    assert author_file("regularized_full", four)["only"]["test_cost"] == [1.0]
    weights = {
        f"{name}_weight_initialization": [[], [k], [], []] for k, name in enumerate(("default", "large"))
    }
    assert author_file("weight_initialization_100", weights)["large"] == {"validation_accuracy": [1]}
    assert author_file("multiple_eta", [[[], [], [k], []] for k in range(3)])["2.5"] == {"train_cost": [2]}
    assert author_file("more_data", [70.5] * 9)["50000"] == {"validation_accuracy": [7050]}
    with pytest.raises(ValueError, match="not known"):
        author_file("pca", [])
