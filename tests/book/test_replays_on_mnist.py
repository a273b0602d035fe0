"""The author's recorded runs, trained again on the real images: the same counts, the same costs."""

import pytest

from mnist_softmax.book.experiment import find_experiments
from mnist_softmax.book.reference import reference
from mnist_softmax.book.replay import compare
from mnist_softmax.training.loop import epochs, start

pytestmark = [pytest.mark.full_mnist, pytest.mark.slow]


def replayed(digits, tmp_path, id, run, most):
    """Comparisons of each recorded curve of a run up to so many epochs."""
    [experiment] = find_experiments([id])
    task = experiment.recorded(tmp_path, 50_000)[run]
    settings = task.settings.model_copy(
        update={"training": task.settings.training.model_copy(update={"epochs": most})}
    )
    n, digits = settings.data.training_size or 50_000, digits.scaled(settings.data.scale)
    dataset = type(digits)(digits.train.first(n), digits.validation, digits.test, "openml", "", "")
    history = list(epochs(start(settings), dataset, settings))
    record = reference()["recordings"][experiment.book.recording.figures]
    sizes = {"train": n, "validation": 10_000, "test": 10_000}
    known = [epoch for epoch in record["epochs"] if epoch < most]
    return [
        compare(metric, history, sizes, known, values[: len(known)], 1e-6)
        for metric, values in record["runs"][run].items()
    ]


@pytest.mark.parametrize(
    ("id", "run", "most", "curves"),
    [
        ("ch3_overfit_1000", "only", 60, 4),
        ("ch3_overfit_full", "only", 2, 4),  # the third agrees on some machines only
        ("ch3_l2_full", "only", 3, 4),
        ("ch3_winit_30", "default", 3, 1),
        ("ch3_winit_30", "large", 3, 1),  # the second run of its recording: streams are carried
        ("ch3_multiple_eta", "0.025", 3, 1),
        ("ch3_multiple_eta", "0.25", 3, 1),
    ],
)
def test_recorded_runs_are_replayed_exactly(full_mnist, tmp_path, id, run, most, curves):
    comparisons = replayed(full_mnist, tmp_path, id, run, most)
    assert len(comparisons) == curves
    for comparison in comparisons:
        assert comparison.epochs >= 2
        assert comparison.exact, comparison
