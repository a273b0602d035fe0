"""A config is read as written or refused in lines that say what to mend, and every key of it has its effect."""

import os
import re
from typing import get_args, get_origin

import numpy as np
import pytest
from pydantic import BaseModel

from mnist_softmax.config.config import Config
from mnist_softmax.config.file import load_config, load_data_section
from mnist_softmax.config.network import OUTPUT_ACTIVATIONS_OF, Cost, OutputActivation
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import ConfigError, DataError, Diverged
from mnist_softmax.metrics import METRICS
from mnist_softmax.runs.run import default_directory
from mnist_softmax.training.loop import epochs, start

WHOLE = """\
seed: 0
data: {source: sample, scale: 255}
network:
  layers: [784, 30, 10]
  output_activation: softmax
  cost: log_likelihood
training:
  epochs: 3
  mini_batch_size: 10
  learning_rate: 0.5
"""


@pytest.fixture
def read(tmp_path):
    """`read(text_or_bytes, "key=value", ...)`: what a file of this content, with these overrides, is read as."""

    def read(content: str | bytes = WHOLE, *overrides: str) -> Config:
        path = tmp_path / "some.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_config(path, *overrides)

    return read


@pytest.fixture
def faults(read):
    """The lines with which such a file, or such overrides, are refused."""

    def faults(content: str | bytes = WHOLE, *overrides: str) -> list[str]:
        with pytest.raises(ConfigError) as refused:
            read(content, *overrides)
        return str(refused.value).splitlines()

    return faults


# ---- keys


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("training.learning_rte=1", "did you mean 'training.learning_rate'?"),
        ("trainig.epochs=1", "did you mean 'training'?"),
        ("learning_rate=1", "did you mean 'training.learning_rate'?"),  # the right key in the wrong place
        ("training.patience=1", "did you mean 'training.early_stopping.patience'?"),
        ("factor=1", "did you mean 'training.schedule.factor'?"),
        ("Seed=1", "did you mean 'seed'?"),
        ("network.xyz=1", "known here: layers, hidden_activation"),
        (
            "training.schedule={kind: exponential, factor: 0.5, factr: 1}",
            "did you mean 'training.schedule.factor'?",
        ),
        ("training.schedule={kind: constant, factor: 0.5}", "known here: kind"),
        ("training.schedule={kind: step, step: 3, every: 1, factor: 1}", "known here: kind, every, factor"),
        ("randomness={kind: book, earlier: []}", "did you mean 'randomness.earlier_runs'?"),
        (
            "training.early_stopping={patience: 2, patiance: 2}",
            "did you mean 'training.early_stopping.patience'?",
        ),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(faults, override, hint):
    [line] = faults(WHOLE, override)
    assert "unknown key" in line
    assert hint in line


@pytest.mark.parametrize("key", ["3", "~", "2026-01-01", "yes"])
def test_a_key_that_yaml_does_not_read_as_a_word_is_an_unknown_key(faults, key):
    [line] = faults(f"{key}: 4\n{WHOLE}")
    assert "unknown key" in line


def test_all_faults_of_a_file_are_told_at_once(faults):
    lines = faults(
        "seed: x\ndata: {source: ftp}\nnetwork: {layers: [784, -1, 10], cost: log_likelihood}\n"
        "training: {epochs: 0, mini_batch_size: 10, learning_rate: -1, momentun: 0.5}\n"
    )
    for key in ("seed", "data.source", "network.layers.1", "network.output_activation", "training.epochs",
                "training.learning_rate", "training.momentun"):  # fmt: skip
        assert sum(f" {key}" in line.replace("'", " ") for line in lines) == 1, (key, lines)
    assert len(lines) == 7
    assert all("some.yaml: " in line for line in lines)


def test_a_side_of_images_is_named_where_it_was_written(faults):
    """`[28, 0]` is short for a section, whose key nobody wrote."""
    [line] = faults(WHOLE, "network.layers=[[28, 0], 10]")
    assert " network.layers.0.1 = 0: expected" in line


def test_missing_keys_are_named(faults):
    assert [line.split(": ", 1)[1] for line in faults("seed: 3\n")] == [
        "network: is missing",
        "training: is missing",
    ]


# ---- values


@pytest.mark.parametrize(("written", "value"), [("1e-3", 0.001), ("1E-3", 0.001), ("3", 3.0), (".5", 0.5)])
def test_numbers_as_people_write_them(read, written, value):
    """PyYAML alone would read 1e-3 as a word."""
    assert read(WHOLE, f"training.learning_rate={written}").training.learning_rate == value
    in_file = WHOLE.replace("learning_rate: 0.5", f"learning_rate: {written}")
    assert read(in_file).training.learning_rate == value


@pytest.mark.parametrize(
    "override",
    [
        "seed=-1", "seed=1.5", "seed=seven", "seed=", "seed=null", "seed=[1]", "seed=2026-01-01",
        "data.source=Openml", "data.source=5", "data.scale=0", "data.scale=-255", "data.training_size=0",
        "network.layers=784", "network.layers=784,30,10", "network.layers=[]", "network.layers=[784]",
        "network.layers=!!binary YWI=", "network.layers=[784, thirty, 10]",
        "network.layers=[784, 30.5, 10]", "network.layers=[784, 0, 10]",
        "network.layers=[784, [30], 10]", "network.layers=[784, 1000001, 10]",
        "network.layers={a: 1}", "network.hidden_activation=softmax",
        "network.cost=cross-entropy", "network.initializer=random",
        "training.epochs=0", "training.epochs=1.5", "training.mini_batch_size=0", "training.learning_rate=0",
        "training.learning_rate=.nan", "training.learning_rate=nan", "training.learning_rate=.inf",
        "training.learning_rate=1e400", "training.momentum=1", "training.momentum=-0.1", "training.l2=-1",
        "training.l1=.inf", "training.dtype=float16", "training.monitor=test_accuracy",
        "training.monitor=[test_loss]", "training.monitor=[1]", "training.monitor=[[]]",
        "training.early_stopping=3", "training.early_stopping={patience: 0}",
        "training.schedule=exponential", "training.schedule={kind: cosine}", "training.schedule={factor: 0.5}",
        "training.schedule={kind: exponential, factor: 1.5}", "training.schedule={kind: halving, patience: 0}",
        "training.schedule={kind: halving, patience: 2, stop_at: 1}", "training=5", "network=[1]",
        "output.directory=null", "output.directory=", "output.directory=a\0b", "data.path=a\0b", "data.path=",
    ],
)  # fmt: skip
def test_a_wrong_type_or_range_is_one_line_with_the_key_and_where_it_stood(faults, override):
    [line] = faults(WHOLE, override)
    assert line.startswith("command line: " + override.split("=")[0])


@pytest.mark.parametrize("value", ["true", "yes", "on", "off"])
@pytest.mark.parametrize("key", ["seed", "training.epochs", "training.l2", "data.scale"])
def test_true_and_false_are_no_numbers(faults, key, value):
    """Python would count them as 1 and 0."""
    [line] = faults(WHOLE, f"{key}={value}")
    assert "not true or false" in line


@pytest.mark.parametrize(
    ("override", "kinds"),
    [
        ("training.schedule={kind: cosine}", "constant, step, exponential, halving"),
        ("training.schedule={factor: 0.5}", "constant, step, exponential, halving"),
        ("randomness=dice", "streams, book"),
        ("randomness={kind: 3}", "streams, book"),
    ],
)
def test_an_unknown_kind_is_refused_with_the_known_ones(faults, override, kinds):
    [line] = faults(WHOLE, override)
    assert line.endswith(f"{override.split('=')[0]}: kind must be one of {kinds}")


@pytest.mark.parametrize("written", ["test_loss", "1"])
def test_an_unknown_metric_is_refused_with_the_known_ones(faults, written):
    [line] = faults(WHOLE, f"training.monitor=[test_cost, {written}]")
    assert line.startswith("command line: training.monitor.1 = ")
    assert all(name in line for name in METRICS)


def test_an_editor_can_offer_the_names_of_the_metrics():
    schema = Config.model_json_schema()
    assert schema["$defs"]["Training"]["properties"]["monitor"]["items"]["enum"] == list(METRICS)


def test_a_schedule_lacking_its_settings_names_them(faults):
    lines = faults(WHOLE, "training.schedule={kind: step}")
    assert [line.split(": ", 1)[1] for line in lines] == [
        "training.schedule.every: is missing",
        "training.schedule.factor: is missing",
    ]


@pytest.mark.parametrize("output", get_args(OutputActivation))
@pytest.mark.parametrize("cost", get_args(Cost))
def test_a_cost_goes_with_outputs_in_its_domain_and_is_refused_with_others(read, faults, cost, output):
    """ln a and ln(1 - a) need 0 < a < 1, which softmax and sigmoid promise."""
    overrides = (f"network.cost={cost}", f"network.output_activation={output}")
    if cost == "quadratic" or output in ("softmax", "sigmoid"):
        assert read(WHOLE, *overrides).network.output_activation == output
        return
    [line] = faults(WHOLE, *overrides)
    assert f"cost {cost} is not defined for {output} outputs" in line
    for allowed in OUTPUT_ACTIVATIONS_OF[cost]:
        assert allowed in line.partition("may be")[2]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ("{source: npz}", "source npz needs a path"),
        ("{source: idx}", "source idx needs a path"),
        ("{source: openml, path: x}", "path goes with source auto, idx, npz, csv or pickle"),
        ("{source: sample, path: x}", "path goes with source auto, idx, npz, csv or pickle"),
        ("{name: Fashion-MNIST}", "name goes with source openml"),
    ],
)
def test_a_path_goes_with_files_a_name_with_openml(faults, data, word):
    [line] = faults(WHOLE, f"data={data}")
    assert word in line


@pytest.mark.parametrize(
    ("name", "meant"),
    [("fashion-mnist", "Fashion-MNIST"), ("FashionMNIST", "Fashion-MNIST"), ("EMNIST-balanced", "EMNIST_Balanced"),
     ("kuzushiji", "Kuzushiji-MNIST"), ("MNIST", "mnist_784")],
)  # fmt: skip
def test_a_name_that_openml_does_not_have_gets_the_nearest_one(faults, name, meant):
    [line] = faults(WHOLE, f"data={{source: openml, name: {name}}}")
    assert f"did you mean {meant}?" in line
    assert "expected one of mnist_784, Fashion-MNIST, Kuzushiji-MNIST, EMNIST_Balanced" in line


@pytest.mark.parametrize("watcher", ["early_stopping={patience: 2}", "schedule={kind: halving, patience: 2}"])
def test_what_watches_validation_accuracy_needs_it_measured(faults, watcher):
    [line] = faults(WHOLE, f"training.{watcher}", "training.monitor=[test_accuracy]")
    assert "validation_accuracy" in line


# ---- overrides


def test_an_override_is_split_at_its_first_equals_sign(read):
    assert read(WHOLE, "output.directory=a=b=c").output.directory == "a=b=c"


def test_of_two_overrides_of_a_key_the_last_counts(read):
    assert read(WHOLE, "seed=1", "seed=2").seed == 2


def test_an_override_reaches_into_sections_that_the_file_leaves_out(read):
    assert read(WHOLE, "training.early_stopping.patience=4").training.early_stopping.patience == 4
    schedule = read(
        WHOLE, "training.schedule.kind=exponential", "training.schedule.factor=0.9"
    ).training.schedule
    assert (schedule.kind, schedule.factor) == ("exponential", 0.9)


@pytest.mark.parametrize(
    "override",
    ["seed", "=3", "a..b=1", ".seed=1", "seed.x=1", "network.layers.0=3", "seed=[", "seed=*x", "seed=: :",
     "seed=!!python/name:os.system", "seed=!!int x", "seed=2026-02-30", "seed={[1]: 2}",
     "seed={a: 1, a: 2}", "seed=\x07"],
)  # fmt: skip
def test_an_override_that_cannot_be_read_is_repeated_in_its_one_line(faults, override):
    [line] = faults(WHOLE, override)
    assert line.startswith(override)


# ---- files


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        ("seed: 0\nnetwork: {layers: [1, 2\ntraining: 3\n", 3, "; the [ of line 2 is still open"),
        ("seed: 0\nx: {a: 1,\n  b: 2\ny: 3\n", 4, "; the { of line 2 is still open"),
        ("# \u2028\nx: {layers: [1, 2\ny: 3\n", 3, "; the [ of line 2 is still open"),
        ("seed: 0\nx: 'a\ny: 1\nz: 2\n", 5, "; the ' of line 2 is still open"),
        ('seed: 0\nx: "a\ny: \\q"\n', 3, '; the " of line 2 is still open'),
        ("'seed': 0\n- 1\n", 2, "expected <block end>, but found '-'"),
        ("seed: 0\nepochs 3\nx: 1\n", 2, "could not find expected ':'"),
        ("seed: 0\nx: &a 1\ny: &a 2\n", 3, "duplicate anchor 'a'; first occurrence in line 2, second"),
        ("seed: 0\nx: [&a 1, &a 2]\n", 2, "duplicate anchor 'a'; first occurrence in line 2, second"),
        ("seed: 0\n\tdata: 1\n", 2, "\\t"),
        ("seed: 0\ndata: {}\nseed: 1\n", 3, "key 'seed' stands twice"),
        ("seed: 0\ntraining:\n  epochs: 1\n  l2: 0\n  epochs: 2\n", 5, "key 'epochs' stands twice"),
        ("seed: 0\nx: !!python/object/apply:os.system [exit]\n", 2, "tag"),
        ("seed: 0\nx: !made_up 3\n", 2, "tag"),
        ("seed: 0\nx: *nowhere\n", 2, "undefined alias"),
        ("seed: 0\n[1, 2]: 3\n", 2, "a key must be a word"),
        ("seed: 0\n? {a: 1}\n: 3\n", 2, "a key must be a word"),
        ("seed: 0\nx: 2026-02-30\n", 2, "'2026-02-30' is no timestamp"),
        ("seed: 0\nx: !!int seven\n", 2, "'seven' is no int"),
        ("seed: 0\nx: !!bool perhaps\n", 2, "'perhaps' is no bool"),
        ("seed: 0\nx: !!timestamp soon\n", 2, "'soon' is no timestamp"),
        ("seed: 0\nx: !!map 3\n", 2, "mapping"),
        (f"seed: 0\nx: {'9' * 5000}\n", 2, "is no int"),
        ("seed: 0\nx: a\x00b\n", 2, "#x00"),
        (f"seed: 0\n---\n{WHOLE}", 2, "expected a single document in the stream in line 1, but found another"),
    ],
)
def test_malformed_yaml_is_one_line_with_its_number(faults, content, line, says):
    [fault] = faults(content)
    assert f"some.yaml:{line}: not YAML: " in fault
    assert says in fault
    assert len(fault) < 300


@pytest.mark.parametrize("opening", ["[", "{a: "])
def test_a_file_nested_without_end_is_one_line(faults, opening):
    [line] = faults("a: " + opening * 5000)
    assert "nested too deeply" in line


@pytest.mark.parametrize("content", ["", "# only a comment\n", "---\n", "null\n"])
def test_an_empty_file(faults, content):
    [line] = faults(content)
    assert "is empty" in line


@pytest.mark.parametrize("content", ["- 1\n- 2\n", "hello\n", "3\n", "!!set {seed}\n"])
def test_a_file_without_sections(faults, content):
    [line] = faults(content)
    assert "expected sections" in line


@pytest.mark.parametrize(
    ("content", "number"),
    [(b"seed: 0\n\n" + "# é\n".encode("latin-1") + WHOLE.encode(), 3), (WHOLE.encode("utf-16"), 1)],
)
def test_a_file_that_is_not_utf8(faults, content, number):
    [line] = faults(content)
    assert f"some.yaml:{number}: is not UTF-8 text" in line


def test_a_huge_file_is_not_read_to_its_end():
    with pytest.raises(ConfigError, match="larger than"):
        load_config("/dev/zero")


@pytest.mark.parametrize(
    ("override", "hint"),
    [("data.sorce=npz", "did you mean 'data.source'?"), ("sorce=npz", "did you mean 'data.source'?"),
     ("seed=1", "known here: data")],
)  # fmt: skip
def test_the_data_section_by_itself_knows_no_other_keys(override, hint):
    with pytest.raises(ConfigError, match=re.escape(hint) + "$"):
        load_data_section(override)


def test_line_ends_of_windows_and_a_byte_order_mark_change_nothing(read):
    assert read(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode()) == read(WHOLE)


def test_a_missing_file_is_refused_with_the_nearest_beside_it(tmp_path):
    (tmp_path / "loglik.yaml").write_text(WHOLE)
    with pytest.raises(ConfigError, match=r"logl1k\.yaml: no such file; did you mean .*loglik\.yaml\?"):
        load_config(tmp_path / "logl1k.yaml")
    with pytest.raises(ConfigError, match="no such file"):
        load_config(tmp_path / "nowhere" / "logl1k.yaml")


def test_what_is_no_file_is_one_line(tmp_path):
    (tmp_path / "some.yaml").write_text(WHOLE)
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    for path in (tmp_path, tmp_path / "some.yaml" / "x", tmp_path / "loop.yaml", tmp_path / ("x" * 300)):
        with pytest.raises(ConfigError, match=r"cannot be read: [^\n]+\Z"):
            load_config(path)


def test_a_link_and_a_pipe_are_read_like_files(tmp_path):
    """As bash gives it: --config <(sed ... some.yaml)."""
    (tmp_path / "some.yaml").write_text(WHOLE)
    (tmp_path / "link.yaml").symlink_to("some.yaml")
    assert load_config(tmp_path / "link.yaml") == load_config(tmp_path / "some.yaml")
    reader, writer = os.pipe()
    os.write(writer, WHOLE.encode())
    os.close(writer)
    assert load_config(f"/dev/fd/{reader}") == load_config(tmp_path / "some.yaml")
    os.close(reader)


# ---- the whole schema

EFFECTS = {
    # key: (settings that bring it into play, another value of it)
    "seed": ([], "1"),
    "data.source": ([], "idx"),
    "data.name": ([], "Fashion-MNIST"),
    "data.path": ([], "nowhere.npz"),
    "data.scale": ([], "256"),
    "data.training_size": ([], "40"),
    "data.validation_size": ([], "7"),
    "data.expansion": ([], "one_pixel"),
    "randomness.kind": (["training.dtype=float64"], "book"),
    "randomness.earlier_runs": (
        ["training.dtype=float64", "randomness.kind=book"],
        "[{initializer: scaled, images: 64, epochs: 1}]",
    ),
    "randomness.order_goes_on": (
        ["randomness={kind: book, earlier_runs: [{initializer: scaled, images: 64, epochs: 1}]}"],
        "true",
    ),
    "network.layers": ([], "[12, 5, 4]"),
    "network.hidden_activation": ([], "tanh"),
    "network.output_activation": ([], "sigmoid"),
    "network.cost": ([], "quadratic"),
    "network.output_error": ([], "true_output_only"),
    "network.initializer": ([], "large"),
    "training.epochs": ([], "5"),
    "training.mini_batch_size": ([], "9"),
    "training.learning_rate": ([], "0.4"),
    "training.schedule.kind": ([], "{kind: step, every: 1, factor: 0.5}"),
    "training.schedule.every": (["training.schedule={kind: step, every: 1, factor: 0.5}"], "2"),
    "training.schedule.factor": (["training.schedule={kind: exponential, factor: 0.5}"], "0.6"),
    "training.schedule.patience": (["training.schedule={kind: halving, patience: 1}"], "2"),
    "training.schedule.stop_at": (["training.schedule={kind: halving, patience: 1}"], "2"),
    "training.optimizer.kind": ([], "{kind: adam}"),
    "training.optimizer.nesterov": (["training.optimizer.kind=sgd", "training.momentum=0.5"], "true"),
    "training.optimizer.beta1": (["training.optimizer.kind=adam"], "0.5"),
    "training.optimizer.beta2": (["training.optimizer.kind=adam"], "0.5"),
    "training.optimizer.epsilon": (["training.optimizer.kind=adam"], "1.0"),
    "training.momentum": ([], "0.5"),
    "training.l2": ([], "1"),
    "training.l1": ([], "1"),
    "training.order": ([], "as_stored"),
    "training.early_stopping.patience": (["training.early_stopping.patience=1"], "2"),
    "training.dtype": ([], "float64"),
    "training.monitor": ([], "[train_cost, validation_accuracy]"),
    "training.monitor_every": ([], "4"),
    "training.on_overflow": (["training.learning_rate=1e300"], "go_on"),
    "training.rounding": (["training.dtype=float64"], "book"),
    "output.directory": ([], "elsewhere"),
}


def leaves(model: type[BaseModel], prefix: str = "") -> set[str]:
    """The dotted keys of a schema that hold values, down through sections and the kinds of a section."""
    found = set()
    for name, field in model.model_fields.items():
        if get_origin(field.annotation) is tuple:  # a list is one value
            found.add(prefix + name)
            continue
        inner = (field.annotation, *get_args(field.annotation))
        sections = [each for each in inner if isinstance(each, type) and issubclass(each, BaseModel)]
        for section in sections:
            found |= leaves(section, f"{prefix}{name}.")
        found |= set() if sections else {prefix + name}
    return found


@pytest.fixture
def outcome(tmp_path, dataset):
    """`outcome("key=value", ...)`: where a small run would lie, its records and the parameters it came to."""
    splits = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    arrays = {}
    for name, split in splits.items():
        arrays |= {f"x_{name}": split.images, f"y_{name}": split.labels}
    np.savez(tmp_path / "digits.npz", **arrays)
    path = tmp_path / "small.yaml"
    path.write_text(
        f"data: {{source: npz, path: {tmp_path / 'digits.npz'}}}\n"
        "network: {layers: [12, 6, 4], output_activation: softmax, cost: log_likelihood}\n"
        "training: {epochs: 6, mini_batch_size: 10, learning_rate: 0.5}\n"
    )

    def outcome(*overrides: str):
        settings = load_config(path, *overrides)
        state, digits = start(settings), load_digits(settings.data)
        try:
            records = [record | {"seconds": None} for record in epochs(state, digits, settings)]
        except Diverged:
            records = ["diverged"]
        return default_directory(settings, path), records, state.network.parameters.flat.tolist()

    return outcome


def test_the_table_of_effects_has_every_key_of_the_schema():
    """But for what the book says of a run, which `train` does not read."""
    assert leaves(Config) - {"book"} == set(EFFECTS)


@pytest.mark.parametrize("key", EFFECTS)
def test_changing_any_key_changes_the_run_or_is_refused(outcome, key):
    """A key that is read and then forgotten would show here."""
    context, value = EFFECTS[key]
    key = key.removesuffix(".kind")  # another kind has other settings beside it
    before = outcome(*context)
    if key in (
        "data.source",
        "data.name",
        "data.path",
        "data.expansion",
    ):  # of another kind, elsewhere, no square
        with pytest.raises(ConfigError if key == "data.name" else DataError):
            outcome(*context, f"{key}={value}")
        return
    after = outcome(*context, f"{key}={value}")
    assert after != before
    if key not in (
        "output.directory",
        "data.validation_size",
        "training.monitor",
        "training.monitor_every",
        "training.on_overflow",
        "training.rounding",
        "training.early_stopping.patience",
        "training.dtype",
    ):
        # not only what is reported: the network comes out another, by more than a sum in another order makes it
        assert after[2] != pytest.approx(before[2], abs=1e-3)


def test_the_same_settings_come_to_the_same_bits(outcome):
    """Without which the test above would say nothing."""
    assert outcome() == outcome()


# ---- round trip


@pytest.mark.parametrize("key", EFFECTS)
def test_written_as_yaml_and_read_back_it_is_equal(read, key):
    context, value = EFFECTS[key]
    if key == "data.source":
        context = ["data.path=somewhere"]
    if key == "data.name":
        context = ["data={source: openml}"]
    if key == "data.path":
        context, value = ["data.source=npz"], "somewhere: with 'quotes' é # and \udcff more.npz"
    settings = read(WHOLE, *context, f"{key.removesuffix('.kind')}={value}")
    assert read(settings.to_yaml()) == settings


@pytest.mark.parametrize("rate", [1e-3, 1e-300, 5e-324, 1e22, 0.1 + 0.2, 1.7976931348623157e308])
def test_numbers_are_written_back_to_the_last_bit(read, rate):
    settings = read(WHOLE, f"training.learning_rate={rate!r}")
    assert settings.training.learning_rate == rate
    assert read(settings.to_yaml()) == settings


@pytest.mark.parametrize(
    "name", ["no", "1e3", "3", "null", "- x", "a: b", "über", "a\nb", " a", "1:00", "010", "<<", "="]
)
def test_names_that_yaml_could_take_for_something_else_come_back(read, name):
    settings = read(WHOLE)
    settings = settings.model_copy(update={"output": settings.output.model_copy(update={"directory": name})})
    assert read(settings.to_yaml()) == settings
