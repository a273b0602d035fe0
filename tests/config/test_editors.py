"""What editors are told of configs: the JSON schema takes every config that there is, and refuses bad ones."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from small_run import run_command

from mnist_softmax.config.editors import json_schema
from mnist_softmax.config.file import load_config
from mnist_softmax.config.shipped import SCHEMA_LINE
from mnist_softmax.errors import ConfigError

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "mnist_softmax" / "config" / "schema.json"
FILES = sorted((ROOT / "configs").rglob("*.yaml"))


def check(*paths: Path) -> subprocess.CompletedProcess[str]:
    """check-jsonschema on files; it fetches nothing."""
    pytest.importorskip("check_jsonschema")
    words = [sys.executable, "-m", "check_jsonschema", "--schemafile", SCHEMA, *paths]
    return subprocess.run(list(map(str, words)), capture_output=True, text=True)


def without_echoes(schema):
    """A schema without what only some versions of pydantic write, for it says nothing: `enum` of one value beside
    `const`, and that further keys are allowed."""
    if isinstance(schema, dict):
        return {
            key: without_echoes(value)
            for key, value in schema.items()
            if not (key == "enum" and "const" in schema)
            and not (key == "additionalProperties" and value is True)
        }
    return [without_echoes(each) for each in schema] if isinstance(schema, list) else schema


def test_the_schema_that_is_shipped_is_that_of_the_sections():
    """mnist-softmax configs --schema, written to mnist_softmax/config/schema.json, makes it so."""
    shipped = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert without_echoes(shipped) == without_echoes(json_schema())


@pytest.mark.slow
def test_the_command_prints_it():
    assert json.loads(run_command("configs", "--schema").stdout) == json_schema()


def test_every_config_names_it_in_its_first_line():
    for path in FILES:
        line = path.read_text(encoding="utf-8").splitlines()[0]
        assert line.startswith(SCHEMA_LINE), path
        assert (path.parent / line.removeprefix(SCHEMA_LINE)).resolve() == SCHEMA, path


@pytest.mark.slow
def test_every_config_is_taken():
    result = check(*FILES)
    assert result.returncode == 0, result.stdout


@pytest.mark.slow
def test_what_a_run_directory_keeps_is_taken(tmp_path):
    """All keys written out, those that stand for nothing as null."""
    kept = [tmp_path / f"{path.stem}.yaml" for path in FILES if "\nnetwork:" in path.read_text()]
    for path in kept:
        path.write_text(load_config(path.stem).to_yaml(), encoding="utf-8")
    result = check(*kept)
    assert result.returncode == 0, result.stdout


BAD = [
    ("training.epochs=0", "training.epochs"),
    ("training.epochs=2.5", "training.epochs"),
    ("training.epoch=3", "epoch"),
    ("training.learning_rate=0", "training.learning_rate"),
    ("training.learning_rate=fast", "training.learning_rate"),
    ("training.momentum=1", "training.momentum"),
    ("training.l2=-1", "training.l2"),
    ("training.schedule={kind: step, every: 3, factor: 2}", "training.schedule"),
    ("training.monitor=[accuracy]", "training.monitor"),
    ("training.early_stopping={patience: 0}", "training.early_stopping"),
    ("training.dtype=float16", "training.dtype"),
    ("training=null", "training"),
    ("network.layers=[784]", "network.layers"),
    ("network.layers=[784, 0, 10]", "network.layers"),
    ("network.layers=[784, {kind: dense}, 10]", "network.layers"),
    ("network.layers=[784, {kind: dropout, p: 1}, 10]", "network.layers"),
    ("network.cost=log", "network.cost"),
    ("data.scale=0", "data.scale"),
    ("data.source=web", "data.source"),
    ("seed=-1", "seed"),
    ("seed=true", "seed"),
    ("randomness=dice", "randomness"),
    ("book=null", "network"),
]


@pytest.mark.slow
def test_bad_configs_are_refused_each_by_the_key_that_is_wrong(tmp_path):
    """What the program itself refuses, too."""
    good = yaml.safe_load((ROOT / "configs" / "loglik.yaml").read_text())
    for k, (pair, _) in enumerate(BAD):
        content = json.loads(json.dumps(good))
        dotted, _, value = pair.partition("=")
        *above, key = dotted.split(".")
        section = content
        for name in above:
            section = section[name]
        section[key] = yaml.safe_load(value)
        if key == "book":
            del content["network"]
        (tmp_path / f"{k}.yaml").write_text(yaml.safe_dump(content))
    result = check(*(tmp_path / f"{k}.yaml" for k in range(len(BAD))))
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    for k, (pair, key) in enumerate(BAD):
        mine = [line for line in lines if f"{tmp_path / f'{k}.yaml'}::" in line]
        assert any(key in line for line in mine), (pair, mine)


def test_the_program_refuses_the_same_bad_configs():
    for pair, _ in BAD:
        if pair != "book=null":
            with pytest.raises(ConfigError, match=re.escape(pair.partition("=")[0])):
                load_config("loglik", pair)


def test_every_key_has_words():
    schema = json_schema()
    for name, section in {"Config": schema, **schema["$defs"]}.items():
        for key, value in section["properties"].items():
            assert "description" in value or "$ref" in value or key == "kind", (name, key)
        assert section["description"], name
