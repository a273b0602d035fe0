"""A config is meant by its path, or by its name where it is one of those that travel with the program."""

from pathlib import Path

import pytest

from mnist_softmax.config import shipped as shipped_file
from mnist_softmax.config.file import load_config, read_yaml
from mnist_softmax.config.shipped import find_shipped, folder, nearest, shipped
from mnist_softmax.errors import ConfigError
from mnist_softmax.runs.run import default_directory

CONFIGS = Path(__file__).parents[2] / "configs"
NETWORKS = [name for name, path in shipped().items() if "network" in read_yaml(path)]


def test_a_checkout_has_its_own_configs():
    assert folder() == CONFIGS
    assert set(shipped().values()) == set(CONFIGS.rglob("*.yaml"))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_name_means_the_same_config_as_its_path_in_any_directory(name, tmp_path, monkeypatch):
    path = CONFIGS / f"{name}.yaml"
    monkeypatch.chdir(tmp_path)
    settings = load_config(name, "seed=3")
    assert settings == load_config(path, "seed=3")
    assert load_config(name.rpartition("/")[2], "seed=3") == settings


def test_a_run_by_name_lies_where_a_run_by_path_does():
    settings = load_config("ch3_l2_full")
    directory = default_directory(settings, CONFIGS / "book" / "ch3_l2_full.yaml")
    assert (
        default_directory(settings, "book/ch3_l2_full")
        == default_directory(settings, "ch3_l2_full")
        == directory
    )


def test_no_two_configs_share_the_last_part_of_a_name():
    """One of them could not be meant by it."""
    last = [name.rpartition("/")[2] for name in shipped()]
    assert len(set(last)) == len(last)


def test_a_file_of_that_name_wins_and_a_folder_does_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("loglik").mkdir()
    assert load_config("loglik") == load_config(CONFIGS / "loglik.yaml")
    Path("quadratic").write_text((CONFIGS / "quadratic.yaml").read_text().replace("seed: 0", "seed: 77"))
    assert load_config("quadratic").seed == 77


def test_a_fault_in_a_shipped_config_is_told_by_the_name_that_was_given():
    with pytest.raises(ConfigError, match=r"\Acommand line: training\.epochs = 0: expected greater than 0\Z"):
        load_config("loglik", "training.epochs=0")
    with pytest.raises(ConfigError, match=r"\Ach1_svm_default: network: is missing\nch1_svm_default: training"):
        load_config("ch1_svm_default")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("logl1k", "loglik"), ("crossentropy", "cross_entropy"), ("ch3_l2_ful", "ch3_l2_full"),
     ("configs/logl1k.yaml", "loglik"), ("loglik.yaml", "loglik"), ("book/ch3_ce_3", "ch3_ce_30")],
)  # fmt: skip
def test_an_unknown_name_is_one_line_with_the_nearest(written, meant, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as refused:
        load_config(written)
    assert str(refused.value) == f"{written}: no such file; did you mean {meant}?"


@pytest.mark.parametrize("written", ["small", "smal", "small.yml", "smal.yaml"])
def test_of_files_and_shipped_configs_the_nearest_is_meant_whatever_the_ending(written, tmp_path, monkeypatch):
    """small is in ch3_small, too, but it is all of small.yaml."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shipped_file, "PACKAGE", tmp_path / "package")
    for name in ("small.yaml", "package/configs/book/ch3_small.yaml"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("{}")
    assert nearest(written) == "; did you mean small.yaml?"
    assert nearest("ch3_smal") == "; did you mean ch3_small?"


def test_what_is_to_be_printed_is_a_shipped_config_and_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("{}")
    for written, said in (
        ("mien", "`mnist-softmax configs` lists those"),
        ("logl1k.yaml", "did you mean loglik?"),
    ):
        with pytest.raises(ConfigError, match=f"{written}: no such config; {said}"):
            find_shipped(written)


def test_outside_a_checkout_its_path_there_is_the_shipped_config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_config("configs/loglik.yaml") == load_config("loglik")
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "loglik.yaml").write_text("mine: 1")
    with pytest.raises(ConfigError, match="unknown key 'mine'"):
        load_config("configs/loglik.yaml")


def test_a_name_that_is_like_no_other_is_referred_to_the_list():
    for read, missing in ((load_config, "file"), (find_shipped, "config")):
        with pytest.raises(ConfigError) as refused:
            read("zzzzzzzz")
        said = f"zzzzzzzz: no such {missing}; `mnist-softmax configs` lists those that are shipped"
        assert str(refused.value) == said
