"""Installed from its wheel, in an empty directory and with an empty home, the program has all that it needs."""

import os
import subprocess
import sys
import tarfile
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from mnist_softmax import __version__

ROOT = Path(__file__).parents[1]
TRAVELS = [
    path.relative_to(ROOT)
    for path in (ROOT / "mnist_softmax").rglob("*")
    if path.is_file() and path.suffix not in (".pyc", ".pyo")
]


def python(*words: object, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, words)], cwd=cwd, env=env, capture_output=True, text=True, timeout=300
    )


@pytest.fixture(scope="session")
def archives(tmp_path_factory) -> Path:
    """A folder with the wheel and the source archive, built without a word of warning."""
    if find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed, and a test fetches nothing (pip install hatchling)")
    folder = tmp_path_factory.mktemp("archives")
    result = python("-m", "hatchling", "build", "-d", folder, cwd=ROOT)
    assert result.returncode == 0, result.stderr
    assert "warning" not in (result.stdout + result.stderr).lower()
    return folder


@pytest.fixture(scope="session")
def installed(archives, tmp_path_factory) -> Path:
    """Where the wheel has been installed."""
    if find_spec("pip") is None:
        pytest.skip("pip is not installed")
    folder = tmp_path_factory.mktemp("installed")
    [wheel] = archives.glob("*.whl")
    result = python("-m", "pip", "install", "--no-deps", "--no-index", "--target", folder, wheel, cwd=folder)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture
def command(installed, tmp_path):
    """`command("train", ...)`: `mnist-softmax train ...` as installed, in an empty directory with an empty home."""
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "SYSTEMROOT")}
    env = kept | {"HOME": str(home), "PYTHONPATH": str(installed)}

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        return python(installed / "bin" / "mnist-softmax", *words, cwd=here, env=env)

    return command


def test_every_file_of_the_package_travels(installed):
    assert [path for path in TRAVELS if not (installed / path).exists()] == []


def test_the_configs_travel_as_they_are(installed):
    for path in (ROOT / "configs").rglob("*.yaml"):
        copy = installed / "mnist_softmax" / path.relative_to(ROOT)
        assert copy.read_bytes() == path.read_bytes()


def test_the_license_travels(installed):
    [text] = installed.rglob("licenses/LICENSE")
    assert text.read_text() == (ROOT / "LICENSE").read_text()


def test_the_citation_names_the_version():
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == __version__


def test_the_source_archive_holds_all_that_is_needed_to_work_on_it(archives):
    [path] = archives.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    folders = ("tests", "benchmarks", "configs", "scripts", "docs")
    wanted = {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in (".py", ".c", ".yaml", ".md", ".json", ".svg", ".png")
    }
    assert wanted
    wanted |= {
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "CITATION.cff",
        "CONTRIBUTING.md",
        "Makefile",
        "pyproject.toml",
    }
    assert wanted - names == set()


def test_what_runs_is_what_was_installed(installed):
    code = "import mnist_softmax.config.shipped as s; print(s.__file__); print(s.folder())"
    env = {**os.environ, "PYTHONPATH": str(installed)}
    module, folder = python("-c", code, cwd=installed, env=env).stdout.splitlines()
    assert Path(module) == installed / "mnist_softmax" / "config" / "shipped.py"
    assert Path(folder) == installed / "mnist_softmax" / "configs"


def test_it_trains_a_shipped_config_by_its_name(command, tmp_path):
    result = command("train", "--config", "loglik", "data.source=sample", "training.epochs=1")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "here" / "runs" / "loglik" / "seed-0" / "summary.json").is_file()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--version"], "mnist-softmax "),
        (["configs"], "book/ch3_l2_full"),
        (["configs", "loglik"], "cost: log_likelihood"),
        (["reproduce"], "ch3_l2_full"),
        (["explain", "data.source=sample"], "a fresh 784-30-10 network, seed 0"),
        (["gradcheck", "--config", "loglik", "data.source=sample"], "log_likelihood"),
        (["data", "data.source=sample"], "sample"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_commands_need_nothing_beside_them(command, words, says):
    result = command(*words)
    assert result.returncode == 0, result.stderr
    assert says in result.stdout
