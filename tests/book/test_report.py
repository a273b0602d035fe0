"""The report of some experiments: those stored before stay as they are, and heads of configs say what was found."""

import json
from types import SimpleNamespace

import pytest

from mnist_softmax.book import headers, report
from mnist_softmax.errors import RunDirectoryError
from mnist_softmax.runs.environment import environment


def result(id, chapter=6, mean=99.0, agrees=True, **more):
    finding = {
        "kind": "printed",
        "metric": "test_accuracy",
        "select": "by_validation",
        "run": None,
        "layer": None,
        "best_of": 3,
        "book": 99.06,
        "mean": mean,
        "low": 98.5,
        "high": 99.5,
        "quantile": 0.5,
        "decimals": 2,
        "deviation": 0.05,
        "n": 5,
        "verdict": "consistent",
        "agrees": agrees,
    }
    headline = {"only": {"mean": mean, "deviation": 0.05, "n": 5}}
    empty = {"replays": [], "chaotic": None, "inferred": [], "deviations": [], "runs": 5, "seconds": 500.0}
    words = {"id": id, "chapter": chapter, "section": "S", "title": "T", "environment": environment()}
    return words | {"findings": [finding], "headlines": headline} | empty | more


@pytest.fixture
def folder(tmp_path):
    """A checkout with results of another machine, and two configs."""
    for id in ("ch6_dbl_conv", "ch6_relu"):
        (tmp_path / "configs").mkdir(exist_ok=True)
        (tmp_path / "configs" / f"{id}.yaml").write_text(
            "# A network.\n# Expect (over 0 seeds): not run\n# yet.\n# Time: about 8 min.\n#   cmd\nseed: 0\n"
        )
    docs = tmp_path / "docs"
    docs.mkdir()
    other = environment() | {"processor": "Another"}
    stored = {
        "results": [result("ch6_dbl_conv", environment=0)],
        "figures": {},
        "environments": [other],
        "data": {"source": "openml", "checksum": "0" * 64},
    }
    (docs / "results.json").write_text(json.dumps(stored))
    (tmp_path / "README.md").write_text(f"a\n{report.BEGIN}\n{report.END}\nb\n")
    return docs


@pytest.fixture
def plan(folder):
    path = folder.parent / "configs" / "ch6_relu.yaml"
    experiment = SimpleNamespace(id="ch6_relu", path=path, is_exercise=True)
    return SimpleNamespace(
        experiments=[experiment],
        datasets={0: SimpleNamespace(source="openml", checksum="0" * 64)},
        baselines=None,
    )


def test_what_was_stored_before_stays_and_each_machine_has_its_own(folder, plan):
    before = json.loads((folder / "results.json").read_text())["results"][0]
    report.write([result("ch6_relu", mean=99.2)], plan, {}, folder)
    stored = json.loads((folder / "results.json").read_text())
    assert [each["id"] for each in stored["results"]] == ["ch6_dbl_conv", "ch6_relu"]
    assert json.dumps(stored["results"][0], sort_keys=True) == json.dumps(
        before, sort_keys=True
    )  # 5 is not 5.0
    assert [each["environment"] for each in stored["results"]] == [0, 1]
    page = (folder / "results.md").read_text()
    assert page == report.page(stored)
    assert "Another" in page
    assert "`ch6_relu`: " in page.split("## Machine and versions")[1]


def test_a_blas_that_names_no_kernel_is_told_by_its_version(folder, plan):
    mkl = environment() | {"blas": [{"internal_api": "mkl", "version": "2024.1", "num_threads": 1}]}
    report.write([result("ch6_relu", environment=mkl)], plan, {}, folder)
    assert "BLAS mkl 2024.1." in (folder / "results.md").read_text()


def test_what_has_no_result_is_named_under_its_chapter(folder, plan):
    report.write([result("ch6_relu")], plan, {}, folder, folder.parent)
    page = (folder / "results.md").read_text()
    [line] = [line for line in page.splitlines() if line.startswith("Not run yet")]
    assert "`ch6_dropout`" in line
    assert "`ch6_relu`" not in line
    assert "ch1_" not in line
    assert "| 6 | none recorded | 2 of 2 | none | 12 experiments |" in (folder.parent / "README.md").read_text()


@pytest.mark.parametrize("changed", [
    {"mean": 10**400}, {"metric": "none"}, {"verdict": None}, {"decimals": -1},
    {"kind": "vote", "wrong": [], "of": 0, "members": 5},
])  # fmt: skip
def test_results_that_cannot_be_told_are_damaged(folder, changed):
    stored = json.loads((folder / "results.json").read_text())
    stored["results"][0]["findings"][0] |= changed
    (folder / "results.json").write_text(json.dumps(stored))
    with pytest.raises(RunDirectoryError, match=r"is damaged \(a result is not whole"):
        report.refuse_foreign(folder)


def test_few_runs_count_neither_for_nor_against(folder):
    content = {"results": [result("ch6_relu", agrees=None), result("ch6_dbl_conv", agrees=False)]}
    [line] = report.short(content).splitlines()[2:]
    assert line == "| 6 | none recorded | 0 of 1 | ch6_dbl_conv | 13 experiments |"


def test_the_head_of_a_config_gets_the_expectation_and_nothing_else_changes(folder):
    path = folder.parent / "configs" / "ch6_relu.yaml"
    headers.renew(path, result("ch6_relu", mean=99.21), folder.parent)
    assert path.read_text() == (
        "# A network.\n"
        "# Expect (over 5 seeds): test accuracy at the best validation epoch, best of 3 runs by validation: 99.21 % "
        "(sd\n# 0.05), consistent.\n"
        "# Time: about 8 min.\n#   cmd\nseed: 0\n"
    )


def test_a_config_elsewhere_is_left_alone(folder, tmp_path_factory):
    path = folder.parent / "configs" / "ch6_relu.yaml"
    before = path.read_text()
    headers.renew(path, result("ch6_relu"), tmp_path_factory.mktemp("other"))
    assert path.read_text() == before
