"""The numbers of README and docs are those that were stored when they were measured, or are measured again here."""

import json
import re
from pathlib import Path

import pytest

from mnist_softmax import load_config, train
from mnist_softmax.config.config import Config
from mnist_softmax.config.layers import AfterInputs, WithWeights
from mnist_softmax.config.schema import Section
from mnist_softmax.text import percent

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
DERIVATION = (ROOT / "docs" / "derivation.md").read_text(encoding="utf-8")


def stored(name: str) -> dict:
    return json.loads((ROOT / "docs" / name).read_text(encoding="utf-8"))


def test_the_comparison_of_costs():
    found = stored("comparison.json")
    assert found["command"] in README
    for config in found["configs"]:
        accuracy = config["final_test_accuracy"]
        interval = f"{percent(accuracy['low'])[:-2]} to {percent(accuracy['high'])[:-2]}"
        row = (
            f"| `{config['name']}` | {percent(accuracy['mean'])} | {interval} | {config['epochs_to_95']:.1f} |"
        )
        assert row in README
    for sentence in found["pairs"]:
        assert f"- {sentence}" in README


def test_seconds_of_the_guide():
    seconds = stored("guide_seconds.json")
    lines = re.findall(r"^((?:mnist-softmax|python) .*?) +# (\d+) s$", GUIDE, re.MULTILINE)
    assert {command for command, _ in lines} == set(seconds)
    for command, shown in lines:
        measured = seconds[command]
        assert int(shown) == max(1, round(measured, -1 if measured >= 20 else 0)), command


def test_every_command_of_the_guide_has_its_seconds():
    blocks = re.findall(r"^```\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    for line in "".join(blocks).splitlines():
        if line.startswith(("mnist-softmax", "python")):
            assert re.search(r"# \d+ s$", line), line


def keys(section: type[Section], prefix: str = "") -> set[str]:
    """The dotted keys of the sections that a config has; a key with a kind has a row of its own."""
    found = set()
    for name, field in section.model_fields.items():
        inner = field.annotation
        is_section = isinstance(inner, type) and issubclass(inner, Section)
        found |= keys(inner, f"{prefix}{name}.") if is_section else {prefix + name}
    return found


def test_every_key_of_a_config_is_in_the_readme_and_no_other():
    table = README.split("### Every key of a config")[1].split("###")[0]
    rows = re.findall(r"^\| (.*?) \|", table, re.MULTILINE)
    named = {key for row in rows for key in re.findall(r"`([\w.]+)`", row)}
    assert named - set(WithWeights.model_fields) == keys(Config)
    for kind in AfterInputs.__args__:
        name = kind.model_fields["kind"].annotation.__args__[0]
        for key in set(kind.model_fields) - {*WithWeights.model_fields, "kind"}:
            assert re.search(rf"{{kind: {name}.*?{key}: ", table), (name, key)


def test_every_example_of_the_table_of_keys_is_a_value():
    table = README.split("### Every key of a config")[1].split("###")[0]
    for key, cell in re.findall(r"^\| `(training\.\w+)` \| (.*?) \|", table, re.MULTILINE):
        for value in re.findall(r"`([^`]+)`", cell):
            more = ["training.momentum=0.9"] if "nesterov" in value else []
            load_config("loglik", f"{key}={value}", *more)
    for value in re.findall(r"`(\{kind: (?:dense|convolution|dropout)[^`]*\d[^`]*\})`", table):
        load_config("loglik", f"network.layers=[[28, 28], {value}, 10]")
    assert "`[784, 30, 10]`" in table


@pytest.mark.slow
@pytest.mark.full_mnist
def test_three_gradients_of_the_derivation(full_mnist):
    """Within what rounding of another machine may change; the wrong ones end on one digit."""
    rows = re.findall(r"^(loglik\w*) +30 +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+)$", DERIVATION, re.MULTILINE)
    assert len(rows) == 3
    monitor = (
        "training.monitor=[train_cost,validation_accuracy,test_accuracy,test_mean_output,test_mean_true_output]"
    )
    for name, *numbers in rows:
        _, history = train(load_config(name, monitor), full_mnist)
        accuracy, cost, true_output, output = map(float, numbers)
        assert history[-1]["test_accuracy"] == pytest.approx(accuracy, abs=0.002 if name == "loglik" else 0.02)
        assert history[-1]["train_cost"] == pytest.approx(cost, rel=0.1)
        assert history[-1]["test_mean_true_output"] == pytest.approx(true_output, abs=0.02)
        assert history[-1]["test_mean_output"] == pytest.approx(output, abs=1e-3)
        if name == "loglik":  # the README's run
            assert f"{percent(accuracy)}" in README
            [first] = re.findall(r"^ +1 .* % \((\d+)\) +1 ", README, re.MULTILINE)
            assert history[0]["test_accuracy"] == pytest.approx(int(first) / 10_000, abs=0.015)
