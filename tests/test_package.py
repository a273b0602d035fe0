"""Installed from its wheel, in an empty directory and with an empty home, the program has all that it needs."""

import os
import re
import shlex
import subprocess
import sys
import tarfile
import textwrap
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from PIL import Image, ImageDraw

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
    env = kept | {"HOME": str(home), "PYTHONPATH": str(installed), "BROWSER": "true"}

    def command(*words: str, **further: str) -> subprocess.CompletedProcess[str]:
        program = ["-c", words[1]] if words[0] == "-c" else [installed / "bin" / "mnist-softmax", *words]
        return python(*program, cwd=here, env=env | further)

    return command


@pytest.mark.slow
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
        ".ci/run",
        "notebooks/01_the_question.md",
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


@pytest.mark.slow
def test_it_trains_a_shipped_config_by_its_name(command, tmp_path):
    result = command("train", "--config", "loglik", "data.source=sample", "training.epochs=1")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "here" / "runs" / "loglik" / "seed-0" / "summary.json").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--version"], "mnist-softmax "),
        (["configs"], "book/ch3_l2_full"),
        (["configs", "loglik"], "cost: log_likelihood"),
        (["configs", "--schema"], '"additionalProperties": false'),
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


README = (ROOT / "README.md").read_text(encoding="utf-8")
FEW = ["data.source=sample", "data.training_size=60", "data.validation_size=30", "training.epochs=1"]
QUICKSTART = "train --config loglik"
FAILS = ["gradcheck --config loglik_wrong_gradient"]  # with exit code 1, as README says
ENDS = {"train": "run ", "predict": "a_9", "lab": "needs no network", "explain": "y_j (a_j - 1)"}


@pytest.mark.slow
def test_every_command_of_the_readme_works(command, tmp_path):
    """In the order in which they stand there, where they train on a few digits; the folder is empty at first."""
    lines = re.findall(r"^mnist-softmax (.*?)(?: +#.*)?$", README, re.MULTILINE)
    assert len(lines) > 8
    drawn = Image.new("L", (200, 200), 255)
    ImageDraw.Draw(drawn).line([(60, 40), (140, 40), (90, 160)], fill=0, width=18)
    drawn.save(tmp_path / "here" / "photo.png")
    for line in [QUICKSTART, *lines]:
        words = shlex.split(line)
        if words[0] == "reproduce" and len(words) > 1:
            continue  # needs all digits
        few = FEW if words[0] in ("train", "compare", "sweep") else []
        few = ["data.source=sample"] if words[0] in ("explain", "gradcheck", "lab") else few
        result = command(*words, *few)
        assert result.returncode == (line in FAILS), (line, result.stderr)
        assert "Traceback" not in result.stderr
        assert ENDS.get(words[0], "") in result.stdout, line
    here = tmp_path / "here"
    for name in ("lab.html", "comparison/report.html", "sweep/results.md"):
        assert (here / name).is_file(), name
    for line in (
        "evaluate runs/loglik/seed-0",
        "curves runs/loglik/seed-0 --csv curves.csv --plot curves.png",
        "export runs/loglik/seed-0 --format npz",
        "train --config loglik --print-config",
        "configs --schema",
    ):
        result = command(*line.split())
        assert result.returncode == 0, (line, result.stderr)


@pytest.mark.slow
def test_the_program_of_the_readme_works(command):
    """Its two configs on the sample, for one epoch."""
    [block] = re.findall(r"```python\n(import mnist_softmax as ms\n.*?)```", README, flags=re.DOTALL)
    few = block.replace('"training.epochs=3"', '"training.epochs=1", "data.source=sample"')
    assert few.count("data.source=sample") == 2
    result = command("-c", f"if __name__ == '__main__':\n{textwrap.indent(few, '    ')}")
    assert result.returncode == 0, result.stderr
    assert "points above" in result.stdout


@pytest.mark.slow
@pytest.mark.full_mnist
def test_it_reproduces_the_book(command, full_mnist):
    home = os.environ.get("SCIKIT_LEARN_DATA", str(Path.home() / "scikit_learn_data"))
    result = command("reproduce", "ch1_random_guess", "ch1_average_darkness", SCIKIT_LEARN_DATA=home)
    assert result.returncode == 0, result.stderr
    assert "2,225" in result.stdout
