"""A replay is told from a near miss: counts must be equal, costs agree to a millionth, penalties as the book's."""

import pytest

from mnist_softmax.book.replay import author_file, book_cost, compare

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
