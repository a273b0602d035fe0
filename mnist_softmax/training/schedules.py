"""The learning rate of the next epoch, and whether there is one: pure functions of the settings and the history.

Pure, so that a run resumed from its history goes on with the rate it would have had.
"""

from __future__ import annotations

from mnist_softmax.config.training import Constant, Exponential, Halving, Step, Training
from mnist_softmax.training.history import History, column, epochs_without_improvement


def learning_rate(settings: Training, history: History) -> float:
    """eta of epoch len(history) + 1."""
    eta, done = settings.learning_rate, len(history)
    match settings.schedule:
        case Constant():
            return eta
        case Step(every=every, factor=factor):
            return eta * factor ** (done // every)
        case Exponential(factor=factor):
            return eta * factor**done
        case Halving(patience=patience):
            return eta * 0.5 ** _halvings(column(history, "validation_accuracy"), patience)


def reason_to_stop(settings: Training, history: History) -> str | None:
    """Why no further epoch is trained, or None."""
    stopping = settings.early_stopping
    if len(history) >= settings.epochs:
        return "all epochs trained"
    if stopping and epochs_without_improvement(history) >= stopping.patience:
        return f"no improvement in {stopping.patience} epochs"
    if has_run_out(settings, history):
        return "learning rate fell to the schedule's end"
    return None


def has_run_out(settings: Training, history: History) -> bool:
    """Whether the halving schedule has come down to 1/stop_at of the first rate, where it ends the run."""
    schedule = settings.schedule
    if not isinstance(schedule, Halving):
        return False
    return learning_rate(settings, history) <= settings.learning_rate / schedule.stop_at


def _halvings(accuracies: list[float], patience: int) -> int:
    """How often `patience` epochs have passed without a new best, counted afresh after each halving."""
    best, waited, halvings = -1.0, 0, 0
    for accuracy in accuracies:
        if accuracy > best:
            best, waited = accuracy, 0
        else:
            waited += 1
        if waited == patience:
            waited, halvings = 0, halvings + 1
    return halvings
