"""Early stopping: when, and with which parameters. The accuracies are scripted, the training is real."""

import numpy as np
import pytest

from mnist_softmax.training import evaluation
from mnist_softmax.training.evaluation import Evaluation
from mnist_softmax.training.history import best_epoch, epochs_without_improvement
from mnist_softmax.training.loop import epochs, start
from mnist_softmax.training.schedules import reason_to_stop


@pytest.fixture
def scripted(monkeypatch, dataset):
    """Let validation find these percentages, an epoch each; then train, and give state and parameters by epoch."""

    def run(settings, percentages):
        script = iter(percentages)

        def evaluate(network, split, quantities):
            percent = next(script) if split is dataset.validation else 50
            return Evaluation(100, np.ones(1), np.array([percent / 100]))

        monkeypatch.setattr(evaluation, "evaluate", evaluate)
        state = start(settings)
        flat = state.network.parameters.flat
        snapshots = [flat.copy() for _ in epochs(state, dataset, settings)]
        return state, snapshots

    return run


def test_stops_after_patience_epochs_without_improvement_and_restores_the_best(scripted, settings):
    # an accuracy as good as the best (the fourth) is no improvement
    chosen = settings(epochs=50, early_stopping={"patience": 3})
    state, snapshots = scripted(chosen, [10, 50, 40, 50, 30, 99])
    assert len(state.history) == 5
    assert reason_to_stop(chosen.training, state.history) == "no improvement in 3 epochs"
    np.testing.assert_array_equal(state.network.parameters.flat, snapshots[1])


def test_a_late_improvement_begins_the_wait_afresh(scripted, settings):
    chosen = settings(epochs=50, early_stopping={"patience": 2})
    state, snapshots = scripted(chosen, [10, 9, 11, 5, 12, 3, 4, 99])
    assert len(state.history) == 7
    np.testing.assert_array_equal(state.network.parameters.flat, snapshots[4])


def test_the_best_is_restored_where_all_epochs_were_trained(scripted, settings):
    chosen = settings(epochs=4, early_stopping={"patience": 10})
    state, snapshots = scripted(chosen, [10, 50, 40, 30])
    assert reason_to_stop(chosen.training, state.history) == "all epochs trained"
    np.testing.assert_array_equal(state.network.parameters.flat, snapshots[1])


def test_the_best_is_restored_where_the_schedule_ran_out(scripted, settings):
    halving = {"kind": "halving", "patience": 1, "stop_at": 4}
    chosen = settings(epochs=50, early_stopping={"patience": 10}, schedule=halving)
    state, snapshots = scripted(chosen, [10, 50, 40, 30, 99])
    assert reason_to_stop(chosen.training, state.history) == "learning rate fell to the schedule's end"
    assert len(state.history) == 4
    np.testing.assert_array_equal(state.network.parameters.flat, snapshots[1])


def test_the_best_is_restored_where_the_last_epoch_was_it(scripted, settings):
    state, snapshots = scripted(settings(epochs=3, early_stopping={"patience": 2}), [10, 20, 30])
    np.testing.assert_array_equal(state.network.parameters.flat, snapshots[2])


def test_an_accuracy_of_zero_throughout_still_keeps_the_first_epoch(scripted, settings):
    state, snapshots = scripted(settings(epochs=9, early_stopping={"patience": 2}), [0, 0, 0, 99])
    assert len(state.history) == 3
    np.testing.assert_array_equal(state.network.parameters.flat, snapshots[0])


def test_without_early_stopping_the_last_parameters_stay(scripted, settings):
    state, snapshots = scripted(settings(epochs=3), [90, 20, 10])
    assert state.best is None
    np.testing.assert_array_equal(state.network.parameters.flat, snapshots[2])


def test_best_epoch_is_the_first_of_equals():
    history = [{"epoch": k, "validation_accuracy": v} for k, v in enumerate([0.1, 0.9, 0.3, 0.9], start=1)]
    assert best_epoch(history) is history[1]
    assert epochs_without_improvement(history) == 2


def test_best_epoch_of_what_was_never_measured_is_none():
    assert best_epoch([{"epoch": 1}], "test_accuracy") is None
    assert best_epoch([]) is None
    assert epochs_without_improvement([]) == 0
