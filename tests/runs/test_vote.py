"""Networks that vote: the answer of most, ties by the sum of outputs; runs on other data are refused."""

import numpy as np
import pytest
from scipy.stats import mode
from small_run import CONFIG, run_command, run_train, write_digits

import mnist_softmax as ms
from mnist_softmax.errors import ConfigError
from mnist_softmax.runs.vote import leading, majority


def test_the_most_frequent_answer_is_scipys_mode():
    rng = np.random.default_rng(0)
    outputs = rng.random((5, 400, 4))
    clear = leading(outputs).sum(axis=-1) == 1
    assert 100 < clear.sum() < 400
    expected = mode(outputs.argmax(axis=-1), axis=0).mode
    np.testing.assert_array_equal(majority(outputs)[clear], expected[clear])


def test_a_tie_goes_to_the_largest_sum_of_outputs_among_the_tied():
    """By hand: two networks say 0 and 1, and 2, which no network says, has the largest sum of all."""
    outputs = np.array([[[0.5, 0.1, 0.4]], [[0.0, 0.55, 0.45]]])
    assert outputs.sum(axis=0)[0] == pytest.approx([0.5, 0.65, 0.85])
    assert majority(outputs) == [1]
    assert leading(outputs).tolist() == [[True, True, False]]


def test_two_votes_outweigh_any_sum():
    outputs = np.array([[[0.6, 0.4]], [[0.6, 0.4]], [[0.0, 1.0]]])
    assert majority(outputs) == [0]


def test_one_network_gives_its_own_answer():
    outputs = np.random.default_rng(0).random((1, 50, 4))
    np.testing.assert_array_equal(majority(outputs), outputs[0].argmax(axis=-1))


@pytest.fixture
def three(config, tmp_path):
    """Three finished runs of other seeds, with few epochs, so that they err."""
    paths = [tmp_path / f"run-{seed}" for seed in range(3)]
    for seed, path in enumerate(paths):
        words = ("--config", config, "--output", path, f"seed={seed}", "training.epochs=1")
        assert run_train(*words).returncode == 0
    return paths


@pytest.mark.slow
def test_evaluate_counts_each_networks_errors_and_the_votes(three):
    result = run_command("evaluate", *three)
    assert result.returncode == 0, result.stderr
    heading, _, *rows, ties = result.stdout.splitlines()
    assert heading == "test: 60 images, 3 networks; a vote is the answer that most of them give"
    digits = ms.load_digits(ms.open_run(three[0]).settings.data)
    runs = [ms.open_run(path) for path in three]
    answers = [run.predict(digits.test.images) for run in runs]
    answers.append(ms.vote(runs, digits.test.images))
    for row, name, answer in zip(rows, [*map(str, three), "vote"], answers, strict=True):
        wrong = np.count_nonzero(answer != digits.test.labels)
        assert row.split()[0] == name
        assert row.split()[-1] == str(wrong)
        assert row.split()[3] == f"({60 - wrong})"
    assert ties.startswith("ties: ")
    assert "largest sum of outputs" in ties


@pytest.mark.slow
def test_runs_on_other_test_images_or_named_twice_are_refused(three, tmp_path):
    write_digits(tmp_path / "other.npz", n=200)
    with np.load(tmp_path / "other.npz") as file:
        arrays = dict(file)
    np.savez(tmp_path / "other.npz", **arrays | {"x_test": arrays["x_test"][::-1]})
    (tmp_path / "other.yaml").write_text(CONFIG.format(path=tmp_path / "other.npz"))
    assert run_train("--config", tmp_path / "other.yaml", "--output", tmp_path / "other").returncode == 0
    for words, text in (
        ((three[0], tmp_path / "other"), "only runs on the same data can vote"),
        ((three[0], three[0]), "is named twice; each network has one vote"),
        ((three[0], f"{three[0]}/"), "is named twice; each network has one vote"),
        ((three[0], tmp_path / "gone"), "is no run directory"),
    ):
        result = run_command("evaluate", *words)
        assert result.returncode == 2
        [line] = result.stderr.splitlines()
        assert line.startswith(f"error: {words[1]}")
        assert text in line


@pytest.mark.slow
def test_runs_of_other_classes_are_refused_though_their_test_images_are_the_same(three, tmp_path):
    write_digits(tmp_path / "more.npz")
    with np.load(tmp_path / "more.npz") as file:
        arrays = dict(file)
    labels = arrays["y_train"].copy()
    labels[0] = 4
    np.savez(tmp_path / "more.npz", **arrays | {"y_train": labels})
    (tmp_path / "more.yaml").write_text(CONFIG.format(path=tmp_path / "more.npz").replace("6, 4]", "6, 5]"))
    trained = run_train("--config", tmp_path / "more.yaml", "--output", tmp_path / "more")
    assert trained.returncode == 0, trained.stderr
    result = run_command("evaluate", three[0], tmp_path / "more")
    assert result.returncode == 2
    assert "has another number of classes than" in result.stderr.splitlines()[-1]


def test_a_vote_of_nobody_is_refused():
    with pytest.raises(ConfigError, match="expected runs of one number of classes, found no run"):
        ms.vote([], np.zeros((2, 16), np.uint8))
