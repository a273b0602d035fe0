"""Learning rates by hand, epoch by epoch."""

import pytest

from mnist_softmax.config.training import Training
from mnist_softmax.training.schedules import has_run_out, learning_rate


def training(schedule, eta=0.5) -> Training:
    return Training(epochs=99, mini_batch_size=10, learning_rate=eta, schedule=schedule)


def history_of(accuracies):
    return [{"epoch": k, "validation_accuracy": accuracy} for k, accuracy in enumerate(accuracies, start=1)]


def rates(settings, accuracies):
    """Of every epoch that comes before or after one of `accuracies`."""
    return [learning_rate(settings, history_of(accuracies[:k])) for k in range(len(accuracies) + 1)]


FIVE_EPOCHS = {
    "constant": ({"kind": "constant"}, [0.5, 0.5, 0.5, 0.5, 0.5]),
    "step": ({"kind": "step", "every": 2, "factor": 0.1}, [0.5, 0.5, 0.05, 0.05, 0.005]),
    "step after every epoch": (
        {"kind": "step", "every": 1, "factor": 0.5},
        [0.5, 0.25, 0.125, 0.0625, 0.03125],
    ),
    "exponential": ({"kind": "exponential", "factor": 0.9}, [0.5, 0.45, 0.405, 0.3645, 0.32805]),
    "halving": ({"kind": "halving", "patience": 1}, [0.5, 0.5, 0.25, 0.25, 0.125]),
}
ACCURACIES = [0.7, 0.7, 0.8, 0.75]  # of the first four epochs


@pytest.mark.parametrize(("schedule", "expected"), FIVE_EPOCHS.values(), ids=FIVE_EPOCHS)
def test_five_epochs_by_hand(schedule, expected):
    assert rates(training(schedule), ACCURACIES) == pytest.approx(expected, rel=1e-14)


def test_every_kind_of_schedule_is_worked_by_hand():
    kinds = {schedule["kind"] for schedule, _ in FIVE_EPOCHS.values()}
    union = Training.model_fields["schedule"].annotation
    assert kinds == {kind.model_fields["kind"].annotation.__args__[0] for kind in union.__args__}


def test_halving_waits_for_as_many_epochs_as_its_patience_and_counts_afresh():
    settings = training({"kind": "halving", "patience": 2}, eta=1.0)
    #             best  best  wait  halve  best  wait  halve  wait  halve
    accuracies = [0.50, 0.60, 0.60, 0.50, 0.70, 0.70, 0.69, 0.10, 0.20]
    assert rates(settings, accuracies) == [1, 1, 1, 1, 1 / 2, 1 / 2, 1 / 2, 1 / 4, 1 / 4, 1 / 8]


def test_halving_is_undone_by_no_later_improvement():
    settings = training({"kind": "halving", "patience": 1}, eta=1.0)
    assert rates(settings, [0.5, 0.4, 0.9, 0.95]) == [1, 1, 1 / 2, 1 / 2, 1 / 2]


def test_halving_counts_from_an_accuracy_of_zero():
    settings = training({"kind": "halving", "patience": 2}, eta=1.0)
    assert rates(settings, [0.0, 0.0, 0.0]) == [1, 1, 1, 1 / 2]


@pytest.mark.parametrize(("stop_at", "halvings"), [(2, 1), (3, 2), (4, 2), (128, 7), (129, 8)])
def test_halving_has_run_out_at_the_given_part_of_the_first_rate(stop_at, halvings):
    settings = training({"kind": "halving", "patience": 1, "stop_at": stop_at}, eta=0.3)
    accuracies = [0.5] + [0.4] * halvings
    assert has_run_out(settings, history_of(accuracies))
    assert not has_run_out(settings, history_of(accuracies[:-1]))


def test_the_books_halving_stops_at_one_128th():
    settings = training({"kind": "halving", "patience": 10})
    assert not has_run_out(settings, history_of([0.5] + [0.4] * 69))
    assert has_run_out(settings, history_of([0.5] + [0.4] * 70))


@pytest.mark.parametrize("name", ["constant", "step", "exponential"])
def test_other_schedules_never_run_out(name):
    assert not has_run_out(training(FIVE_EPOCHS[name][0]), history_of([0.0] * 1000))
