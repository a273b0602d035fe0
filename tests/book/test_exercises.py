"""Answers to exercises: differences, chosen settings, rules of stopping, scaled weights; and the page of them."""

import json

import numpy as np
import pytest

from mnist_softmax.book import exercises
from mnist_softmax.book.answer import interval
from mnist_softmax.book.claim import Evidence, Prospect
from mnist_softmax.book.contrast import Chosen, Difference, Length
from mnist_softmax.book.experiment import find_experiments
from mnist_softmax.book.scaling import Decay, Rescaled
from mnist_softmax.book.stopping import flat_mean, no_improvement
from mnist_softmax.config.config import Config
from mnist_softmax.config.schema import Misfit
from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.runs.run import Task, run_cohort

REST = {"penalty": 0.0, "learning_rate": 1.0, "seconds": 0.1}  # of a record


@pytest.fixture
def evidence(tmp_path):
    """`evidence(a=[[(validation, test), ...], ...])`: for each run and seed its epochs."""

    def write(**runs) -> Evidence:
        seeded = {}
        for name, seeds in runs.items():
            seeded[name] = []
            for seed, epochs in enumerate(seeds):
                directory = RunDirectory(tmp_path / name / str(seed))
                directory.path.mkdir(parents=True)
                for epoch, (validation, test) in enumerate(epochs, 1):
                    record = {"epoch": epoch, "validation_accuracy": validation, "test_accuracy": test}
                    directory.append_metrics(record | REST)
                seeded[name].append(directory)
        return Evidence(seeded, {}, [], None, 100)

    return write


def test_the_interval_of_a_mean_is_the_textbooks():
    """Of 1, 2, 3: mean 2, s = 1, t of 2 degrees of freedom 4.302653."""
    mean, low, high = interval(np.array([1.0, 2.0, 3.0]))
    assert (mean, low, high) == pytest.approx((2, 2 - 4.302653 / 3**0.5, 2 + 4.302653 / 3**0.5), rel=1e-6)
    assert interval(np.array([5.0, 5.0])) == (5, 5, 5)


def test_a_difference_is_taken_seed_by_seed(evidence):
    claim = Difference(run="a", minus="b", select="final")
    finding = claim.judge(evidence(a=[[(0, 0.92)], [(0, 0.93)]], b=[[(0, 0.90)], [(0, 0.91)]]))
    assert finding["mean"] == pytest.approx(2)
    assert finding["verdict"].startswith("`a` is 2.00 points above `b` in test accuracy after the last epoch (")
    assert "2 pairs" in finding["verdict"]


def test_where_the_interval_holds_zero_the_sign_is_not_sure(evidence):
    claim = Difference(run="a", minus="b", select="final")
    finding = claim.judge(evidence(a=[[(0, 0.92)], [(0, 0.90)]], b=[[(0, 0.90)], [(0, 0.91)]]))
    assert finding["verdict"].endswith("the sign is not sure)")


def test_settings_are_chosen_on_validation_and_told_on_test(evidence):
    runs = {"a": [[(0.8, 0.5), (0.9, 0.6)]] * 2, "b": [[(0.85, 0.99)]] * 2}
    finding = Chosen().judge(evidence(**runs))
    assert (finding["chosen"], finding["mean"]) == ("a", pytest.approx(60))


def test_the_length_of_a_run_is_its_epochs(evidence):
    finding = Length(run="a").judge(evidence(a=[[(0, 0)] * 3, [(0, 0)] * 5]))
    assert finding["mean"] == 4


@pytest.mark.parametrize(
    ("curve", "stops"),
    [([0.5, 0.6, 0.6, 0.6], False), ([0.6, 0.5, 0.5, 0.5], True), ([0.6, 0.6, 0.6, 0.7], False)],
)
def test_no_improvement_in_three(curve, stops):
    assert no_improvement(curve, 3) == stops


def test_the_mean_of_five_epochs_must_rise_by_two_images():
    rising = [0.90 + 0.01 * k for k in range(10)]
    assert not flat_mean(rising)
    assert not flat_mean([0.9] * 9)  # too early
    assert flat_mean([0.9] * 10)


# ---- scaled weights, on disk


def dark_digits() -> Dataset:
    """Pixels 0 to 3 of 16 are dark in all images."""
    rng = np.random.default_rng(0)
    images = rng.integers(1, 256, (60, 16)).astype(np.uint8)
    images[:, :4] = 0
    split = Split(images, (np.arange(60) % 3).astype(np.uint8))
    return Dataset(split, split, split, "npz", "", "0")


def trained(place, activation="relu", layers=(16, 20, 20, 3), **training) -> list[RunDirectory]:
    settings = Config.model_validate(
        {
            "network": {
                "layers": list(layers),
                "hidden_activation": activation,
                "output_activation": "softmax",
                "cost": "log_likelihood",
            },
            "training": {"epochs": 2, "mini_batch_size": 10, "learning_rate": 0.1, "dtype": "float64"}
            | training,
        }
    )
    run_cohort([Task(settings, place)], dark_digits())
    return [RunDirectory(place)]


def test_weights_that_no_gradient_reaches_shrink_by_the_decay_of_six_mini_batches(tmp_path):
    directories = trained(tmp_path / "run", l2=3.0)
    finding = Decay().judge(Evidence({"only": directories}, {}, [], dark_digits(), 60))
    assert (finding["low"], finding["high"]) == pytest.approx([(1 - 0.1 * 3 / 60) ** 6] * 2)
    assert finding["expected"] == pytest.approx(np.exp(-0.1 * 3 / 10))


def test_three_layers_of_relu_grow_by_the_cube_of_c(tmp_path):
    runs = {name: trained(tmp_path / name, name) for name in ("relu", "sigmoid")}
    finding = Rescaled(c=3.0).judge(Evidence(runs, {}, [], dark_digits(), 60))
    assert finding["runs"]["relu"]["factors"] == pytest.approx([27])
    assert finding["runs"]["sigmoid"]["factors"][0] < 10


def test_a_network_with_dropout_grows_by_its_layers_of_weights(tmp_path):
    layers = [16, {"kind": "dropout", "p": 0.5}, 20, 20, 3]
    finding = Rescaled(c=3.0).judge(
        Evidence({"only": trained(tmp_path, layers=layers)}, {}, [], dark_digits(), 60)
    )
    assert finding["runs"]["only"]["factors"] == pytest.approx([27])
    assert "3 layers of weights" in finding["verdict"]


@pytest.mark.parametrize("changed", [
    {"momentum": 0.5}, {"l1": 0.1}, {"optimizer": {"kind": "adam"}},
    {"layers": [16, {"kind": "dropout", "p": 0.5}, 3]},
])  # fmt: skip
def test_only_weights_that_nothing_but_l2_moves_shrink_by_it(changed):
    network = {
        "layers": changed.pop("layers", [16, 8, 3]),
        "output_activation": "softmax",
        "cost": "log_likelihood",
    }
    training = {"epochs": 1, "mini_batch_size": 10, "learning_rate": 0.1} | changed
    settings = Config.model_validate({"network": network, "training": training})
    with pytest.raises(Misfit, match="is for"):
        Decay().check(Prospect({"only": settings}, {}, ()))


# ---- the page


def test_every_exercise_asks_and_all_does_not_mean_them():
    found = find_experiments(["exercises"])
    assert len(found) >= 9
    assert all(each.book.asks and each.book.claims for each in found)
    assert not {each.id for each in found} & {each.id for each in find_experiments(["all"])}


def test_findings_can_be_stored_and_are_told_as_sentences(tmp_path, evidence):
    claim = Difference(run="a", minus="b", select="final")
    finding = claim.judge(evidence(a=[[(0, 0.92)], [(0, 0.93)]], b=[[(0, 0.90)], [(0, 0.91)]]))
    result = {"id": "ch3_x", "chapter": 3, "section": "S", "title": "T", "asks": "Which?", "inferred": []}
    result |= {"runs": 4, "seconds": 1.0}
    exercises.write([result | {"findings": [finding]}], tmp_path)
    page = (tmp_path / "exercises.md").read_text()
    assert page == exercises.page(json.loads((tmp_path / "exercises.json").read_text()))
    assert "### T\n\n*S*, `ch3_x`. Which?\n\n- `a` is 2.00 points above" in page
