"""Whatever stands in the files of a comparison's folder, a report says in one line what is amiss, or is written."""

import copy
import json
import os
import re
import shutil
import warnings

import numpy as np
import pytest
from small_run import CONFIG, run_command, write_digits

from mnist_softmax.cli import main
from mnist_softmax.comparison import page
from mnist_softmax.comparison.comparison import read_comparison
from mnist_softmax.comparison.results import work_out
from mnist_softmax.errors import ConfigError, RunDirectoryError, UserError

FILES = ["study.json", "exhibits.json", "slowdown.json", "runs/small/seed-0/summary.json",
         "runs/other/seed-1/metrics.jsonl"]  # fmt: skip
VALUES = [None, "", "x", "../x", -1, 0, 10**30, 1e308, float("nan"), True, [], [[]], {}, {"x": 1}, ["x"]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("comparison")
    write_digits(folder / "digits.npz")
    for name, cost in (("small", "log_likelihood"), ("other", "quadratic")):
        text = (
            CONFIG.format(path=folder / "digits.npz")
            .replace("log_likelihood", cost)
            .replace("epochs: 4", "epochs: 2")
        )
        (folder / f"{name}.yaml").write_text(text)
    configs = [str(folder / "small.yaml"), str(folder / "other.yaml")]
    assert main(["compare", *configs, "--seeds", "2", "--jobs", "1", "--output", str(folder / "out")]) == 0
    return folder / "out"


@pytest.fixture
def out(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "out")


def places(content, path=()):
    """Every place in plain content: the first of each list and mapping of like things is enough."""
    yield path
    if isinstance(content, dict):
        for key in [*content][:25]:
            yield from places(content[key], (*path, key))
    if isinstance(content, list) and content:
        yield from places(content[0], (*path, 0))


def changed(content, path, change):
    result = copy.deepcopy(content)
    if not path:
        return change(None)
    holder = result
    for key in path[:-1]:
        holder = holder[key]
    new = change(holder.get(path[-1]) if isinstance(holder, dict) else holder[path[-1]])
    if new is MISSING:
        del holder[path[-1]]
    else:
        holder[path[-1]] = new
    return result


MISSING = object()


def read_everything(out):
    """All that a report reads, without drawing it."""
    results = work_out(read_comparison(out))
    results.store()
    page._networks(results.comparison)
    page._differing_keys(results.comparison)
    return results


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_any_field_may_be_anything_and_is_read_or_refused_in_one_line(out, name, monkeypatch):
    path = out / name
    lines = path.read_text()
    content = json.loads(lines.splitlines()[0] if name.endswith(".jsonl") else lines)
    monkeypatch.setattr(page.images, "_png", lambda *drawn: "")
    refused = read = 0
    for place in places(content):
        for value in (MISSING, *VALUES):
            if value is MISSING and not place:
                continue
            text = json.dumps(changed(content, place, lambda _, value=value: value))
            path.write_text(
                text + "\n" + "\n".join(lines.splitlines()[1:]) + "\n" if name.endswith(".jsonl") else text
            )
            fault = None
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                try:
                    if name == "slowdown.json":
                        read_comparison(out).read_json(name, page.SLOWDOWNS)
                    else:
                        read_everything(out)
                except UserError as error:
                    fault = error
            read += fault is None
            refused += fault is not None
            if fault:
                assert isinstance(fault, RunDirectoryError | ConfigError)
                assert "\n" not in str(fault), (place, value)
                assert str(out) in str(fault), (place, value)
    assert refused > 20
    assert read + refused > 100


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("study.json", ("configs", "small", "network", "layers"), [16, "x"]),
        ("study.json", ("seeds",), 10**9),
        ("exhibits.json", ("small", "confusion"), [[1, 2], [3]]),
        ("slowdown.json", ("other", "accuracy"), [[0.5]]),
        ("runs/small/seed-0/summary.json", ("final", "test_accuracy"), "high"),
    ],
)
def test_a_report_names_the_file_and_the_field(out, capsys, name, place, value):
    path = out / name
    path.write_text(json.dumps(changed(json.loads(path.read_text()), place, lambda _: value)))
    capsys.readouterr()
    assert main(["report", str(out)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert f"{path}: is damaged (" in line
    assert str(place[-1]) in line


@pytest.mark.slow
def test_what_is_said_of_a_damaged_run_can_be_done_and_mends_it(whole, out, capsys):
    configs = [str(whole.parent / f"{name}.yaml") for name in ("small", "other")]
    compare = ["compare", *configs, "--seeds", "2", "--jobs", "1", "--output", str(out)]
    model = out / "runs" / "small" / "seed-0" / "model.npz"
    before = model.read_bytes()
    model.write_bytes(b"")
    for words in (["report", str(out)], compare):
        capsys.readouterr()
        assert main(words) == 2
        assert "delete the run's folder and repeat its command" in capsys.readouterr().err
    shutil.rmtree(model.parent)
    assert main(compare) == 0
    assert model.read_bytes() == before


@pytest.mark.parametrize("left", [0, 1])
def test_lines_that_a_finished_run_has_lost_are_not_blamed_on_its_summary(out, capsys, left):
    metrics = out / "runs" / "small" / "seed-1" / "metrics.jsonl"
    metrics.write_text("".join(metrics.read_text().splitlines(keepends=True)[:left]))
    capsys.readouterr()
    assert main(["report", str(out)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    damage = "is damaged (summary.json and metrics.jsonl tell of different epochs)"
    assert line.startswith(f"error: {metrics.parent}: {damage}; train")


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        (("data",), False, "configs.small: data = False: expected a section, that is keys with values"),
        (
            ("network", "cost"),
            "none",
            "configs.small: network.cost = 'none': expected 'quadratic', 'cross_entropy'",
        ),
        (("trainin",), {}, "configs.small: unknown key 'trainin'; did you mean 'training'?"),
    ],
)
def test_a_stored_config_is_refused_as_one_in_a_file(out, place, value, says):
    study = json.loads((out / "study.json").read_text())
    (out / "study.json").write_text(json.dumps(changed(study, ("configs", "small", *place), lambda _: value)))
    with pytest.raises(RunDirectoryError, match=re.escape(f"study.json: is damaged ({says}")):
        read_comparison(out)


@pytest.mark.slow
def test_numbers_of_nothing_draw_figures_without_a_warning(out, capsys, recwarn):
    """A cost, a gradient and a time may be exactly 0; a figure cannot divide by it or take its logarithm."""
    for path in (out / "runs").glob("*/*/metrics.jsonl"):
        records = [json.loads(line) for line in path.read_text().splitlines()]
        for record in records:
            record |= {"train_cost": 0.0, "seconds": 0.0, "validation_accuracy": 0.0, "test_accuracy": 0.0}
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        summary = json.loads((path.parent / "summary.json").read_text())
        best = {
            "final": records[-1],
            "best_by_validation": records[0],
            "seconds": 0.0,
            "images_per_second": None,
        }
        (path.parent / "summary.json").write_text(json.dumps(summary | best))
    slowdown = json.loads((out / "slowdown.json").read_text())
    for facts in slowdown.values():
        facts["gradient_norm"] = [[0.0] * len(seed) for seed in facts["gradient_norm"]]
    (out / "slowdown.json").write_text(json.dumps(slowdown))
    assert main(["report", str(out)]) == 0, capsys.readouterr().err
    runs = [str(path) for path in sorted((out / "runs").glob("*/seed-0"))]
    assert main(["curves", *runs, "--metrics", "train_cost,test_accuracy", "--plot", str(out / "c.png")]) == 0
    assert capsys.readouterr().err == ""
    assert [str(warning.message) for warning in recwarn] == []


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize("name", ["metrics.jsonl", "summary.json", "config.yaml"])
def test_nobody_waits_for_a_pipe_in_place_of_a_file_of_a_run(whole, out, name):
    """A config alone would be that of a run that has just begun."""
    run = out / "runs" / "small" / "seed-0"
    for path in run.glob("*.*") if name == "config.yaml" else [run / name]:
        path.unlink()
    os.mkfifo(run / name)
    again = ["compare", whole.parent / "small.yaml", whole.parent / "other.yaml", "--seeds", 2, "--jobs", 1]
    for words in (["curves", out], ["report", out], [*again, "--output", out]):
        result = run_command(*words)
        assert result.returncode in (0, 2)
        assert "Traceback" not in result.stderr


def test_the_curves_of_a_comparison_without_an_epoch_are_a_line(out, capsys):
    shutil.rmtree(out / "runs")
    assert main(["curves", str(out)]) == 2
    assert f"error: {out}: has no run yet with an epoch" in capsys.readouterr().err


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 3e38, -3e38, 0.0])
def test_a_model_of_any_numbers_is_shown_without_a_warning(out, capsys, value):
    run = out / "runs" / "small" / "seed-0"
    with np.load(run / "model.npz") as file:
        arrays = dict(file)
    arrays["w1"][...] = arrays["b2"][0] = value
    np.savez(run / "model.npz", **arrays)
    capsys.readouterr()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert main(["evaluate", str(run)]) == 0
        assert main(["explain", "--run", str(run)]) == 0
        page._networks(read_comparison(out))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "name", ["config.yaml", "metrics.jsonl", "summary.json", "checkpoint.npz", "model.npz"]
)
@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"PK\x03\x04", b"a: &a [*a]", None]
)
def test_a_file_of_a_run_that_holds_something_else_is_one_line_for_every_command(out, capsys, name, content):
    """None is a folder in its place. Nothing is replaced or lost."""
    run = out / "runs" / "small" / "seed-0"
    (run / name).unlink()
    if content is None:
        (run / name).mkdir()
    else:
        (run / name).write_bytes(content)
    words = [["evaluate", run], ["export", run, "--format", "npz"], ["curves", run], ["explain", "--run", run],
             ["train", "--config", out.parent / "none.yaml", "--output", run, "--resume"]]  # fmt: skip
    for command in words:
        capsys.readouterr()
        code = main([*map(str, command)])
        err = capsys.readouterr().err
        assert code in (0, 2, 3), (command, err)
        assert len(err.splitlines()) <= 1
        assert code == 0 or str(run) in err or "none.yaml" in err
        assert content is None or (run / name).read_bytes() == content
