"""`curves`: the figures of runs side by side, as their directories have them."""

import csv
import json
from xml.etree import ElementTree

import pytest
from small_run import run_command, run_train

import mnist_softmax as ms
from mnist_softmax.diagnostics import curves

MONITOR = "training.monitor=[train_cost,validation_accuracy,test_accuracy,test_mean_output]"


@pytest.fixture
def runs(config, tmp_path):
    """Two finished runs of one config."""
    paths = [tmp_path / "runs" / "small" / f"seed-{seed}" for seed in (0, 1)]
    for seed, path in enumerate(paths):
        assert run_train("--config", config, "--output", path, f"seed={seed}", MONITOR).returncode == 0
    return paths


def refused(*words) -> str:
    result = run_command("curves", *words)
    assert result.returncode == 2, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr.splitlines()[-1]


@pytest.mark.slow
def test_the_table_has_the_last_record_of_every_run(runs):
    result = run_command("curves", *runs, "--metrics", "train_cost,test_mean_output")
    assert result.returncode == 0, result.stderr
    heading, *lines = result.stdout.splitlines()
    assert heading.split() == ["run", "epoch", "train_cost", "test_mean_output"]
    for run, line in zip(runs, lines, strict=True):
        last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
        name, epoch, cost, output = line.split()
        assert (name, epoch) == (f"small/{run.name}", "4")
        assert float(cost) == pytest.approx(last["train_cost"], rel=1e-5)
        assert float(output) == pytest.approx(0.25, rel=1e-5)  # eq. (79), four classes


@pytest.mark.slow
def test_plot_writes_a_figure_with_a_panel_for_each_metric(runs, tmp_path):
    path = tmp_path / "figures" / "curves.svg"
    metrics = "train_cost,test_accuracy,validation_accuracy,test_mean_output"
    assert run_command("curves", *runs, "--metrics", metrics, "--plot", path).returncode == 0
    text = path.read_text()
    titles = ("training cost", "test accuracy", "validation accuracy", "test mean output")
    for words in (*titles, "small/seed-0", "small/seed-1", "epoch"):
        assert words in text


@pytest.mark.slow
def test_csv_has_a_line_for_every_epoch_of_every_run_with_every_digit(runs, tmp_path):
    path = tmp_path / "new" / "curves.csv"
    assert run_command("curves", *runs, "--metrics", "train_cost,test_accuracy", "--csv", path).returncode == 0
    lines = list(csv.DictReader(path.open()))
    assert list(lines[0]) == ["run", "epoch", "train_cost", "test_accuracy"]
    for run in runs:
        records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        own = [line for line in lines if line["run"] == f"small/{run.name}"]
        for column in ("epoch", "train_cost", "test_accuracy"):
            assert [float(line[column]) for line in own] == [record[column] for record in records]


@pytest.mark.slow
def test_csv_has_a_column_for_each_layer_of_a_metric_by_layer(config, tmp_path):
    words = ("--config", config, "--output", tmp_path / "run", "training.monitor=[train_gradient_norms]")
    assert run_train(*words, "network.layers=[16,6,5,4]").returncode == 0
    path = tmp_path / "curves.csv"
    assert (
        run_command("curves", tmp_path / "run", "--metrics", "train_gradient_norms", "--csv", path).returncode
        == 0
    )
    lines = list(csv.DictReader(path.open()))
    records = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    found = [[float(line[f"train_gradient_norms_{l}"]) for l in (1, 2)] for line in lines]
    assert found == [record["train_gradient_norms"] for record in records]


@pytest.mark.slow
def test_what_cannot_be_shown_is_a_clear_line_and_exit_2(runs, tmp_path):
    assert "did not measure 'test_cost', but" in refused(*runs, "--metrics", "test_cost")
    assert "no run directory" in refused(runs[0], tmp_path / "nowhere")
    (tmp_path / "file").touch()
    assert "cannot be written" in refused(runs[0], "--csv", tmp_path / "file" / "x.csv")
    assert "cannot draw 'txt'" in refused(runs[0], "--plot", tmp_path / "x.txt")
    assert "no run directory" in refused("/")
    first, second, *_ = map(json.loads, (runs[0] / "metrics.jsonl").read_text().splitlines())
    del first["test_accuracy"], second["validation_accuracy"]
    (runs[0] / "metrics.jsonl").write_text(f"{json.dumps(first)}\n{json.dumps(second)}\n")
    assert "no epoch that measured all of validation_accuracy, test_accuracy" in refused(runs[0])
    (runs[0] / "metrics.jsonl").write_text("")
    assert "no epoch" in refused(runs[0])


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_names_of_runs_are_text_and_each_is_in_the_legend(tmp_path, ending):
    names = ["$a$b", "$", "_x", "a|b", r"a\b", r"\frac", "a&b", "<b>", "a%", "\udcff"]
    runs = [curves.Curves(name, [{"epoch": 1, "test_accuracy": 0.5}]) for name in names]
    curves.plot(runs, ["test_accuracy"], str(tmp_path / f"c.{ending}"))
    if ending == "svg":
        drawn = [
            each.text for each in ElementTree.parse(tmp_path / "c.svg").iter() if each.tag.endswith("text")
        ]
        assert [each for each in drawn if each in names] == names[:-1]
        assert r"\udcff" in drawn


def test_a_mean_of_outputs_may_be_negative_where_outputs_are(config, tmp_path):
    """Linear outputs: such a run is read again."""
    outputs = ("network.output_activation=linear", "network.cost=quadratic", "network.initializer=large")
    monitor = "training.monitor=[test_mean_output, test_mean_true_output]"
    settings = ms.load_config(config, *outputs, monitor, "training.epochs=1", "training.learning_rate=1e-9")
    digits, means = ms.load_digits(settings.data), []
    for seed in range(10):
        ms.run(settings.model_copy(update={"seed": seed}), digits, tmp_path / f"seed-{seed}")
        [record] = ms.open_run(tmp_path / f"seed-{seed}").history
        means.append(record["test_mean_output"])
    assert min(means) < 0 or max(means) > 1


@pytest.mark.parametrize("costs", [[0.0, 0.0], [0.0, 0.1], [float("nan")] * 2, [-1.0, -2.0], [1e-300, 1e300]])
def test_a_cost_without_a_logarithm_is_drawn_without_a_warning(tmp_path, costs, recwarn):
    history = [{"epoch": k, "train_cost": cost} for k, cost in enumerate(costs, start=1)]
    curves.plot([curves.Curves("a", history)], ["train_cost"], str(tmp_path / "c.png"))
    assert (tmp_path / "c.png").stat().st_size
    # what an old Matplotlib calls of a new pyparsing is not ours
    assert [str(w.message) for w in recwarn if not issubclass(w.category, DeprecationWarning)] == []
