"""`compare`, `sweep` and `report` from the command line, on made-up digits."""

import csv
import io
import json
import re
import subprocess
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
import pytest
from small_run import ROOT, write_digits

from mnist_softmax.cli import main
from mnist_softmax.comparison import compare as compare_module
from mnist_softmax.comparison import page
from mnist_softmax.comparison.compare import compare as compare_configs
from mnist_softmax.comparison.results import sentence
from mnist_softmax.comparison.slowdown import slowdown
from mnist_softmax.config.config import Config
from mnist_softmax.config.file import load_config
from mnist_softmax.data.minibatches import MiniBatches
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import ConfigError, DataError, Diverged, RunDirectoryError
from mnist_softmax.training.loop import start


def run_command(*words):
    """Run `mnist-softmax` in this process: a new one would spend its time on being started."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main([*map(str, words)])
        except SystemExit as error:
            code = error.code
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


@pytest.fixture
def other(config):
    """A second config, with the quadratic cost."""
    path = config.with_name("other.yaml")
    path.write_text(config.read_text().replace("cost: log_likelihood", "cost: quadratic"))
    return path


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def fails(result, code, *words):
    assert result.returncode == code, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    lines = [line for line in result.stderr.splitlines() if "error: " in line]
    assert len(lines) == 1, result.stderr
    for word in words:
        assert word in lines[0]


def compare(*words):
    return run_command("compare", *words, "--jobs", "1")


def stored(out, name="results.json"):
    return json.loads((out / name).read_text())


def snapshot(out):
    return {p: p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


@pytest.mark.slow
def test_compare_agrees_with_the_runs_it_made(config, other, out):
    result = compare(config, other, "--seeds", "3", "--output", out)
    assert result.returncode == 0, result.stderr
    found = stored(out)
    for measured in found["configs"]:
        folder = out / "runs" / measured["name"]
        summaries = [json.loads((folder / f"seed-{s}" / "summary.json").read_text()) for s in range(3)]
        final = [summary["final"]["test_accuracy"] for summary in summaries]
        best = [summary["best_by_validation"]["test_accuracy"] for summary in summaries]
        assert measured["final_test_accuracy"]["mean"] == pytest.approx(np.mean(final))
        assert measured["final_test_accuracy"]["sd"] == pytest.approx(np.std(final, ddof=1))
        assert measured["best_by_validation_test_accuracy"]["mean"] == pytest.approx(np.mean(best))
    names = [measured["name"] for measured in found["configs"]]
    assert names == ["small", "other"]
    with (out / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["config"], row["seed"]) for row in rows] == [(n, str(s)) for n in names for s in range(3)]
    for pair in found["pairs"]:
        of = {n: [float(r[pair["measure"]]) for r in rows if r["config"] == n] for n in names}
        assert pair["differences"] == pytest.approx(np.subtract(of[pair["a"]], of[pair["b"]]))
        assert pair["sentence"] in result.stdout or pair["measure"] != "final_test_accuracy"
    for figure in ("accuracy", "cost", "differences", "slowdown"):
        assert (out / "figures" / f"{figure}.png").read_bytes().startswith(b"\x89PNG")
    confusion = np.array(stored(out, "exhibits.json")["small"]["confusion"])
    assert confusion.sum() == 3 * 60
    right = np.trace(confusion) / confusion.sum()
    assert right == pytest.approx(found["configs"][0]["final_test_accuracy"]["mean"])


@pytest.mark.slow
def test_a_second_call_trains_nothing_and_a_third_adds_seeds(config, other, out):
    assert compare(config, other, "--seeds", "1", "--output", out).returncode == 0
    runs = snapshot(out / "runs")
    again = compare(config, other, "--seeds", "1", "--output", out)
    assert again.returncode == 0
    assert snapshot(out / "runs") == runs
    assert compare(config, other, "--seeds", "2", "--output", out).returncode == 0
    assert {p: b for p, b in snapshot(out / "runs").items() if "seed-0" in str(p)} == runs
    assert stored(out)["seeds"] == 2
    assert len(stored(out)["commands"]) == 2


@pytest.mark.slow
def test_one_seed_has_no_interval_and_says_so(config, other, out):
    result = compare(config, other, "--seeds", "1", "--output", out)
    assert "With one seed there is no deviation and no interval" in result.stdout
    assert "no interval" in stored(out)["pairs"][0]["sentence"]


@pytest.mark.slow
def test_a_run_that_diverges_is_reported_and_the_rest_compared(config, other, out):
    wild = config.with_name("wild.yaml")
    wild.write_text(config.read_text().replace("learning_rate: 0.5", "learning_rate: 1e38"))
    result = compare(config, other, wild, "--seeds", "2", "--output", out)
    assert result.returncode == 0, result.stderr
    assert "not finished: wild seed 1: diverged" in result.stderr
    assert [len(measured["failed"]) for measured in stored(out)["configs"]] == [0, 0, 2]
    assert {pair["a"] for pair in stored(out)["pairs"]} <= {"small", "other"}
    assert "Not finished: wild seed 0" in (out / "report.html").read_text()


@pytest.mark.slow
def test_report_rebuilds_the_same_from_what_is_stored_without_the_data(config, other, out):
    assert compare(config, other, "--seeds", "2", "--output", out).returncode == 0
    before = {name: (out / name).read_bytes() for name in ("results.json", "results.csv", "report.html")}
    for name in before:
        (out / name).unlink()
    (config.parent / "digits.npz").unlink()
    result = run_command("report", out)
    assert result.returncode == 0, result.stderr
    assert {name: (out / name).read_bytes() for name in before} == before


@pytest.mark.slow
def test_images_are_counted_out_of_the_test_split_that_was_used(config, other, out):
    """There are 60 test images: a difference of accuracy is a whole number of them in each seed."""
    result = compare(config, other, "--seeds", "1", "--output", out)
    pair = stored(out)["pairs"][0]
    images = 60 * pair["mean"]
    assert images == pytest.approx(round(images))
    assert f"({images:.0f} images of 60)" in pair["sentence"]
    assert "images of 60 |" in result.stdout
    assert "10,000" not in result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ImportError("no module named 'PIL'"), 2, ("ImportError: no module named 'PIL'",)),
        (RunDirectoryError("figures/accuracy.png: cannot be written: No space left"), 2, ("No space left",)),
        (DataError("the digits are gone"), 3, ("the digits are gone",)),
    ],
)
def test_a_report_that_fails_loses_no_run_and_says_how_to_make_it_again(
    config, other, out, monkeypatch, error, code, words
):
    def fail(results):
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(page, "_pictures", fail)
        result = compare(config, other, "--seeds", "1", "--output", out)
    fails(result, code, *words, "all runs are kept", f"mnist-softmax report {out}")
    assert "Test accuracy, mean over seeds" in result.stdout
    assert "report.html" not in result.stdout
    runs = snapshot(out / "runs")
    assert {run["status"] for run in stored(out)["runs"]} == {"finished"}
    assert run_command("report", out).returncode == 0
    assert (out / "report.html").exists()
    assert snapshot(out / "runs") == runs


@pytest.mark.slow
def test_python_gets_what_the_folder_holds_and_nothing_is_printed(config, other, out, capfd):
    configs = {"ours": load_config(config), "theirs": load_config(other)}
    results = compare_configs(configs, seeds=2, into=out, jobs=1)
    assert capfd.readouterr() == ("", "")
    found = stored(out)
    assert results.directory == out
    assert (results.runs, results.configs, results.pairs) == (found["runs"], found["configs"], found["pairs"])
    assert [measured["name"] for measured in results.configs] == ["ours", "theirs"]
    assert results.data["test"] == 60
    assert not results.errors
    assert compare_configs(configs, seeds=2, into=out, jobs=1).runs == results.runs
    report = run_command("report", out)
    assert report.returncode == 0, report.stderr
    wild = load_config(config, "training.learning_rate=1e38")
    [error] = compare_configs({"wild": wild}, seeds=1, into=out.with_name("wild"), jobs=1).errors
    assert isinstance(error, Diverged)


def test_what_python_cannot_compare_is_refused_before_anything_is_touched(config, out):
    settings = load_config(config)
    for configs, wrong, words in [
        ({}, {}, "no config"),
        ({"a/b": settings}, {}, "'a/b'"),
        ({"..": settings}, {}, "no name"),
        ({"a\n": settings}, {}, "no name"),
        ({"a": settings}, {"seeds": 0}, "seeds 0"),
        ({"a": settings}, {"jobs": 0}, "jobs 0"),
        ({"a": settings}, {"cohort": -1}, "cohort -1"),
        ({"a": settings}, {"points": {"b": {"training.l2": 1}}}, "points"),
        ({"a": settings}, {"scheduler": "tcp://127.0.0.1:1"}, "backend dask"),
    ]:
        with pytest.raises(ConfigError, match=re.escape(words)):
            compare_configs(configs, into=out, **wrong)
    assert not out.exists()


@pytest.mark.slow
def test_a_folder_written_by_an_earlier_version_is_taken_up(config, other, out):
    """study.json as version 0.1.0 wrote it; its kind and `varied` stood side by side."""
    configs = {
        path.stem: load_config(path).model_dump(mode="json", exclude={"seed", "output"})
        for path in (config, other)
    }
    content = {"kind": "comparison", "seeds": 2, "commands": ["then"], "varied": {}, "configs": configs}
    out.mkdir()
    (out / "study.json").write_text(json.dumps(content))
    assert compare(config, other, "--seeds", "1", "--output", out).returncode == 0
    assert stored(out)["seeds"] == 2
    assert stored(out)["commands"][0] == "then"


@pytest.mark.slow
def test_a_warning_of_any_run_is_in_the_report_and_those_of_all_once(config, other, out):
    assert compare(config, other, "--seeds", "2", "training.epochs=2", "--output", out).returncode == 0
    last = out / "runs" / "other" / "seed-1" / "summary.json"
    for path in out.rglob("summary.json"):
        summary = json.loads(path.read_text())
        own = ["goes on with another kernel"] if path == last else []
        path.write_text(json.dumps(summary | {"warnings": ["only digits 3 and 8", *own]}))
    result = run_command("report", out)
    assert stored(out)["warnings"] == ["only digits 3 and 8", "goes on with another kernel"]
    assert "goes on with another kernel" in (out / "report.html").read_text()
    assert result.stderr.count("warning: ") == 2


@pytest.mark.slow
def test_overrides_change_all_configs(config, other, out):
    assert compare(config, other, "training.epochs=2", "--seeds", "1", "--output", out).returncode == 0
    assert {run["epochs"] for run in stored(out)["runs"]} == {2}


def test_bad_input_of_compare_is_a_line_and_touches_nothing(config, other, out, tmp_path):
    same = tmp_path / "same.yaml"
    same.write_text(config.read_text())
    foreign = tmp_path / "foreign.yaml"
    write_digits(tmp_path / "foreign.npz", 240)
    foreign.write_text(other.read_text().replace("digits.npz", "foreign.npz"))
    blind = tmp_path / "blind.yaml"
    blind.write_text(other.read_text().replace("epochs: 4", "epochs: 4, monitor: [train_cost]"))
    to = ("--output", out)
    fails(compare(*to), 2, "compare needs configs")
    fails(compare(config, config, *to), 2, "same config")
    fails(compare(config, same, *to), 2, "same config")
    fails(compare(config, tmp_path / "smal.yaml", *to), 2, "no such file", "did you mean")
    fails(compare(config, foreign, *to), 2, "different data", "foreign.npz")
    fails(compare(config, blind, *to), 2, "monitor lacks validation_accuracy")
    fails(compare(config, other, "training.monitor_every=2", *to), 2, "monitor_every must be 1")
    fails(compare(config, other, "training.on_overflow=go_on", *to), 2, "on_overflow must be stop")
    fails(compare(config, other, *to, "--seeds", "0"), 2, "seeds 0: expected at least 1")
    fails(run_command("compare", config, *to, "--jobs", "0"), 2, "jobs 0: expected at least 1")
    fails(compare(config, *to, "--scheduler", "tcp://127.0.0.1:1"), 2, "backend dask")
    fails(compare(config, other, *to, "data.path=nowhere.npz"), 3, "nowhere.npz")
    fails(compare(config, other, "--output", config), 2, "small.yaml")
    fails(run_command("report", tmp_path), 2, "holds no comparison or sweep")
    assert not out.exists()


@pytest.mark.slow
def test_a_folder_of_another_comparison_is_refused_and_left_as_it_is(config, other, out):
    assert compare(config, "--seeds", "1", "--output", out).returncode == 0
    before = snapshot(out)
    fails(compare(other, "--seeds", "1", "--output", out), 2, "another comparison")
    fails(compare(config, "training.l2=3", "--output", out), 2, "training.l2 of small was 0.1")
    sweep = ("sweep", "--config", config, "--grid", "training.l2=0,1", "--output", out)
    fails(run_command(*sweep), 2, "holds a comparison, not a sweep")
    assert snapshot(out) == before
    (out.parent / "cats").mkdir()
    (out.parent / "cats" / "cat.jpg").write_bytes(b"cat")
    fails(compare(config, "--output", out.parent / "cats"), 2, "holds something else")
    (out / "study.json").write_text("{")
    fails(run_command("report", out), 2, "is damaged")


@pytest.mark.slow
def test_sweep_chooses_by_validation_and_shows_test_for_the_chosen_alone(config, out):
    grid = ("--grid", "training.learning_rate=1e-3,0.5", "--grid", "network.layers=[16,6,4],[16,4]")
    result = run_command("sweep", "--config", config, *grid, "--seeds", "2", "--output", out)
    assert result.returncode == 0, result.stderr
    found = stored(out)
    assert len(found["configs"]) == 4
    best = max(found["configs"], key=lambda c: c["final_validation_accuracy"]["mean"])
    assert found["best"] == best["name"]
    assert {c["point"]["training.learning_rate"] for c in found["configs"]} == {"1e-3", 0.5}
    with_test = [row for row in result.stdout.splitlines() if re.search(r"\d\d\.\d\d % \|$", row)]
    assert len(with_test) == 1
    assert best["name"] in with_test[0].replace("\\", "")


@pytest.mark.slow
def test_random_points_lie_in_their_ranges_and_more_of_them_begin_with_the_same(config, out):
    words = ("sweep", "--config", config, "--range", "training.learning_rate=0.01:1:log", "--grid", "training.l2=0,1",
             "--seeds", "1", "training.epochs=1", "--output", out)  # fmt: skip
    assert run_command(*words, "--random", "3").returncode == 0
    first = [c["point"] for c in stored(out)["configs"]]
    assert run_command(*words, "--random", "5").returncode == 0
    points = [c["point"] for c in stored(out)["configs"]]
    assert points[:3] == first
    assert len(points) == 5
    assert all(0.01 <= p["training.learning_rate"] <= 1 and p["training.l2"] in (0, 1) for p in points)


def test_bad_input_of_sweep_is_a_line_and_touches_nothing(config, out):
    def sweep(*words):
        return run_command("sweep", "--config", config, *words, "--output", out)

    fails(sweep(), 2, "something to vary")
    fails(
        sweep("--grid", "training.learning_rte=1,2"), 2, "unknown key", "did you mean 'training.learning_rate'?"
    )
    fails(sweep("--grid", "training.learning_rate="), 2, "expected KEY=VALUE")
    fails(sweep("--grid", "training.learning_rate"), 2, "expected KEY=VALUE")
    fails(sweep("--grid", "training.l2=[1"), 2, "expected KEY=VALUE")
    fails(sweep("--grid", "training.l2=1,1"), 2, "twice")
    fails(sweep("--grid", "training.l2=1", "--grid", "training.l2=2"), 2, "varied twice")
    fails(sweep("--grid", "training.l2=1,-1"), 2, "training.l2 = -1")
    fails(sweep("--grid", "seed=1,2"), 2, "--seeds")
    fails(sweep("--grid", "data.source=sample,npz"), 2, "cannot be varied")
    fails(sweep("--grid", "data.validation_size=10,20"), 2, "cannot be varied")
    fails(sweep("--range", "training.l2=0:1"), 2, "--random")
    fails(sweep("--range", "training.l2=1:0", "--random", "3"), 2, "LOW below HIGH")
    fails(sweep("--range", "training.l2=0:1:log", "--random", "3"), 2, "above 0 for log")
    fails(sweep("--grid", "training.l2=0,1", "--random", "0"), 2, "--random 0")
    fails(sweep("--grid", "training={2020-01-01: 1}"), 2, "expected KEY=VALUE")
    for ends in (
        "training.epochs=-1e308:1.7e308",
        "training.l2=1e-300:1e300:log",
    ):  # farther apart than a number
        fails(sweep("--range", ends, "--random", "3"), 2, "LOW below HIGH")
    # no number of points is worked out that nobody trains
    fails(sweep("--range", "training.l2=0:1", "--random", str(10**9), "--seeds", "0"), 2, "--seeds 0: expected")
    hundred = ",".join(map(str, range(100)))
    grid = ("--grid", f"training.l2={hundred}", "--grid", f"training.l1={hundred}")
    fails(sweep(*grid), 2, "10,000 points", "--yes")
    assert not out.exists()


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"mean": 0.0031, "low": 0.0018, "high": 0.0044, "above": 10},
         "log is 0.31 points above quad (31 images of 10,000), 95 % interval 0.18 to 0.44, in 10 of 10 seeds"),
        ({"mean": 0.001, "low": -0.001, "high": 0.003, "above": 6}, "neither is shown to be better"),
        ({"mean": 0.001, "low": None, "high": None, "above": 1}, "no interval"),
        ({"mean": 0.001, "low": 0.0002, "high": 0.002, "above": 8, "p_t_holm": 0.125},
         "but among so many pairs one such interval may come by chance (p = 0.12, adjusted by Holm)"),
    ],
)  # fmt: skip
def test_a_difference_in_words(facts, expected):
    assert expected in sentence({"a": "log", "b": "quad", "n": 10} | facts, 10_000)


def test_slowdown_starts_from_the_gradient_of_the_starting_weights(config):
    """The first norm is that of the first mini-batch, worked out here from the network's own outputs by (BP4)."""
    settings = load_config(config)
    data = load_digits(settings.data)
    found = slowdown(settings, data, seeds=1)
    content = settings.model_dump() | {"network": settings.network.model_dump() | {"initializer": "large"}}
    state = start(Config.model_validate(content))
    order = state.order.permutation(len(data.train))
    x, y = next(MiniBatches(data.train, 10, 4, "float32")(order))
    w1, b1, w2, b2 = dict(state.network.parameters.named()).values()
    hidden = 1 / (1 + np.exp(-(x.astype(float) @ w1 + b1)))
    z = hidden @ w2 + b2
    a = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    expected = np.linalg.norm(hidden.T @ (a - y) / 10)
    assert found["gradient_norm"][0][0] == pytest.approx(expected, rel=1e-4)
    assert found["mini_batches"][:2] == [0, 20]
    assert len(found["accuracy"][0]) == len(found["mini_batches"])


@pytest.mark.slow
@pytest.mark.full_mnist
def test_the_quadratic_cost_learns_slowly_from_saturated_outputs_and_the_cross_entropy_does_not(full_mnist):
    """The book's claim, on MNIST: after 200 mini-batches it is far behind, and its gradient a small part."""

    found = {
        name: slowdown(load_config(ROOT / "configs" / f"{name}.yaml"), full_mnist, seeds=2)
        for name in ("quadratic", "cross_entropy")
    }
    at = found["quadratic"]["mini_batches"].index(200)
    slow, fast = (np.mean(found[name]["accuracy"], axis=0)[at] for name in ("quadratic", "cross_entropy"))
    assert fast > slow + 0.1
    slow, fast = (np.mean(found[name]["gradient_norm"], axis=0)[0] for name in ("quadratic", "cross_entropy"))
    assert fast > 5 * slow


def test_the_digits_are_loaded_once(config, tmp_path, monkeypatch):
    loaded = []
    load_digits = compare_module.load_digits
    monkeypatch.setattr(compare_module, "load_digits", lambda data: loaded.append(data) or load_digits(data))
    one, other = load_config(config), load_config(config, "training.l2=1")
    compare_module.compare({"one": one, "other": other}, seeds=1, into=tmp_path / "comparison", jobs=1)
    assert loaded == [one.data]


@pytest.mark.slow
@pytest.mark.parametrize("what", ["work_out", "mistakes", "slowdown"])
@pytest.mark.parametrize(
    "fault", [MemoryError(), ZeroDivisionError("division by zero"), RunDirectoryError("it is full")]
)
def test_a_fault_after_the_training_is_a_line_that_says_how_to_go_on(
    config, other, out, monkeypatch, what, fault
):
    def fail(*args):
        raise fault

    with monkeypatch.context() as broken:
        broken.setattr(compare_module, what, fail)
        words = (config, other, "--seeds", 1, "--output", out, "training.epochs=1")
        fails(compare(*words), 2, "all runs are kept", "the same command")
    trained = {path: path.stat().st_mtime_ns for path in out.glob("runs/*/*/summary.json")}
    assert len(trained) == 2
    assert compare(*words).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in trained} == trained


@pytest.mark.slow
@pytest.mark.parametrize("name", ["..", ".", "", "../../elsewhere", "a/b", "a\\u001b"])
def test_a_name_in_study_json_that_leads_outside_is_not_followed(config, other, out, name):
    assert compare(config, other, "--seeds", 1, "--output", out, "training.epochs=1").returncode == 0
    study = stored(out, "study.json")
    study["configs"][json.loads(f'"{name}"')] = study["configs"].pop("other")
    (out / "study.json").write_text(json.dumps(study))
    fails(run_command("report", out), 2, "study.json: is damaged", "no name for a config")
