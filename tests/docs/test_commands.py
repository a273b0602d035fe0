"""Every command of README and docs is one that the program takes, and those that train are run on a few digits."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from small_run import run_command

from mnist_softmax.book.experiment import find_experiments
from mnist_softmax.commands import line as command_line
from mnist_softmax.config.file import load_config
from mnist_softmax.config.shipped import find_shipped

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SHELL = {"monitor": "training.monitor=[train_cost]", "config": "loglik"}  # what a loop of a page sets
FEW = ["data.source=sample", "data.training_size=60", "data.validation_size=30", "training.epochs=1"]
FORM = re.compile(r"\.\.\.|\b(KEY|ID|NAME|RUN_DIR|DIR|FILE)\b")


def commands() -> list[str]:
    """Every line of a block of commands that begins with mnist-softmax, and every such word in the text."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)  # what is not there yet
        found += re.findall(r"^ *(mnist-softmax .*)$", text, re.MULTILINE)
        found += re.findall(r"`(mnist-softmax [^`]+)`", text)
    cleaned = (re.sub(r"\s+# .*$|>.*$", "", line).strip() for line in found)
    return [
        *dict.fromkeys(line for line in cleaned if line != "mnist-softmax --help" and not FORM.search(line))
    ]


def words_of(command: str) -> list[str]:
    """The words that the shell would give to the program; braces and variables as a shell writes them out."""
    for name, value in SHELL.items():
        command = command.replace(f"${name}", value)
    words = []
    for word in shlex.split(command)[1:]:
        braces = re.fullmatch(r"([\w/]+)\{([\w,]+)\}(.*)", word)
        words += [braces[1] + each + braces[3] for each in braces[2].split(",")] if braces else [word]
    return words


COMMANDS = commands()


def test_there_are_many():
    assert len(COMMANDS) > 60


@pytest.mark.parametrize("command", COMMANDS)
def test_the_program_takes_it(command):
    """Options, keys and values are right, and configs and experiments of these names are shipped."""
    if len(command.split()) == 2:  # a command's name
        assert command.split()[1] in command_line.COMMANDS
        return
    options = command_line.parse(words_of(command))
    pairs = options.overrides + [word for word in getattr(options, "configs", ()) if "=" in word]
    for name in [getattr(options, "config", None), *(getattr(options, "configs", None) or ())]:
        if name and "=" not in name:
            find_shipped(name)
            if options.command in ("train", "explain", "gradcheck", "compare", "sweep"):
                load_config(name, *pairs)
    if options.command == "reproduce" and options.ids:
        assert find_experiments(options.ids)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [c for c in COMMANDS if c.startswith("mnist-softmax train") and "[" not in c[:25] and "--print" not in c],
)
def test_training_runs(command, tmp_path):
    """On sixty images of the sample, for one epoch."""
    few = [pair for pair in FEW if not (pair.startswith("data.source") and "data.source" in command)]
    few += ["data.name=null"] * ("--config fashion" in command)  # the sample has none
    small = ["training.mini_batch_size=30"] if "ch5_speed" in command or "_size=100" in command else []
    result = run_command(*words_of(command), *few, *small, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert list(tmp_path.rglob("model.npz"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [c for c in COMMANDS if re.match(r"mnist-softmax (explain|gradcheck --|configs|data|train .*--print)", c)],
)
def test_looking_runs(command, tmp_path):
    sample = [] if "data." in command or "configs" in command else ["data.source=sample"]
    result = run_command(*words_of(command), *sample, cwd=tmp_path)
    assert result.returncode == ("loglik_wrong_gradient" in command), result.stderr


def test_the_algorithm_runs_as_a_module():
    assert "python -m mnist_softmax.plain" in (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    words = [sys.executable, "-c", "import mnist_softmax.plain"]  # tests/test_plain.py runs it whole
    assert subprocess.run(words).returncode == 0


def test_the_quickstart_is_that_of_the_makefile():
    readme, makefile = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "Makefile"))
    for line in ("make train ", "make test "):
        assert f"\n{line}" in readme
        assert f"\n{line.split()[1]}: .venv" in makefile
    assert "python scripts/train.py --config configs/loglik.yaml" in readme
    assert "$(BIN)/python scripts/train.py --config configs/loglik.yaml" in makefile


def test_the_readme_stays_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 250
