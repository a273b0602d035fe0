"""`mnist-softmax lab`: what it writes, what it refuses in one line, and what stands under each act."""

import base64
import importlib
import json
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from small_run import run_command

from mnist_softmax.cli import main
from mnist_softmax.commands.line import COMMANDS
from mnist_softmax.config.config import Config
from mnist_softmax.errors import UserError
from mnist_softmax.lab.build import lab
from mnist_softmax.lab.sources import SOURCES
from mnist_softmax.network.network import Network
from mnist_softmax.runs.answers import load_network
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.runs.run import run
from mnist_softmax.training.checkpoint import save_model

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A data home in which the sample is cached."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCIKIT_LEARN_DATA", str(folder))
        yield folder


def stored(path) -> dict:
    [text] = re.findall(
        r'<script type="application/json" id="stored">(.*?)</script>', path.read_text(encoding="utf-8")
    )
    return json.loads(text)


def write_run(directory, layers, **network) -> RunDirectory:
    """A run directory with a model that nobody trained."""
    settings = Config.model_validate(
        {
            "data": {"source": "sample"},
            "network": {"layers": layers, "output_activation": "softmax", "cost": "log_likelihood"} | network,
            "training": {"epochs": 1, "mini_batch_size": 10, "learning_rate": 0.5},
        }
    )
    directory.mkdir()
    found = RunDirectory(directory)
    found.config.write_text(settings.to_yaml(), encoding="utf-8")
    net = Network(settings.network)
    net.initialize(np.random.default_rng(0))
    save_model(found.model, net)
    return found


@pytest.mark.slow
def test_digits_come_back_from_the_page_to_a_fifteenth(home, digits, tmp_path):
    page = lab(output=tmp_path / "lab.html")
    assert page.size == page.path.stat().st_size < 2_000_000
    found = stored(page.path)["digits"]
    for name, split, n in (("train", digits.train, 4000), ("test", digits.test, 500)):
        packed = np.frombuffer(zlib.decompress(base64.b64decode(found[name]["pixels"])), np.uint8)
        pixels = np.stack([packed >> 4, packed & 15], axis=1).reshape(-1, 784)[:n]
        assert abs(pixels / 15 - split.images[:n] / 255).max() <= 0.5 / 15 + 1e-12
        assert found[name]["labels"][:n] == "".join(map(str, split.labels[:n]))
    assert found["test"]["n"] == 1000


@pytest.mark.slow
def test_no_test_digit_is_a_training_digit(home, digits, tmp_path):
    found = stored(lab(output=tmp_path / "lab.html").path)["digits"]
    packed = {name: zlib.decompress(base64.b64decode(found[name]["pixels"])) for name in ("train", "test")}
    train, test = ({text[i : i + 392] for i in range(0, len(text), 392)} for text in packed.values())
    assert not train & test


@pytest.mark.slow
def test_the_command_says_where_the_page_is(home, tmp_path, capsys):
    assert main(["lab", "--output", str(tmp_path / "new" / "lab.html"), "data.training_size=600"]) == 0
    assert str(tmp_path / "new" / "lab.html") in capsys.readouterr().out
    assert stored(tmp_path / "new" / "lab.html")["digits"]["train"]["n"] == 600


@pytest.mark.slow
def test_the_page_is_shown_if_wanted(home, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    assert main(["lab", "--open", "--output", str(tmp_path / "lab.html")]) == 0
    assert shown == [(tmp_path / "lab.html").as_uri()]


@pytest.mark.slow
def test_runs_go_into_the_page_up_to_four(home, digits, tmp_path):
    settings = Config.model_validate(
        {
            "data": {"source": "sample"},
            "network": {"layers": [784, 12, 10], "output_activation": "softmax", "cost": "log_likelihood"},
            "training": {"epochs": 1, "mini_batch_size": 10, "learning_rate": 0.5},
        }
    )
    run(settings, digits, tmp_path / "trained")
    deep = write_run(tmp_path / "deep", [784, 20, 15, 10], hidden_activation="tanh")
    page = lab([tmp_path / "trained", deep.path], tmp_path / "lab.html")
    networks = stored(page.path)["networks"]
    assert [each["sizes"] for each in networks.values()] == [[784, 12, 10], [784, 20, 15, 10]]
    model = np.load(tmp_path / "trained" / "model.npz")
    values = np.frombuffer(base64.b64decode(networks["run1"]["parameters"]), "<f4")
    np.testing.assert_array_equal(
        values, np.concatenate([model[name].ravel() for name in ("w1", "b1", "w2", "b2")])
    )
    assert networks["run2"]["hidden"] == "tanh"
    with pytest.raises(UserError, match="at most 4"):
        lab([deep.path] * 5, tmp_path / "lab.html")


def test_a_run_with_dropout_answers_in_the_page_as_it_does_in_python(home, digits, tmp_path, engine):
    """What dropout multiplies activations by stands in the weights behind it."""
    half = {"kind": "dropout", "p": 0.5}
    thinned = write_run(tmp_path / "thinned", [784, half, 20, half, 15, 10])
    described = stored(lab([thinned.path], tmp_path / "lab.html").path)["networks"]["run1"]
    assert described["sizes"] == [784, 20, 15, 10]
    found = engine.evaluate(
        """([described, image]) => {
        const net = new Network(described);
        const bytes = Uint8Array.from(atob(described.parameters), (c) => c.charCodeAt(0));
        const values = new Float32Array(bytes.buffer);
        let at = 0;
        for (const { w, b } of net.layers) {
          for (const array of [w, b]) { array.set(values.subarray(at, at + array.length)); at += array.length; }
        }
        return [...net.forward(new Images(image, 1), 0)];
        }""",
        [described, digits.test.images[3].tolist()],
    )
    expected = load_network(thinned).outputs(digits.test.images[3:4] / 255)[0]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.slow
def test_large_networks_leave_room_for_fewer_digits_and_the_file_stays_below_2_mb(home, tmp_path):
    runs = [write_run(tmp_path / f"wide{k}", [784, 100, 10]).path for k in range(4)]
    page = lab(runs, tmp_path / "lab.html")
    assert page.size < 2_000_000
    assert 200 <= stored(page.path)["digits"]["train"]["n"] < 4000
    with pytest.raises(UserError, match="too large"):
        lab([write_run(tmp_path / "huge", [784, 600, 10]).path], tmp_path / "lab.html")


# ---- refused in one line, with an exit code, and nothing is written


def refused(code, *words) -> str:
    result = run_command("lab", *words)
    assert result.returncode == code, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    [line] = result.stderr.splitlines()
    assert line.startswith("error: ")
    return line


@pytest.mark.slow
def test_a_run_that_the_page_cannot_show_is_refused(home, tmp_path):
    write_run(tmp_path / "narrow", [64, 5, 10])
    write_run(tmp_path / "three", [784, 5, 3])
    write_run(tmp_path / "mixed", [784, {"kind": "dense", "neurons": 9, "activation": "relu"}, 8, 10])
    write_run(
        tmp_path / "convolution", [[28, 28], {"kind": "convolution", "maps": 2, "field": 5, "pool": 2}, 10]
    )
    (tmp_path / "empty").mkdir()
    untrained = write_run(tmp_path / "untrained", [784, 5, 10])
    untrained.model.unlink()
    damaged = write_run(tmp_path / "damaged", [784, 5, 10])
    damaged.model.write_bytes(b"PK no model")
    output = tmp_path / "lab.html"
    words = {"narrow": "64-5-10", "three": "784-5-3", "empty": "no run", "untrained": "not ended yet",
             "damaged": "damaged", "mixed": "different activations",
             "convolution": "layer of convolution", "gone": "no run"}  # fmt: skip
    for name, word in words.items():
        line = refused(2, tmp_path / name, "--output", output)
        assert word in line
        assert str(tmp_path / name) in line
    assert not output.exists()


def test_weights_that_are_not_finite_are_refused(home, tmp_path):
    broken = write_run(tmp_path / "broken", [784, 5, 10])
    arrays = dict(np.load(broken.model))
    np.savez(broken.model, **arrays | {"b1": np.full_like(arrays["b1"], np.nan)})
    with pytest.raises(UserError, match="not finite"):
        lab([broken.path], tmp_path / "lab.html")


def write_summary(run: RunDirectory, source: str, checksum: str) -> None:
    """As if the run had been trained for an epoch on data of this checksum."""
    record = {"epoch": 1, "penalty": 0.0, "learning_rate": 0.5, "seconds": 1.0}
    ended = {
        "status": "finished",
        "reason": "",
        "seed": 0,
        "epochs": 1,
        "seconds": 1.0,
        "images_per_second": 1.0,
    }
    data = {"source": source, "checksum": checksum, "train": 1, "validation": 1, "test": 1}
    records = {"final": record, "best_by_validation": None}
    run.write_summary(ended | records | {"data": data, "warnings": [], "environment": {}})


def test_runs_of_different_data_are_refused(home, tmp_path):
    runs = [write_run(tmp_path / name, [784, 5, 10]) for name in "ab"]
    for found, checksum in zip(runs, ("1", "2"), strict=True):
        write_summary(found, "sample", checksum)
    with pytest.raises(UserError, match="other data"):
        lab([found.path for found in runs], tmp_path / "lab.html")


@pytest.mark.slow
def test_other_digits_than_those_of_the_training_are_named(home, tmp_path):
    found = write_run(tmp_path / "run", [784, 5, 10])
    write_summary(found, "openml", "1")
    [warning] = lab([found.path], tmp_path / "lab.html").warnings
    assert "other data" in warning


@pytest.mark.slow
def test_an_output_that_cannot_be_written_or_is_not_ours_is_refused(home, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("mine")
    assert "not a page of the lab" in refused(2, "--output", notes)
    assert notes.read_text() == "mine"
    assert "cannot be written" in refused(2, "--output", notes / "lab.html")
    assert "cannot be written" in refused(2, "--output", tmp_path)
    page = lab(output=tmp_path / "lab.html")
    assert lab(output=tmp_path / "lab.html").size == page.size  # our own page may be replaced
    assert sorted(each.name for each in tmp_path.iterdir()) == ["lab.html", "notes.txt"]


@pytest.mark.slow
def test_digits_of_which_one_is_missing_are_refused(home, tmp_path):
    assert "each of the ten" in refused(2, "data.training_size=5", "--output", tmp_path / "lab.html")


@pytest.mark.slow
@pytest.mark.parametrize("pair", ["data.sorce=sample", "training.epochs=3", "data.source=moon"])
def test_a_wrong_pair_is_refused(home, tmp_path, pair):
    refused(2, pair, "--output", tmp_path / "lab.html")


@pytest.mark.slow
def test_with_a_run_only_data_may_be_changed(home, tmp_path):
    found = write_run(tmp_path / "run", [784, 5, 10])
    assert "data.*" in refused(2, found.path, "training.epochs=3", "--output", tmp_path / "lab.html")


def test_digits_of_another_width_or_other_classes_are_refused(tmp_path):
    for width, classes in ((64, 10), (784, 3)):
        path = tmp_path / f"{width}.npz"
        labels = (np.arange(60) % classes).astype(np.uint8)
        images = np.full((60, width), 255, np.uint8)
        np.savez(path, x_train=images, y_train=labels, x_test=images, y_test=labels)
        with pytest.raises(UserError, match=f"{width} pixels and {classes} classes"):
            lab(output=tmp_path / "lab.html", overrides=["data.source=npz", f"data.path={path}"])


# ---- what stands under each act


@pytest.mark.parametrize("act", SOURCES)
def test_every_act_names_a_function_and_a_test_that_exist(act):
    source = SOURCES[act]
    module, name = source.function.rsplit(".", 1)
    assert callable(getattr(importlib.import_module(module), name))
    file, test = source.test.split("::")
    assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")


def test_every_command_that_the_page_shows_is_one():
    text = (ROOT / "mnist_softmax" / "lab" / "presets.js").read_text(encoding="utf-8")
    commands = [source.command for source in SOURCES.values()] + re.findall(r'command: "([^"]*)"', text)
    for command in commands:
        program, name, *words = command.split()
        assert (program, name in COMMANDS) == ("mnist-softmax", True)
        for word in words:
            if word.startswith("configs/"):
                assert (ROOT / word).exists(), word
            if name == "reproduce":
                assert (ROOT / "configs" / "book" / f"{word}.yaml").exists(), word
