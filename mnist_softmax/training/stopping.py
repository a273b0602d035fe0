"""When a run is over, before or at its last epoch."""

from __future__ import annotations

from mnist_softmax.config.training import Training
from mnist_softmax.training.history import History, epochs_without_improvement
from mnist_softmax.training.schedules import has_run_out


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
