"""YAML is read as it looks, or refused with its line; no text, however short, takes long or much memory."""

import resource
import subprocess
import sys

import pytest

from mnist_softmax.config.data import Data
from mnist_softmax.config.dialect import NotYAML, parse
from mnist_softmax.config.file import PATHS, load_config, load_data_section
from mnist_softmax.errors import ConfigError

WHOLE = """\
network: {layers: [784, 30, 10], output_activation: softmax, cost: log_likelihood}
training: {epochs: 3, mini_batch_size: 10, learning_rate: 0.5}
"""


@pytest.fixture
def some(tmp_path):
    path = tmp_path / "some.yaml"
    path.write_text(WHOLE)
    return path


@pytest.mark.parametrize("written", ["010", "-010", "00", "0_7", "+07"])
def test_a_number_that_looks_octal_is_refused_with_what_may_be_meant(some, written):
    with pytest.raises(ConfigError, match="begins with 0, as an octal number does; write"):
        load_config(some, f"training.epochs={written}")
    some.write_text(WHOLE.replace("epochs: 3", f"epochs: {written}"))
    with pytest.raises(ConfigError, match=r"some\.yaml:2: not YAML: .* begins with 0"):
        load_config(some)


@pytest.mark.parametrize("written", ["1:00", "190:20:30", "1:30.5", "-1:00"])
def test_a_time_of_day_is_no_number_of_sixties(some, written):
    assert parse(written) == written
    with pytest.raises(ConfigError, match=f"training.epochs = '{written}': expected a valid integer"):
        load_config(some, f"training.epochs={written}")


@pytest.mark.parametrize(
    ("written", "value"),
    [("0", 0), ("0x10", 16), ("0b11", 3), ("1_000", 1000), ("-3", -3), ("0.5", 0.5), ("1.", 1.0)],
)
def test_other_numbers_are_what_they_look_like(written, value):
    assert parse(written) == value


@pytest.mark.parametrize(
    "tag", ["int", "float", "bool", "timestamp", "null", "binary", "seq", "map", "set", "omap", "pairs"]
)
@pytest.mark.parametrize(
    "text", ['""', '"-"', '"+"', '"_"', '"0x"', '"0b"', '"."', '"*"', "[1]", "{a: 1}", "[[1]]", "x"]
)
def test_any_tag_on_any_value_is_read_or_refused(tag, text):
    problem = ""
    try:
        parse(f"!!{tag} {text}")
    except NotYAML as error:
        problem = error.problem
    assert "\n" not in problem
    assert len(problem) < 300


@pytest.mark.parametrize("merged", ["{epochs: 9}", "3", "[{epochs: 9}]"])
def test_merged_keys_are_refused_with_their_line(tmp_path, merged):
    """What PyYAML makes of keys that are merged twice depends on where their names lie in memory."""
    path = tmp_path / "some.yaml"
    path.write_text(WHOLE.replace("{epochs: 3,", f"{{<<: {merged},"))
    with pytest.raises(ConfigError, match=r"some\.yaml:2: not YAML: no keys are merged by '<<'"):
        load_config(path)


BOMBS = {
    "lists": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{n}: &{n} [{', '.join(['*' + m] * 9)}]\n" for m, n in zip("abcdefgh", "bcdefghi", strict=True)),
    "mappings": "a: &a {x: 1}\n"
    + "".join(
        f"{n}: &{n} {{{', '.join(f'{k}: *{m}' for k in range(9))}}}\n"
        for m, n in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "a long word": f"a: &a {'x' * 50_000}\nb: [{', '.join(['*a'] * 9_000)}]\n",
    "itself": "a: &a [*a]\n",
    "itself as a value": "a: &a {b: {c: *a}}\n",
}


@pytest.mark.parametrize("kind", BOMBS)
def test_aliases_that_stand_for_much_are_refused_before_they_are_written_out(tmp_path, kind):
    path = tmp_path / "bomb.yaml"
    path.write_text(BOMBS[kind])

    def little_memory():
        resource.setrlimit(resource.RLIMIT_AS, (600_000_000, 600_000_000))
        resource.setrlimit(resource.RLIMIT_CPU, (10, 10))

    done = subprocess.run(
        [sys.executable, "-m", "mnist_softmax", "train", "--config", str(path)],
        capture_output=True, text=True, preexec_fn=little_memory,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    [line] = done.stderr.splitlines()
    assert "bomb.yaml:" in line
    assert "alias" in line
    assert len(line) < 300


@pytest.mark.parametrize(
    "text", ["runs #2", "x: y", " a ", "[1]", "3", "*a", "%", "'quoted'", "a=b", "\udcff", "é"]
)
def test_paths_on_the_command_line_are_taken_as_they_are(some, text):
    assert load_config(some, f"output.directory={text}").output.directory == text
    assert load_data_section("data.source=npz", f"data.path={text}").path == text


def test_a_path_may_be_taken_back():
    assert load_data_section("data.source=npz", "data.path=x", "data.source=sample", "data.path=null") == Data(
        source="sample"
    )


@pytest.mark.parametrize("key", PATHS)
@pytest.mark.parametrize("text", ["", "a\0b"])
def test_what_is_no_path_is_refused(some, key, text):
    with pytest.raises(ConfigError, match=f"^command line: {key}"):
        load_config(some, "data.source=npz", "data.path=x", f"{key}={text}")


@pytest.mark.parametrize("key", PATHS)
def test_the_home_of_the_user_is_found_in_files_and_on_the_command_line(some, monkeypatch, key):
    monkeypatch.setenv("HOME", "/home/of/somebody")
    section, _, name = key.partition(".")
    source = "source: npz, " if section == "data" else ""
    some.write_text(f"{WHOLE}{section}: {{{source}{name}: ~/x}}\n")
    there = [] if section == "output" else ["data.source=npz"]
    for settings in (load_config(some), load_config(some, *there, f"{key}=~/x")):
        assert getattr(getattr(settings, section), name) == "/home/of/somebody/x"


def test_a_config_is_found_in_the_home_of_the_user(some, monkeypatch):
    monkeypatch.setenv("HOME", str(some.parent))
    assert load_config("~/some.yaml") == load_config(some)
