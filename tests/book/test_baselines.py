"""The book's classifiers that are no networks, on a handful of images and on the real ones."""

import json

import numpy as np
import pytest
from sklearn.svm import SVC

from mnist_softmax.book.baselines import darkness, right_answers, run_baseline
from mnist_softmax.data.dataset import Dataset, Split


def split(*pairs: tuple[list[int], int]) -> Split:
    images, labels = zip(*pairs, strict=True)
    return Split(np.array(images, np.uint8), np.array(labels, np.uint8))


@pytest.fixture
def digits() -> Dataset:
    """Class 0 has an average darkness of 15, class 1 of 205."""
    train = split(([10, 0], 0), ([20, 0], 0), ([100, 100], 1), ([110, 100], 1))
    return Dataset(
        train, split(([0, 50], 0), ([0, 105], 1)), split(([0, 111], 1), ([200, 0], 0)), "npz", "", "sum"
    )


def test_darkness_is_nearest_to_the_average_of_its_class(digits):
    """On validation 50 is nearer to 15, right, and 105 too, wrong; on test 111 is nearer to 205, 200 as well."""
    assert right_answers("darkness", digits, digits.train) == {"validation": 1, "test": 1}


def test_a_class_that_the_training_images_lack_is_nobodys_answer(digits):
    assert darkness(digits.train.first(2), 2)(digits.test).tolist() == [0, 0]


def test_the_support_vector_machine_is_scikit_learns_with_the_old_gamma(dataset):
    found = right_answers("svm", dataset, dataset.train)
    machine = SVC(kernel="rbf", C=1.0, gamma=1 / 12).fit(dataset.train.images / 256.0, dataset.train.labels)
    expected = machine.score(dataset.test.images / 256.0, dataset.test.labels)
    assert found["test"] == round(expected * len(dataset.test))


def test_a_guess_is_right_as_often_as_there_are_classes(dataset):
    assert right_answers("guess", dataset, dataset.train)["test"] / len(dataset.test) == pytest.approx(
        0.25, abs=0.03
    )


def test_what_was_found_for_the_same_data_is_not_computed_again(digits, tmp_path):
    announced: list[str] = []
    first = run_baseline("darkness", (3, 4), digits, tmp_path, announced.append)
    assert announced == ["darkness: 3 images", "darkness: 4 images"]
    assert run_baseline("darkness", (4, 3), digits, tmp_path, announced.append) == first[::-1]
    assert len(announced) == 2
    (tmp_path / "darkness-4.json").write_text("{half")
    (tmp_path / "darkness-2.json").write_text((tmp_path / "darkness-3.json").read_text())
    assert [
        record["size"] for record in run_baseline("darkness", (2,), digits, tmp_path, announced.append)
    ] == [2]
    announced.pop()
    path = tmp_path / "darkness-3.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"checksum": "of other data"}))
    again = run_baseline("darkness", (3, 4), digits, tmp_path, announced.append)
    assert len(announced) == 4
    assert [record["test"] for record in again] == [record["test"] for record in first]


@pytest.mark.full_mnist
def test_average_darkness_is_the_books_2225_of_10000(full_mnist):
    assert right_answers("darkness", full_mnist, full_mnist.train)["test"] == 2225
