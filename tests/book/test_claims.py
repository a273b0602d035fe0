"""From runs on disk to findings: what is selected of a history, and when a claim counts as met."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mnist_softmax.book import gradients
from mnist_softmax.book.block import KINDS
from mnist_softmax.book.claim import Evidence
from mnist_softmax.book.exact import OTHERS, Exact, Outperforms
from mnist_softmax.book.printed import Printed, Statement, Transcript
from mnist_softmax.book.results import headline
from mnist_softmax.book.selected import select
from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.runs.directory import RunDirectory


@pytest.fixture
def digits() -> Dataset:
    """100 test images: 10 of class 0, 20 of class 1, 70 of class 2."""
    labels = np.repeat(np.arange(3, dtype=np.uint8), (10, 20, 70))
    split = Split(np.zeros((100, 4), np.uint8), labels)
    return Dataset(split, split, split, "npz", "", "")


REST = {"penalty": 0.0, "learning_rate": 1.0, "seconds": 0.1}  # of a record


@pytest.fixture
def evidence(tmp_path, digits):
    """`evidence([counts of run 0], [counts of run 1], ...)`: right answers on test, of 100, after each epoch."""

    def write(*runs: list[int]) -> Evidence:
        directories = []
        for seed, counts in enumerate(runs):
            directory = RunDirectory(tmp_path / f"seed-{seed}")
            directory.path.mkdir()
            for epoch, count in enumerate(counts, 1):
                record = {"epoch": epoch, "test_accuracy": count / 100, "validation_accuracy": epoch / 10}
                directory.append_metrics(record | REST)
            directories.append(directory)
        return Evidence({"only": directories}, {}, [], digits, 100)

    return write


def test_what_is_selected():
    history = [{"epoch": k, "test_accuracy": a, "train_cost": c}
               for k, (a, c) in enumerate([(0.5, 3.0), (0.9, 1.0), (0.8, 2.0)], 1)]  # fmt: skip
    chosen = [select(history, "test_accuracy", how) for how in ("first", "peak", "final")]
    assert chosen == pytest.approx([50, 90, 80])  # percent
    assert select(history, "train_cost", "final") == 2.0
    assert select([{"epoch": 1}, *history, {"epoch": 5}], "test_accuracy", "final") == pytest.approx(80)


def test_our_own_figure_is_test_accuracy_at_the_best_validation_epoch():
    def history(*pairs):
        return [{"epoch": k, "validation_accuracy": v, "test_accuracy": t} for k, (v, t) in enumerate(pairs, 1)]

    found = headline([history((0.8, 0.9), (0.9, 0.7)), history((0.9, 0.5), (0.8, 0.99))])
    assert found == {"mean": pytest.approx(60), "deviation": pytest.approx(np.sqrt(200)), "n": 2}
    assert headline([[{"epoch": 1, "train_cost": 1.0}]]) is None


def test_of_epochs_as_good_on_validation_it_is_the_first_or_in_chapter_6_the_last():
    equal = [{"epoch": k, "validation_accuracy": 0.9, "test_accuracy": t} for k, t in enumerate((0.7, 0.8), 1)]
    assert headline([equal])["mean"] == pytest.approx(70)
    assert headline([equal], last=True)["mean"] == pytest.approx(80)


def test_a_printed_number_among_runs(evidence):
    claim = Printed(value=52.5)
    finding = claim.judge(evidence([40, 50], [51, 41], [52, 42], [53, 43]))
    assert (finding["mean"], finding["n"], finding["quantile"]) == (pytest.approx(51.5), 4, 0.75)
    assert finding["agrees"]
    assert finding["verdict"] == "consistent"


def test_a_transcript_is_judged_epoch_by_epoch(evidence):
    claim = Transcript(counts={0: 11, 1: 90})
    finding = claim.judge(evidence([10, 50], [11, 51], [12, 52], [13, 53]))
    assert finding["verdict"] == "1 of 2 epochs consistent"
    assert not finding["agrees"]


@pytest.mark.parametrize(
    ("bounds", "holds"), [({"above": 50.5}, 3), ({"below": 50.5}, 1), ({"above": 50.5, "below": 52.5}, 2)]
)
def test_a_statement_holds_in_so_many_runs(evidence, bounds, holds):
    claim = Statement(says="so it is", select="final", **bounds)
    finding = claim.judge(evidence([50], [51], [52], [53]))
    assert finding["verdict"] == f"holds in {holds} of 4"
    assert finding["agrees"] == (holds >= 2)


def test_exact_counts_and_percentages(digits):
    evidence = Evidence({}, {}, [{"size": 5, "test": 22}, {"size": 9, "test": 23}], digits, 100)
    for unit, values, agrees in (("count", {5: 22, 9: 23}, True), ("percent", {5: 22.0, 9: 24.0}, False)):
        finding = Exact(split="test", unit=unit, values=values).judge(evidence)
        assert finding["agrees"] == agrees
    assert finding["verdict"] == "exact: 1 of 2"


def test_findings_can_be_stored(evidence):
    claim = Printed(value=52.5, best_of=3)
    finding = claim.judge(evidence([50], [51], [52], [53]))
    assert json.loads(json.dumps(finding)) == finding


@pytest.fixture
def norms(tmp_path, dataset, settings):
    """`norms([[a, b], ...], ...)`: for each seed the norms of two hidden layers after each epoch."""

    def write(*runs: list[list[float]]) -> Evidence:
        directories = []
        for seed, epochs in enumerate(runs):
            directory = RunDirectory(tmp_path / f"seed-{seed}")
            directory.path.mkdir()
            directory.begin(settings(seed=seed, layers=(12, 6, 5, 4), monitor=("train_gradient_norms",)))
            for epoch, found in enumerate(epochs, 1):
                directory.append_metrics({"epoch": epoch, "train_gradient_norms": found} | REST)
            directories.append(directory)
        return Evidence({"only": directories}, {}, [], dataset, 64)

    return write


def test_a_ratio_is_of_two_layers_at_the_same_epoch(norms):
    claim = Statement(
        says="so", metric="train_gradient_norms", select="final", layer=2, over_layer=1, above=1.5
    )
    finding = claim.judge(norms([[9, 1], [2, 8]], [[9, 1], [4, 4]], [[9, 1], [4, 4]]))
    assert (finding["largest"], finding["smallest"], finding["ratio"]) == (4.0, 1.0, True)
    assert finding["verdict"] == "holds in 1 of 3"


def test_a_norm_of_the_first_epoch_is_that_before_training(norms, dataset):
    """That is of the starting weights, whatever has been recorded since."""
    claim = Printed(metric="train_gradient_norms", select="first", layer=1, value=0.07)
    evidence = norms([[1.0, 1.0]], [[2.0, 2.0]])
    starts = [gradients.initial_norms(run.read_config(), dataset)[0] for run in evidence.seeded["only"]]
    assert claim.values(evidence, None, 1).tolist() == starts


def test_norms_of_runs_that_ended_at_different_epochs_are_compared_at_their_last(norms):
    claim = Printed(metric="train_gradient_norms", select="final", layer=2, value=0.5)
    finding = claim.judge(norms([[9, 1], [2, 8]], [[9, 4]]))
    assert finding["mean"] == 6.0
    assert claim.row(finding).claim == "final norm, hidden layer 2"


def test_every_run_of_a_replay_must_end_above_the_other_method(tmp_path, digits):
    other = OTHERS["more_data_svm"]
    recorded = {}
    for run, above in (("100", 0.02), ("200", -0.02)):
        recorded[run] = RunDirectory(tmp_path / run)
        recorded[run].path.mkdir()
        recorded[run].append_metrics({"epoch": 1, "test_accuracy": other[run] / 100 + above} | REST)
    claim = Outperforms(says="so", metric="test_accuracy", recording="more_data_svm")
    finding = claim.judge(Evidence({}, recorded, [], digits, 100))
    assert (finding["verdict"], finding["agrees"]) == ("holds at 1 of 2", False)


def test_every_kind_is_known_by_the_name_that_configs_use():
    assert {name: kind.__name__ for name, kind in KINDS.items()} == {
        "printed": "Printed", "statement": "Statement", "transcript": "Transcript", "one_class": "OneClass",
        "exact": "Exact", "outperforms": "Outperforms", "curves": "Course", "bars": "Bars", "race": "Race",
        "vote": "Vote", "filters": "Filters", "speedup": "Speedup", "difference": "Difference", "chosen": "Chosen",
        "ratio": "Ratio", "length": "Length", "stopping": "Stopping", "decay": "Decay", "rescaled": "Rescaled",
    }  # fmt: skip


def test_a_replay_that_has_parted_is_not_taken_for_the_recorded_run(evidence):
    ours = evidence([50], [51], [52], [53])
    replayed = replace(ours, recorded={"only": ours.seeded["only"][2]})
    claim = Printed(select="final", value=51)
    assert claim.judge(replayed)["recorded"]["value"] == pytest.approx(52)
    parted = replace(replayed, parted={("only", "test_accuracy")})
    assert "recorded" not in claim.judge(parted)
    assert claim.model_copy(update={"recorded": 51.0}).judge(parted)["recorded"]["value"] == 51


def test_the_recorded_run_has_its_place_among_ours(evidence):
    claim = Statement(says="so it is", select="final", below=60, recorded=51.5)
    finding = claim.judge(evidence([50], [51], [52], [53]))
    assert finding["recorded"] == pytest.approx(
        {"value": 51.5, "below": 2, "above": 2, "of": 4, "smallest": 50, "largest": 53}
    )
    assert (
        "the recorded run has 51.50 %: 2 of ours are below it, 2 above (50.00 to 53.00)"
        in claim.row(finding).verdict
    )
