"""`curves`: the figures of runs side by side, as their directories have them."""

import json

import pytest
from small_run import run_command, run_train

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


def test_plot_writes_a_figure_with_a_panel_for_each_metric(runs, tmp_path):
    path = tmp_path / "figures" / "curves.svg"
    metrics = "train_cost,test_accuracy,validation_accuracy,test_mean_output"
    assert run_command("curves", *runs, "--metrics", metrics, "--plot", path).returncode == 0
    text = path.read_text()
    for words in (*metrics.replace("_", " ").split(","), "small/seed-0", "small/seed-1", "epoch"):
        assert words in text


def test_what_cannot_be_shown_is_a_clear_line_and_exit_2(runs, tmp_path):
    assert "did not measure 'test_cost', but" in refused(*runs, "--metrics", "test_cost")
    assert "no run directory" in refused(runs[0], tmp_path / "nowhere")
    assert "cannot draw 'txt'" in refused(runs[0], "--plot", tmp_path / "x.txt")
    (runs[0] / "metrics.jsonl").write_text("")
    assert "no epoch" in refused(runs[0])
