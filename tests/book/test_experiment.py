"""The book's experiments: every id is there, and unfolds into the runs and random streams that it should."""

import pytest

from mnist_softmax.book.experiment import find_experiments
from mnist_softmax.book.reference import reference
from mnist_softmax.config.randomness import BookStreams
from mnist_softmax.errors import ConfigError
from mnist_softmax.runs.run import Task

IDS = [
    "ch1_quadratic_30",
    "ch1_quadratic_100",
    "ch1_eta_0.001",
    "ch1_eta_100",
    "ch1_no_hidden",
    "ch1_random_guess",
    "ch1_average_darkness",
    "ch1_svm_default",
    "ch2_matrix_minibatch",
    "ch3_ce_30",
    "ch3_ce_100",
    "ch3_overfit_1000",
    "ch3_overfit_full",
    "ch3_l2_1000",
    "ch3_l2_full",
    "ch3_l2_full_seeds",
    "ch3_l2_100",
    "ch3_l2_100_tuned",
    "ch3_more_data",
    "ch3_more_data_svm",
    "ch3_winit_30",
    "ch3_winit_30_seeds",
    "ch3_winit_100",
    "ch3_hyper_a",
    "ch3_hyper_b",
    "ch3_hyper_c",
    "ch3_hyper_d",
    "ch3_hyper_e",
    "ch3_multiple_eta",
    "ch5_deep_1",
    "ch5_deep_2",
    "ch5_deep_3",
    "ch5_deep_4",
    "ch5_initial_gradient",
    "ch5_norms_2",
    "ch5_norms_3",
    "ch5_norms_4",
    "ch5_speed_2",
    "ch5_speed_3",
    "ch5_speed_4",
    "ch6_shallow",
    "ch6_basic_conv",
    "ch6_omit_fc",
    "ch6_dbl_conv",
    "ch6_dbl_conv_tanh",
    "ch6_relu",
    "ch6_expanded_100",
    "ch6_expanded_300",
    "ch6_expanded_1000",
    "ch6_double_fc_100",
    "ch6_double_fc_300",
    "ch6_double_fc_1000",
    "ch6_dropout",
    "ch6_ensemble",
]


def one(id):
    [experiment] = find_experiments([id])
    return experiment


def recorded(id, tmp_path) -> list[Task]:
    return list(one(id).recorded(tmp_path, 50_000).values())


def streams(id, tmp_path) -> list[BookStreams]:
    return [task.settings.randomness for task in recorded(id, tmp_path)]


def drawn(stream: BookStreams) -> list[tuple]:
    return [(run.initializer, run.images, run.epochs) for run in stream.earlier_runs]


def test_every_experiment_is_there_in_the_books_order():
    assert [experiment.id for experiment in find_experiments(["all"])] == IDS


def test_only_two_exercises_are_without_a_claim():
    silent = [each.id for each in find_experiments(["all"]) if not each.book.claims and not each.book.recording]
    assert silent == ["ch1_no_hidden", "ch6_omit_fc"]


def test_a_chapter_is_its_experiments_and_nothing_comes_twice():
    ids = [experiment.id for experiment in find_experiments(["ch1_eta_100", "chapter1", "ch1_eta_100"])]
    assert sorted(ids) == sorted(id for id in IDS if id.startswith("ch1"))


@pytest.mark.parametrize("name", ["ch9_x", "chapter4", "ch1", "", "chapter"])
def test_another_name_is_refused_with_those_that_there_are(name):
    with pytest.raises(ConfigError, match="ch1_quadratic_30"):
        find_experiments([name])


def test_a_recording_of_one_run_starts_the_streams(tmp_path):
    [task] = recorded("ch3_overfit_1000", tmp_path)
    assert task.settings.seed == 12345678
    assert task.settings.randomness == BookStreams(kind="book")
    assert (task.settings.training.dtype, task.settings.training.rounding) == ("float64", "book")
    assert task.settings.data.scale == 256
    assert task.settings.training.monitor == ("test_cost", "test_accuracy", "train_cost", "train_accuracy")


def test_runs_that_share_a_list_go_on_in_its_order(tmp_path):
    first, second, third = streams("ch3_multiple_eta", tmp_path)
    assert not first.order_goes_on
    assert second.order_goes_on
    assert drawn(second) == [("scaled", 50_000, 30)]
    assert third.order_goes_on
    assert drawn(third) == [("scaled", 50_000, 30)] * 2


def test_large_weights_come_after_the_run_with_the_scaled_ones(tmp_path):
    _, large = recorded("ch3_winit_30", tmp_path)
    assert large.settings.network.initializer == "large"
    assert drawn(large.settings.randomness) == [("scaled", 50_000, 30)]


def test_runs_on_slices_start_from_the_files_order(tmp_path):
    last = streams("ch3_more_data", tmp_path)[-1]
    assert not last.order_goes_on
    sizes = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
    assert drawn(last) == [("large", size, 1_500_000 // size) for size in sizes]


def test_lambda_and_epochs_follow_the_size(tmp_path):
    for task in recorded("ch3_more_data", tmp_path):
        size, training = task.settings.data.training_size, task.settings.training
        assert size * training.epochs == 1_500_000
        assert training.l2 == pytest.approx(size * 0.0001)


def test_seeds_go_into_directories_of_their_own(tmp_path):
    seeded = one("ch3_winit_30").seeded(tmp_path, 4)
    assert [[task.settings.seed for task in tasks] for tasks in seeded.values()] == [[0, 1, 2, 3]] * 2
    tasks = [task for tasks in seeded.values() for task in tasks]
    assert len({task.directory for task in tasks}) == 8
    assert all(task.settings.book is None for task in tasks)


def test_reference_figures_have_a_value_for_each_epoch_and_name_their_source():
    for name, recording in reference()["recordings"].items():
        assert recording["source"], name
        for curves in recording.get("runs", {}).values():
            assert {len(values) for values in curves.values()} == {len(recording["epochs"])}, name


@pytest.mark.parametrize(
    ("book", "fault"),
    [
        (
            "{chapter: 1, section: a, title: b, claims: [{kind: printed, valu: 3}]}",
            "book.claims.0.value: is missing",
        ),
        (
            "{chapter: 1, section: a, title: b, claims: [{kind: guess}]}",
            "kind must be one of printed, statement",
        ),
        (
            "{chapter: 1, section: a, title: b, claims: [{kind: printed, value: 3, run: x}]}",
            "there is no run x",
        ),
        ("{chapter: 1, section: a, title: b, runs: {x: {training.epocs: 3}}}", "unknown key 'training.epocs'"),
        (
            "{chapter: 1, section: a, title: b, runs: {x: {training.epochs: 2020-01-01}}}",
            "expected a valid integer",
        ),
        ("{chapter: 1, section: a, title: b, runs: {../x: {seed: 1}}}", "'../x' cannot be the name of a run"),
        ("{chapter: 1, section: a, title: b, runs_of: [a/b]}", "'a/b' cannot be the name of a run"),
        ("{chapter: 1, section: a, title: b, runs_of: [x]}", "there is no x.yaml beside it"),
        ("{chapter: 1, section: a}", "book.title: is missing"),
        ("", "has no book section"),
    ],
)
def test_a_wrong_book_section_is_one_line(tmp_path, book, fault):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "network: {layers: [784, 10], output_activation: softmax, cost: log_likelihood}\n"
        "training: {epochs: 3, mini_batch_size: 10, learning_rate: 0.5}\n" + (f"book: {book}\n" if book else "")
    )
    with pytest.raises(ConfigError, match=fault):
        find_experiments([str(path)])


NETWORK = "network: {layers: [784, 8, 9, 10], output_activation: softmax, cost: log_likelihood}\n"
TRAINING = "training: {{epochs: 3, mini_batch_size: 10, learning_rate: 0.5, monitor: [{}]{}}}\n"
OF_A_RUN = "{kind: printed, value: 3, "
OF_NORMS = OF_A_RUN + "metric: train_gradient_norms, "
OTHER = "recording: more_data_svm, metric: test_accuracy, says: so"
SPEED = "{kind: curves, recording: norms_during_training_2_layers}"


@pytest.mark.parametrize(
    ("claim", "fault"),
    [
        (OF_A_RUN + "metric: test_acuracy}", "metric = 'test_acuracy': did you mean test_accuracy?"),
        (OF_A_RUN + "metric: train_cost}", "metric = 'train_cost': is not among what the run measures; add"),
        (OF_NORMS + "layer: 1}", "select = 'peak': expected first or final, for train_gradient_norms has no"),
        (OF_NORMS + "select: peak}", "select = 'peak': expected first or final"),
        (OF_NORMS + "select: first, layer: 3}", "layer = 3: there are 2 hidden layers"),
        (OF_A_RUN + "layer: 1}", "layer = 1: test_accuracy is not of a layer"),
        (OF_A_RUN + "run: x}", "run = 'x': there is no run x with many seeds; expected one of only"),
        (OF_A_RUN + "best_of: 4}", "best_of = 4: expected less than 4"),
        ("{kind: statement, says: so, minus: x}", "minus = 'x': there is no run x with many seeds"),
        ("{kind: statement, says: so, over_layer: 2}", "over_layer = 2: test_accuracy is not of a layer"),
        ("{kind: statement, says: so, metric: test_cost}", "metric = 'test_cost': is not among"),
        ("{kind: transcript, counts: {3: 1}}", "counts = {3: 1}: epoch 3 is not sure to be measured"),
        (
            "{kind: one_class, metric: validation_accuracy, counts: [1]}",
            "metric = 'validation_accuracy': is not",
        ),
        ("{kind: exact, split: test, unit: count, values: {5: 1}}", "values = {5: 1.0}: book.baseline.sizes"),
        ("{kind: outperforms, " + OTHER + "}", "kind = 'outperforms': is judged by a replay"),
        (SPEED, "recording = 'norms_during_training_2_layers': needs the norms of every epoch up to"),
        (SPEED.replace("2", "4"), "recording = 'norms_during_training_4_layers': is of 4 hidden layers, the"),
        (SPEED.replace("2", "7"), "recording = 'norms_during_training_7_layers': did you mean norms_during"),
        ("{kind: bars, recording: initial_gradient, neurons: 5}", "neurons = 5: initial_gradient is of 6"),
        ("{kind: stopping}", "kind = 'stopping': is not among what the run measures; add validation_accuracy"),
        ("{kind: race, says: so, against: only, mark: 9}", "kind = 'race': is not among what the run measures"),
    ],
)
def test_a_claim_that_could_not_be_judged_is_refused_before_training(tmp_path, claim, fault):
    path = tmp_path / "mine.yaml"
    training = TRAINING.format("test_accuracy, train_gradient_norms", "")
    path.write_text(f"{NETWORK}{training}book: {{chapter: 1, section: a, title: b, claims: [{claim}]}}\n")
    with pytest.raises(ConfigError) as refused:
        find_experiments([str(path)])
    assert f"{path}: book.claims.0.{fault}" in str(refused.value)


def test_a_difference_of_norms_needs_the_layer_in_both_runs(tmp_path):
    path = tmp_path / "mine.yaml"
    claim = "kind: statement, says: so, metric: train_gradient_norms, select: first, run: deep, minus: flat, layer: 2"
    runs = "runs: {deep: {}, flat: {network.layers: [784, 8, 10]}}"
    book = f"book: {{chapter: 1, section: a, title: b, {runs}, claims: [{{{claim}}}]}}\n"
    path.write_text(NETWORK + TRAINING.format("train_gradient_norms", "") + book)
    with pytest.raises(ConfigError, match=r"book\.claims\.0\.layer = 2: there are 1 hidden layers"):
        find_experiments([str(path)])


@pytest.mark.parametrize("stop", ["monitor_every: 2", "early_stopping: {patience: 1}"])
def test_a_transcript_needs_epochs_that_are_sure_to_be_measured(tmp_path, stop):
    path = tmp_path / "mine.yaml"
    training = TRAINING.format("test_accuracy, validation_accuracy", f", {stop}")
    path.write_text(
        f"{NETWORK}{training}book: {{chapter: 1, section: a, title: b, "
        "claims: [{kind: transcript, counts: {0: 1}}]}\n"
    )
    with pytest.raises(ConfigError, match=r"book\.claims\.0\.counts = .* epoch 0 is not sure"):
        find_experiments([str(path)])


@pytest.mark.parametrize("stop", ["monitor_every: 2", "early_stopping: {patience: 1}"])
@pytest.mark.parametrize("claim", ["kind: stopping", "kind: race, says: so, against: ch6_dbl_conv, mark: 50"])
def test_curves_that_are_laid_beside_each_other_have_every_epoch(tmp_path, stop, claim):
    path = tmp_path / "mine.yaml"
    training = TRAINING.format("test_accuracy, validation_accuracy", f", {stop}")
    other = TRAINING.format("test_accuracy, validation_accuracy", "")
    book = "book: {chapter: 1, section: a, title: b, runs_of: [ch6_dbl_conv], claims: "
    path.write_text(f"{NETWORK}{training}{book}[{{{claim}}}]}}\n")
    (tmp_path / "ch6_dbl_conv.yaml").write_text(NETWORK + other)
    with pytest.raises(ConfigError, match=r"book\.claims\.0\..* needs a run of all its 3 epochs, each of them"):
        find_experiments([str(path)])


def test_two_files_of_one_name_are_refused_for_their_runs_would_be_one(tmp_path):
    paths = [tmp_path / folder / "mine.yaml" for folder in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        path.write_text(
            f"{NETWORK}{TRAINING.format('test_accuracy', '')}book: {{chapter: 1, section: a, title: b}}\n"
        )
    with pytest.raises(ConfigError, match="another experiment is called mine too"):
        find_experiments([*map(str, paths)])
    assert len(find_experiments([str(paths[0]), str(paths[0])])) == 1


def test_an_experiment_may_look_at_its_own_run(tmp_path):
    path = tmp_path / "mine.yaml"
    book = "book: {chapter: 1, section: a, title: b, runs_of: [mine]}\n"
    path.write_text(f"{NETWORK}{TRAINING.format('test_accuracy', '')}{book}")
    [experiment] = find_experiments([str(path)])
    assert experiment.settings("mine") == experiment.settings("only")


def test_every_experiment_has_the_seeds_that_its_claims_need():
    for experiment in find_experiments(["all", "exercises"]):
        assert all(claim.least_runs <= experiment.book.seeds for claim in experiment.book.claims), experiment.id


def test_with_several_runs_a_claim_must_name_one_that_has_seeds(tmp_path):
    path = tmp_path / "mine.yaml"
    for claim, fault in (
        (OF_A_RUN + "}", "there is no single run with many seeds; expected one of a"),
        (OF_A_RUN + "run: b}", "there is no run b with many seeds; expected one of a"),
    ):
        path.write_text(
            f"{NETWORK}{TRAINING.format('test_accuracy', '')}book: {{chapter: 1, section: a, title: b, "
            f"runs: {{a: {{seed: 1}}, b: {{seed: 2}}}}, seeded_runs: [a], claims: [{claim}]}}\n"
        )
        with pytest.raises(ConfigError, match=rf"book\.claims\.0\.run = .*{fault}"):
            find_experiments([str(path)])


def test_a_misspelt_metric_of_a_recording_is_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        f"{NETWORK}{TRAINING.format('test_accuracy', '')}book: {{chapter: 1, section: a, title: b, "
        "recording: {figures: x, program: x, metrics: [test_acc]}}\n"
    )
    with pytest.raises(
        ConfigError, match=r"book\.recording\.metrics\.0 = 'test_acc': did you mean test_accuracy"
    ):
        find_experiments([str(path)])


@pytest.mark.parametrize(
    ("claim", "fault"),
    [
        ("{kind: printed, value: 3}", "run = None: there is no single run with many seeds"),
        ("{kind: statement, says: so, metric: train_accuracy}", "metric = 'train_accuracy': a baseline has"),
        ("{kind: exact, split: test, unit: count, values: {6: 1}}", "values = {6: 1.0}: book.baseline.sizes"),
    ],
)
def test_a_claim_on_a_baseline_must_be_on_what_it_finds(tmp_path, claim, fault):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "book: {chapter: 1, section: a, title: b, baseline: {method: guess, sizes: [5]}, "
        f"claims: [{claim}]}}\n"
    )
    with pytest.raises(ConfigError) as refused:
        find_experiments([str(path)])
    assert f"{path}: book.claims.0.{fault}" in str(refused.value)


def test_a_file_without_network_needs_a_baseline(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("book: {chapter: 1, section: a, title: b}\n")
    with pytest.raises(ConfigError, match=r"needs book\.baseline"):
        find_experiments([str(path)])
