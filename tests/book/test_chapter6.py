"""Chapter 6: its networks follow network3, and its claims are judged as it reports."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mnist_softmax.book.claim import Evidence
from mnist_softmax.book.experiment import find_experiments
from mnist_softmax.book.filters import Filters
from mnist_softmax.book.plan import Tasks, standard_epochs
from mnist_softmax.book.prediction import one_more_report
from mnist_softmax.book.printed import Printed, Statement
from mnist_softmax.book.quick import IMAGES, shortened
from mnist_softmax.book.race import Race
from mnist_softmax.book.results import results
from mnist_softmax.book.selected import select
from mnist_softmax.book.vote import Vote
from mnist_softmax.config.layers import Dropout
from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.errors import ConfigError
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.runs.run import Task, run_cohort
from mnist_softmax.training.loop import start

PARAMETERS = {
    "ch6_shallow": 79_510,
    "ch6_basic_conv": 289_630,
    "ch6_omit_fc": 29_330,
    "ch6_dbl_conv": 85_670,
    "ch6_dbl_conv_tanh": 85_670,
    "ch6_relu": 85_670,
    "ch6_expanded_100": 85_670,
    "ch6_expanded_300": 215_870,
    "ch6_expanded_1000": 671_570,
    "ch6_double_fc_100": 95_770,
    "ch6_double_fc_300": 306_170,
    "ch6_double_fc_1000": 1_672_570,
    "ch6_dropout": 1_672_570,
}
NETWORKS = {each.id: each for each in find_experiments(["chapter6"]) if each.has_network}


def test_the_networks_are_those_of_the_chapter():
    assert list(NETWORKS) == list(PARAMETERS)


@pytest.mark.parametrize("id", PARAMETERS)
def test_parameters_are_as_many_as_the_architecture_has(id):
    """By hand, for ch6_basic_conv: 20 * 26 + 2880 * 100 + 100 + 100 * 10 + 10."""
    assert start(NETWORKS[id].settings("only")).network.parameters.flat.size == PARAMETERS[id]


@pytest.mark.parametrize("id", PARAMETERS)
def test_training_is_as_in_network3(id):
    settings = NETWORKS[id].settings("only")
    training, expanded = settings.training, settings.data.expansion == "one_pixel"
    assert (training.order, training.mini_batch_size, settings.data.scale) == ("as_stored", 10, 256)
    assert training.epochs == (40 if id == "ch6_dropout" else 60)
    assert expanded == id.startswith(("ch6_expanded", "ch6_double", "ch6_dropout"))
    rectified = expanded or id == "ch6_relu"
    assert training.learning_rate == (0.03 if rectified else 0.1)
    # network3 takes 0.1 over the number of mini-batches, we take l2 over that of images: ten times as many
    images, l2_of_network3 = (
        (250_000 if expanded else 50_000),
        (0.1 if rectified and id != "ch6_dropout" else 0),
    )
    assert training.l2 / images == pytest.approx(l2_of_network3 / (images / 10))
    thinned = [layer.p for layer in settings.network.layers if isinstance(layer, Dropout)]
    assert thinned == ([0.5] * 3 if id == "ch6_dropout" else [])


def test_starting_weights_are_as_in_network3():
    """N(0, 1/n_out), where a weight of a convolution is in 25 / 4 outputs of each map; zeros in the last layer."""
    layers = start(NETWORKS["ch6_double_fc_1000"].settings("only")).network.parameters.layers
    for layer, n_out in zip(layers, (125, 250, 1000, 1000), strict=False):
        assert layer["w"].std() == pytest.approx(n_out**-0.5, rel=0.1)
        assert abs(layer["b"]).max() > 0.5
    assert not layers[-1]["w"].any()
    assert not layers[-1]["b"].any()


def test_a_convolution_has_a_fraction_of_the_weights_of_a_dense_layer():
    """The book: 520 parameters against 23,550 for 30 dense neurons."""
    [first, *_] = start(NETWORKS["ch6_omit_fc"].settings("only")).network.parameters.layers
    assert first["w"].size + first["b"].size == 520
    assert 784 * 30 + 30 == 23_550


# ---- how it reports


def history(*pairs):
    return [{"epoch": k, "validation_accuracy": v, "test_accuracy": t} for k, (v, t) in enumerate(pairs, 1)]


def test_by_validation_is_the_last_of_the_epochs_that_are_best_on_validation():
    found = history((0.8, 0.99), (0.9, 0.7), (0.9, 0.6), (0.85, 0.95))
    assert select(found, "test_accuracy", "by_validation") == pytest.approx(60)


def test_the_best_of_three_is_chosen_by_validation():
    """Of the four triples of runs 0 to 3 those with run 3 report its 1, the other one reports 2 of run 1."""
    found = one_more_report([4.0, 2.0, 3.0, 1.0], 3, chosen_by=[90.0, 92.0, 91.0, 93.0])
    assert dict(zip(found.values, found.times, strict=True)) == {2: 1, 1: 3}


REST = {"penalty": 0.0, "learning_rate": 1.0, "seconds": 0.1}  # of a record


@pytest.fixture
def runs(tmp_path):
    def write(*histories, name="only") -> list[RunDirectory]:
        directories = []
        for seed, records in enumerate(histories):
            directory = RunDirectory(tmp_path / name / f"seed-{seed}")
            directory.path.mkdir(parents=True)
            for record in records:
                directory.append_metrics(record | REST)
            directories.append(directory)
        return directories

    return write


def evidence_of(dataset=None, **seeded) -> Evidence:
    return Evidence(seeded, {}, [], dataset, 100)


@pytest.mark.parametrize("best_of", [1, 3])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_runs_give_the_plain_difference_and_no_verdict(runs, n, best_of):
    claim = Printed(select="by_validation", best_of=best_of, value=70.5)
    finding = claim.judge(evidence_of(only=runs(*[history((0.8, 0.7))] * n)))
    assert (finding["agrees"], finding["low"], finding["n"]) == (None, None, n)
    assert finding["mean"] == pytest.approx(70)
    row = claim.row(json.loads(json.dumps(finding)))
    assert (row.difference, row.interval) == ("-0.50", "")
    assert f"plain difference of {n} run" in row.verdict


@pytest.mark.parametrize(("chapter", "expected"), [(6, 60), (3, 70)])
def test_our_own_figure_is_of_the_last_best_epoch_in_chapter_6_alone(runs, chapter, expected):
    [experiment] = find_experiments(["ch6_omit_fc"])
    experiment = replace(experiment, book=experiment.book.model_copy(update={"chapter": chapter}))
    evidence = {experiment.id: evidence_of(only=runs(history((0.9, 0.7), (0.9, 0.6))))}
    [result] = results([experiment], evidence, None)
    assert result["headlines"]["only"]["mean"] == pytest.approx(expected)


def test_of_two_runs_the_better_by_validation_is_shown_and_said_to_be_of_two(runs):
    claim = Printed(select="by_validation", best_of=3, value=70.5)
    row = claim.row(claim.judge(evidence_of(only=runs(history((0.8, 0.7)), history((0.9, 0.6))))))
    assert row.here == "60.00 %"
    assert row.claim.endswith("epoch, best of 2 runs; the book's is the best of 3 by validation")


def test_a_difference_between_experiments_names_the_other_one(runs):
    claim = Statement(says="similar", select="final", minus="other", above=-1, below=1)
    [ours], [other] = runs(history((0.8, 0.7))), runs(history((0.8, 0.6)), name="other")
    row = claim.row(claim.judge(evidence_of(only=[ours], other=[other])))
    assert row.claim == '"similar" (difference to other)'
    assert row.here == "10.00 points"


def test_four_runs_give_an_interval(runs):
    claim = Printed(select="by_validation", best_of=3, value=70.5)
    finding = claim.judge(evidence_of(only=runs(*[history((0.8, 0.7 + k / 100)) for k in range(4)])))
    assert finding["low"] < finding["mean"] < finding["high"]


def test_a_race_counts_pairs_that_are_sooner_at_the_mark(runs):
    fast = [history((0.5, 0), (0.98, 0), (0.97, 0))] * 2 + [history((0.5, 0), (0.6, 0), (0.7, 0))]
    slow = [history((0.6, 0), (0.7, 0), (0.98, 0))] * 2 + [history((0.5, 0), (0.5, 0), (0.98, 0))]
    claim = Race(says="faster", against="other", mark=98)
    finding = claim.judge(evidence_of(only=runs(*fast), other=runs(*slow, name="other")))
    assert finding["epochs"] == pytest.approx([8 / 3, 3])  # 2, 2, and never, which counts as 4; 3 each
    assert finding["verdict"] == "sooner in 2 of 3 pairs; the mean is higher at epoch 1 (of 0 to 2)"
    assert finding["agrees"]
    two = claim.judge(evidence_of(only=runs(*fast[:2], name="a"), other=runs(*slow[:2], name="b")))
    assert two["agrees"] is None
    assert two["verdict"].endswith("too few to judge")


def test_an_epoch_of_five_times_as_many_images_takes_nearly_five_times_as_long():
    """The header of ch6_relu says 11 minutes where that of ch6_expanded_100 says 57."""
    one, five = (standard_epochs(NETWORKS[id].settings("only")) for id in ("ch6_relu", "ch6_expanded_100"))
    assert 4 < five / one < 5


# ---- runs on disk


@pytest.fixture(scope="module")
def trained(tmp_path_factory, settings_of_images):
    """Two tiny networks with a convolution, on disk, and their digits."""
    dataset, settings = settings_of_images
    place = tmp_path_factory.mktemp("runs")
    tasks = [
        Task(settings.model_copy(update={"seed": seed}), place / "net" / f"seed-{seed}") for seed in range(2)
    ]
    run_cohort(tasks, dataset)
    return dataset, [RunDirectory(task.directory) for task in tasks]


@pytest.fixture(scope="module")
def settings_of_images():
    from mnist_softmax.config.config import Config

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, 64)).astype(np.uint8)
    split = Split(images, (np.arange(60) % 3).astype(np.uint8))
    settings = Config.model_validate(
        {
            "network": {
                "layers": [[8, 8], {"kind": "convolution", "maps": 7, "field": 3, "pool": 2}, 3],
                "output_activation": "softmax",
                "cost": "log_likelihood",
            },
            "training": {"epochs": 1, "mini_batch_size": 10, "learning_rate": 0.1},
        }
    )
    return Dataset(split, split, split, "npz", "", "0"), settings


def test_a_vote_names_every_image_that_it_gets_wrong_and_draws_it(trained):
    dataset, directories = trained
    claim = Vote(run="net", members=5, errors=33)
    evidence = evidence_of(dataset, net=directories)
    finding = json.loads(json.dumps(claim.judge(evidence)))
    assert finding["members"] == 2
    assert finding["agrees"] is None
    assert "vote of 2 networks" in finding["verdict"]
    wrong = finding["wrong"]
    assert [dataset.test.labels[each["image"]] for each in wrong] == [each["digit"] for each in wrong]
    assert all(each["answer"] != each["digit"] for each in wrong)
    [(name, figure)] = claim.figures(evidence, "")
    assert name == "ensemble_errors"
    assert sum(bool(axes.images) for axes in figure.axes) == len(wrong)


def test_the_figure_of_the_kernels_has_one_for_each_map(trained):
    dataset, directories = trained
    evidence = evidence_of(dataset, only=directories)
    [(name, figure)] = Filters().figures(evidence, "")
    drawn = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    assert (name, len(drawn)) == ("net_full_layer_0", 7)
    with np.load(directories[0].model) as model:
        np.testing.assert_array_equal(drawn[3], model["w1"][:, 3].reshape(3, 3))


# ---- runs that two experiments look at


def test_an_experiment_looks_at_the_runs_of_another_in_their_place(tmp_path):
    [tanh] = find_experiments(["ch6_dbl_conv_tanh"])
    [sigmoid] = find_experiments(["ch6_dbl_conv"])
    tasks = tanh.seeded(tmp_path, 2)
    assert tasks["ch6_dbl_conv"] == sigmoid.seeded(tmp_path, 2)["only"]
    assert Tasks(tasks, {}).all()[0].settings.network.hidden_activation == "tanh"
    [ensemble] = find_experiments(["ch6_ensemble"])
    assert list(ensemble.seeded(tmp_path)) == ["ch6_dropout"]
    assert len(ensemble.seeded(tmp_path)["ch6_dropout"]) == 5


def test_runs_of_an_experiment_that_is_not_there_are_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("book: {chapter: 6, section: a, title: b, runs_of: [ch6_nothing]}\n")
    with pytest.raises(ConfigError, match=r"book\.runs_of: there is no ch6_nothing\.yaml beside it"):
        find_experiments([str(path)])


@pytest.mark.parametrize("id", PARAMETERS)
def test_a_quick_look_is_short(id):
    settings = shortened(NETWORKS[id].settings("only"), 50_000)
    images = settings.data.training_size * (5 if settings.data.expansion == "one_pixel" else 1)
    assert images == IMAGES
    assert settings.training.epochs <= 5
    assert settings.network == NETWORKS[id].settings("only").network
