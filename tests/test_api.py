"""The API of Python: the names of `import mnist_softmax as ms` do what its docstring says, and nothing is printed."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mnist_softmax as ms
from mnist_softmax.errors import ConfigError, Diverged, RunDirectoryError

ROOT = Path(__file__).parents[1]


def in_a_python_of_its_own(code: str) -> str:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_importing_loads_nothing_but_what_is_asked_for():
    code = (
        "import sys, mnist_softmax as ms\nprint([n for n in ('numpy', 'yaml', 'pydantic') if n in sys.modules])"
    )
    assert in_a_python_of_its_own(code) == "[]"


def test_every_name_is_there_and_the_stub_has_the_same():
    for name in ms.API:
        assert getattr(ms, name) is not None
    stub = ast.parse((ROOT / "mnist_softmax" / "__init__.pyi").read_text(encoding="utf-8"))
    imported = [alias for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    names = {alias.asname or alias.name for alias in imported}
    assert names == set(ms.API)
    assert set(dir(ms)) == {*ms.API, "__version__"}
    with pytest.raises(AttributeError, match=r"it has .*load_config"):
        print(ms.load_cofnig)


@pytest.mark.parametrize("first", ["import mnist_softmax.lab.build", "pass"])
def test_the_lab_can_be_called_whatever_was_imported_before(first):
    ask = "print(callable(ms.lab))"
    code = f"{first}\nimport mnist_softmax as ms\n{ask}\nimport mnist_softmax.lab.contents\n{ask}"
    assert in_a_python_of_its_own(code).split() == ["True", "True"]


def test_a_network_is_trained_in_memory(config):
    settings = ms.load_config(config, "training.epochs=2", "seed=3")
    digits = ms.load_digits(settings.data)
    seen = []
    network, history = ms.train(settings, digits, on_epoch=seen.append)
    assert [record["epoch"] for record in history] == [1, 2]
    assert seen == history
    assert ms.evaluate(network, digits.test).accuracy == history[-1]["test_accuracy"]
    again, _ = ms.train(settings, digits)
    np.testing.assert_array_equal(network.parameters.flat, again.parameters.flat)


def test_a_run_on_disk_is_the_same_and_is_opened_again(config, tmp_path, capsys):
    settings = ms.load_config(config)
    digits = ms.load_digits(settings.data)
    run = ms.run(settings, digits, tmp_path / "try")
    network, history = ms.train(settings, digits)
    opened = ms.open_run(tmp_path / "try")
    for each in (run, opened):
        np.testing.assert_array_equal(each.network().parameters.flat, network.parameters.flat)
        assert [r["test_accuracy"] for r in each.history] == [r["test_accuracy"] for r in history]
    right = (run.predict(digits.test.images) == digits.test.labels).mean()
    assert right == pytest.approx(history[-1]["test_accuracy"])
    np.testing.assert_allclose(
        run.outputs(digits.test.images), network.outputs(digits.test.images / 255), rtol=1e-6
    )
    assert run.predict(digits.test.images.reshape(-1, 4, 4)).shape == (len(digits.test),)
    assert capsys.readouterr() == ("", "")


def test_bytes_cannot_be_taken_for_scaled_pixels(config):
    settings = ms.load_config(config)
    digits = ms.load_digits(settings.data)
    network, _ = ms.train(settings, digits)
    with pytest.raises(ValueError, match="x holds bytes; expected pixels divided by their scale"):
        network.outputs(digits.test.images)


def test_mistakes_are_user_errors_of_one_line(config, tmp_path):
    settings = ms.load_config(config)
    digits = ms.load_digits(settings.data)
    other = settings.model_copy(update={"data": settings.data.model_copy(update={"scale": 256.0})})
    with pytest.raises(
        ConfigError, match=r"data.scale is 256.0, but the digits were loaded with 255.0"
    ) as refused:
        ms.train(other, digits)
    assert isinstance(refused.value, ms.UserError)
    with pytest.raises(ConfigError, match="layers ends with 5"):
        ms.train(ms.load_config(config, "network.layers=[16,6,5]"), digits)
    with pytest.raises(Diverged):
        ms.train(ms.load_config(config, "training.learning_rate=1e38"), digits)
    with pytest.raises(RunDirectoryError, match="is no run directory"):
        ms.open_run(tmp_path)
    ms.run(settings, digits, tmp_path / "try")
    with pytest.raises(RunDirectoryError, match="holds a run"):
        ms.run(settings, digits, tmp_path / "try")


def test_two_configs_are_compared(config, tmp_path):
    one, other = ms.load_config(config), ms.load_config(config, "training.learning_rate=0.01")
    results = ms.compare({"fast": one, "slow": other}, seeds=2, into=tmp_path / "comparison", jobs=1)
    [final, _] = results.pairs
    assert {final["a"], final["b"]} == {"fast", "slow"}
    assert (tmp_path / "comparison" / "runs" / "fast" / "seed-1" / "model.npz").exists()


def test_digits_that_the_config_does_not_ask_for_are_refused(config, tmp_path):
    settings = ms.load_config(config)
    digits = ms.load_digits(settings.data)
    for changed in (
        "data.training_size=100",
        "data.expansion=one_pixel",
        "data.validation_size=7",
        "data.scale=256",
    ):
        other = ms.load_config(config, changed)
        with pytest.raises(ConfigError, match="but the digits were loaded with"):
            ms.train(other, digits)
        with pytest.raises(ConfigError, match="but the digits were loaded with"):
            ms.run(other, digits, tmp_path / "other")
    assert not (tmp_path / "other" / "config.yaml").exists()


def test_pictures_that_do_not_fit_a_run_are_user_errors_of_one_line(config, tmp_path):
    settings = ms.load_config(config)
    digits = ms.load_digits(settings.data)
    run = ms.run(settings, digits, tmp_path / "try")
    images = digits.test.images
    for wrong, fault in (
        (images[:0], "no images"),
        (images[:, :9], "9 pixels, the network takes 16"),
        (images[0], "expected images"),
        (images / 255, "the run was trained on 0 to 255: bring them to that"),
        ((images > 9).astype("u1"), "no pixel is above 1, .*; the run was trained on 0 to 255"),
        ([["a"]], "type"),
    ):
        with pytest.raises(ms.UserError, match=fault) as refused:
            run.predict(wrong)
        assert "\n" not in str(refused.value)
    network = run.network()
    for split, quantities in ((digits.test, ["nope"]), (digits.test.first(0), ["cost"])):
        with pytest.raises(ms.UserError, match="evaluate: "):
            ms.evaluate(network, split, quantities)
    assert ms.evaluate(network, digits.test, ["cost"]).correct is None


def test_a_run_stored_before_later_keys_were_there_goes_on(config, tmp_path):
    import yaml

    settings = ms.load_config(config)
    digits = ms.load_digits(settings.data)
    ms.run(ms.load_config(config, "training.epochs=2"), digits, tmp_path / "old")
    stored = yaml.safe_load((tmp_path / "old" / "config.yaml").read_text())
    for section, key in (("training", "order"), ("training", "optimizer"), ("data", "expansion")):
        del stored[section][key]
    assert stored["network"]["layers"] == [16, 6, 4]
    (tmp_path / "old" / "config.yaml").write_text(yaml.safe_dump(stored))
    ms.run(settings, digits, tmp_path / "old", mode="resume")
    ms.run(settings, digits, tmp_path / "new")
    one, other = (ms.open_run(tmp_path / name).network().parameters.flat for name in ("old", "new"))
    np.testing.assert_array_equal(one, other)
    assert yaml.safe_load((tmp_path / "old" / "config.yaml").read_text())["network"]["layers"] == [16, 6, 4]
    expanded = ms.load_config(config, "data.expansion=one_pixel", "training.epochs=9")
    with pytest.raises(RunDirectoryError, match=r"data.expansion was none, is now one_pixel"):
        ms.run(expanded, ms.load_digits(expanded.data), tmp_path / "old", mode="resume")
