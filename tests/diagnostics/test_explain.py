"""`explain`: what is measured is a_j - y_j with softmax outputs and y_j (a_j - 1) with sigmoid ones."""

import json
import math
import os
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
import scipy.special
from small_run import ROOT, run_command, run_train

from mnist_softmax.config.network import OUTPUT_ACTIVATIONS_OF, Architecture
from mnist_softmax.diagnostics.explain import explain
from mnist_softmax.diagnostics.explain_report import draw, report
from mnist_softmax.network.network import Network

PAIRS = [(cost, output) for cost, outputs in OUTPUT_ACTIVATIONS_OF.items() for output in outputs]


@pytest.fixture
def network() -> Network:
    """For 16 pixels and 4 classes, with drawn weights."""
    description = Architecture(layers=(16, 6, 4), output_activation="softmax", cost="log_likelihood")
    network = Network(description)
    network.initialize(np.random.default_rng(5))
    return network


@pytest.fixture
def both(network):
    """The explanations of a made-up image of class 2."""
    image = np.random.default_rng(6).integers(0, 256, 16).astype(np.uint8)
    return explain(network, image / 255, 2)


def test_each_output_is_explained_by_its_own_formula(both):
    softmax, sigmoid = both
    assert (softmax.output, softmax.agreeing()) == ("softmax", ["all paths", "a_j - y_j"])
    assert (sigmoid.output, sigmoid.agreeing()) == ("sigmoid", ["all paths", "one path", "y_j (a_j - 1)"])
    for each in both:
        for name, digits in each.digits().items():
            assert digits > 9 if name in each.agreeing() else digits < 1


@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_every_pair_of_output_and_cost_is_explained_by_all_paths(cost, output):
    description = Architecture(layers=(16, 6, 4), output_activation=output, cost=cost)
    network = Network(description)
    network.initialize(np.random.default_rng(5))
    own, *others = explain(network, np.random.default_rng(6).random(16), 2)
    assert own.output == output
    assert {each.output for each in others} == {"softmax", "sigmoid"} - {output}
    for each in (own, *others):
        assert "all paths" in each.agreeing()
        assert ("one path" in each.agreeing()) == (each.output != "softmax")
        fits = {"softmax": "log_likelihood", "sigmoid": "cross_entropy", "linear": "quadratic"}.get(each.output)
        if each.output != "relu":  # which is a linear output where all z_j are positive
            assert ("a_j - y_j" in each.agreeing()) == (cost == fits)
    assert "dC/db_j measured" in report([own, *others], "a title")


def test_a_notebook_shows_a_row_for_each_output(both):
    page = ElementTree.fromstring(f"<div>{both._repr_html_()}</div>")
    tables = list(page.iter("table"))
    assert len(tables) == 2
    for table, each in zip(tables, both, strict=True):
        heading, *rows = ([cell.text for cell in row] for row in table.iter("tr"))
        assert [float(row[heading.index("a_j")]) for row in rows] == pytest.approx(each.a, abs=1e-6)
        assert [float(row[heading.index("dC/db_j measured")]) for row in rows] == pytest.approx(
            each.measured, abs=1e-6
        )
    assert "agrees with all paths and a_j - y_j" in page.find("p").text


def test_columns_equal_scipy_and_their_formulas(both):
    softmax, sigmoid = both
    np.testing.assert_array_equal(softmax.z, sigmoid.z)
    y = np.array([0, 0, 1, 0])
    np.testing.assert_allclose(softmax.a, scipy.special.softmax(softmax.z), rtol=1e-14)
    np.testing.assert_allclose(sigmoid.a, scipy.special.expit(sigmoid.z), rtol=1e-14)
    for each in both:
        a = each.a
        np.testing.assert_array_equal(each.y, y)
        assert each.cost == pytest.approx(-math.log(a[2]), rel=1e-13)
        np.testing.assert_allclose(each.grad_a, [0, 0, -1 / a[2], 0])
        np.testing.assert_allclose(each.error, a - y)
        np.testing.assert_allclose(each.error_at_true_output, [0, 0, a[2] - 1, 0])
    np.testing.assert_allclose(softmax.jacobian, softmax.a[2] * (y - softmax.a), rtol=1e-12)
    np.testing.assert_allclose(sigmoid.jacobian, [0, 0, sigmoid.a[2] * (1 - sigmoid.a[2]), 0], rtol=1e-12)


def test_sums_of_columns(both):
    softmax, _ = both
    assert softmax.a.sum() == pytest.approx(1)
    assert softmax.jacobian.sum() == pytest.approx(0, abs=1e-15)
    assert softmax.error.sum() == pytest.approx(0, abs=1e-15)
    assert softmax.measured.sum() == pytest.approx(0, abs=1e-10)


def test_nothing_of_the_network_is_changed(network):
    before = network.parameters.flat.copy()
    explain(network, np.full(16, 0.4), 0)
    np.testing.assert_array_equal(network.parameters.flat, before)


def test_products_of_the_table_are_the_slopes(both):
    """dC/da_y times da_y/dz_j, the column of the table."""
    for each in both:
        np.testing.assert_allclose(each.grad_a[2] * each.jacobian, each.all_paths, rtol=1e-12, atol=1e-17)


def test_what_is_smaller_than_the_error_of_measuring_is_printed_as_zero(both):
    softmax, sigmoid = both
    noisy = softmax._replace(measured=softmax.measured + 1e-12)
    assert re.search(r"e-1\d", report([noisy, sigmoid], "a title").split("agrees")[0]) is None


def test_the_digit_is_drawn_two_pixels_a_letter():
    image = np.zeros((5, 5))
    image[1, 1] = image[2, 1:4] = image[3, 3] = image[4, 0] = 1
    assert draw(image.ravel()) == " ▄\n ▀▀█\n▀"
    assert draw(image.ravel(), "ascii") == " .\n '':\n'"
    assert draw(np.ones(7)) == draw(np.zeros(16)) == ""


# The command


@pytest.fixture
def finished(config, tmp_path):
    """A finished run directory."""
    assert run_train("--config", config, "--output", tmp_path / "run").returncode == 0
    return tmp_path / "run"


def refused(*words) -> str:
    result = run_command("explain", *words)
    assert result.returncode == 2, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr.splitlines()[-1]


@pytest.mark.slow
def test_with_nothing_else_said_the_same_digit_on_every_machine():
    """Real digits, which need no network to be had, and a fresh 784-30-10 network."""
    result = run_command("explain")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("image 0 of test (sample), a 6; a fresh 784-30-10 network, seed 0")
    assert "▀" in result.stdout
    softmax, sigmoid = result.stdout.split("sigmoid outputs: ")
    for text, right, wrong in (
        (softmax, "a_j - y_j", "y_j (a_j - 1)"),
        (sigmoid, "y_j (a_j - 1)", "a_j - y_j"),
    ):
        lines = {line[:17].strip(): line for line in text.splitlines() if "what was measured" in line}
        assert "differs from" in lines[wrong]
        assert float(lines[right].split("agrees to ")[1].split()[0]) >= 6


@pytest.mark.slow
def test_a_terminal_without_blocks_is_given_letters():
    result = run_command("explain", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert result.returncode == 0, result.stderr
    assert "\\u" not in result.stdout
    assert "::" in result.stdout


@pytest.mark.slow
def test_json_is_all_that_stands_on_standard_output(config):
    result = run_command("explain", "--config", config, "--json", "--index", "3", "--split", "validation")
    found = json.loads(result.stdout)
    assert (found["split"], found["index"]) == ("validation", 3)
    assert "a_j - y_j" in found["softmax"]["agrees_with"]
    assert "y_j (a_j - 1)" in found["sigmoid"]["agrees_with"]
    assert len(found["softmax"]["measured"]) == 4


@pytest.mark.slow
def test_a_trained_run_is_explained_with_its_own_weights(finished):
    result = run_command("explain", "--run", finished, "--json")
    found = json.loads(result.stdout)
    with np.load(finished / "model.npz") as stored, np.load(finished.parent / "digits.npz") as digits:
        w1, b1, w2, b2 = (stored[name].astype(np.float64) for name in ("w1", "b1", "w2", "b2"))
        x, label = digits["x_test"][0] / 255, int(digits["y_test"][0])
    assert found["label"] == label
    z = scipy.special.expit(x @ w1 + b1) @ w2 + b2
    np.testing.assert_allclose(found["softmax"]["z"], z, rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_plot_writes_a_figure(config, tmp_path, suffix):
    path = tmp_path / "new" / f"figure.{suffix}"
    assert run_command("explain", "--config", config, "--plot", path).returncode == 0
    beginning = path.read_bytes()[:300]
    assert {"png": b"PNG", "svg": b"<svg", "pdf": b"%PDF"}[suffix] in beginning or b"<?xml" in beginning


@pytest.mark.slow
def test_the_same_figure_has_the_same_bytes(config, tmp_path):
    for name in ("one.svg", "two.svg"):
        assert run_command("explain", "--config", config, "--plot", tmp_path / name).returncode == 0
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


@pytest.mark.slow
def test_the_script_is_the_command(config):
    script = [sys.executable, str(ROOT / "scripts" / "explain.py"), "--config", str(config)]
    result = subprocess.run(script, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0
    assert result.stdout == run_command("explain", "--config", config).stdout


@pytest.mark.slow
def test_what_cannot_be_explained_is_a_clear_line_and_exit_2(config, tmp_path):
    assert "test has 60 images, numbered 0 to 59" in refused("--config", config, "--index", "60")
    assert "--index -1" in refused("--config", config, "--index", "-1")
    assert "cannot draw 'doc'" in refused("--config", config, "--plot", tmp_path / "x.doc")
    assert "cannot draw ''" in refused("--config", config, "--plot", tmp_path / "x")
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refused("--config", config, "--plot", tmp_path / "file" / "x.png")
    assert "no run directory" in refused("--run", tmp_path / "nowhere")
    assert "--run" in refused("--run", tmp_path, "--config", config)
    assert "network.layrs" in refused("network.layrs=[1]")
    assert "4 classes" in refused("--config", config, "network.layers=[16, 6, 5]")


@pytest.mark.slow
def test_a_run_of_another_shape_is_a_clear_line_and_exit_2(finished, tmp_path):
    assert "16" in refused("--run", finished, "data.source=sample", "data.path=null")
    assert "only data.*" in refused("--run", finished, "network.layers=[16, 9, 4]")
    np.savez(finished / "model.npz", w1=np.zeros((16, 9)))
    assert "(16, 6)" in refused("--run", finished)


@pytest.mark.slow
def test_a_network_that_memory_cannot_hold_is_named_before_it_is_drawn():
    huge = "network.layers=[784,1000000,1000000,10]"
    result = run_command("explain", "data.source=sample", huge)
    assert result.returncode == 2
    assert "network.layers would take" in result.stderr
