"""The book's networks in minutes: a few epochs on a few images, for a feeling and for no verdict."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_softmax.book.experiment import Experiment
from mnist_softmax.book.plan import digits
from mnist_softmax.config.config import Config
from mnist_softmax.config.training import Constant
from mnist_softmax.text import percent
from mnist_softmax.training.loop import train

IMAGES, EPOCHS = 5000, 5
NO_VERDICT = f"""\
No verdict: at most {EPOCHS} epochs on at most {IMAGES:,} images, one seed. Most of the book's networks see 50,000 or
250,000 images for 30 epochs and more. Two sigmoid convolutions may still guess after so little: they are slow to
begin."""


def show_quick(experiments: Sequence[Experiment]) -> int:
    """Train each network for a moment, in memory, and print a line for it."""
    print(NO_VERDICT + "\n", flush=True)
    width = max(len(each.id) for each in experiments) + 2
    for experiment in experiments:
        for run in experiment.runs:
            settings = experiment.settings(run)
            settings = shortened(settings, len(digits(settings.data).train))
            name = experiment.id if len(experiment.runs) == 1 else f"{experiment.id} {run}"
            _, history = train(settings, digits(settings.data))
            seconds = sum(record["seconds"] for record in history)
            found = f"test {percent(history[-1]['test_accuracy'])}  in {seconds:.0f} s"
            print(f"{name:{width}}  {settings.network.title:44}  {found}", flush=True)
    print("\n" + NO_VERDICT)
    return 0


def shortened(settings: Config, there: int) -> Config:
    """The same network, trained for a moment on some of the images that are there."""
    data, training = settings.data, settings.training
    halving = training.schedule.kind == "halving"
    return settings.model_copy(
        update={
            "data": data.model_copy(update={"training_size": min(IMAGES, there) // data.copies}),
            "training": training.model_copy(
                update={
                    "epochs": min(EPOCHS, training.epochs),
                    "monitor": ("test_accuracy",),
                    "monitor_every": EPOCHS,
                    "early_stopping": None,  # which, like halving, needs what is not measured here
                    "schedule": Constant() if halving else training.schedule,
                }
            ),
        }
    )
