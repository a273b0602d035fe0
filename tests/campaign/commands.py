"""Command lines of right and wrong words."""

from __future__ import annotations

from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mnist_softmax.commands.line import COMMANDS, command_parser
from tests.campaign.judge import Fault
from tests.campaign.odd import WORDS, shares
from tests.campaign.part import Part, judge_trial
from tests.campaign.parts import COMPARE, EXPERIMENT, OTHER, REPRODUCE, SWEEP, TRAIN
from tests.campaign.trial import Trial, Words

RIGHT: tuple[Words, ...] = (
    (), ("--help",), ("--version",), TRAIN, ("train", "--config", "small"), COMPARE, SWEEP, REPRODUCE, ("reproduce",),
    ("compare", "small", "other.yaml", "--output", "new", "seed=1"), ("evaluate", "run", "--split", "train"),
    ("sweep", "--config", "small", "--random", "2", "--range", "training.learning_rate=0.1:1:log", "--output", "new"),
    ("sweep", "--config", "small", "--grid", "training.epochs=1,2", "--random", "2", "--random-seed", "3",
    "--output", "x"), ("report", "study"), ("curves", "run", "unfinished", "--metrics", "train_cost", "--plot",
    "c.svg", "--csv", "c.csv"), ("explain",), ("explain", "--run", "run", "--index", "3", "--json"),
    ("explain", "--config", "small", "--plot", "e.png"), ("gradcheck", "--config", "small", "--step", "1e-5",
    "--threshold", "1e-6"), ("lab", "run", "--output", "lab.html"), ("lab", "--open"), ("predict", "run",
    "digit.png", "--json"), ("predict", "run", "."), ("data", "data.source=sample"), ("data",
    "data.source=npz", "data.path=digits.npz"), ("configs",), ("configs", "loglik"), ("export", "run",
    "--format", "onnx", "--output", "n.onnx"), ("export", "run", "--format", "safetensors"),
)  # fmt: skip
OURS = (
    "run", "study", "swept", "unfinished", "digits.npz", "digit.png", "small.yaml", "other.yaml", "small", "loglik",
    "made_up.yaml", "chapter3", "all", "nothing", "new", "new.html", "new.png", "new.svg", "new.xyz",
    "missing/new.png", ".", "seed=1", "seed=x", "seed=-1", "training.epochs=1", "training.epochs=0",
    "training.epochs=x", "training.l2=nan", "training.learning_rate=1e9", "training.learning_rat=1",
    "data.scale=256", "data.source=idx", "data.path=run", "data.training_size=10",
    "data.training_size=1000000", "network.layers=[784, 10]", "network.layers=[784, 3, 9]",
    "network.layers=[784, 99999999, 10]", "network={}", "output.directory=there", "output.directory=a #b",
    "randomness=book", "training.monitor=[test_accuracy]", "training.epochs=1,2,x",
    "training.learning_rate=1:2", "training.epochs=1:3", "train_cost", "train", "validation", "onnx", "npz",
    "dask", "tcp://127.0.0.1:1", "127.0.0.1", "1:log", "=", "a=", "=b", "0", "1", "2", "3", "5", "-1", "1e3",
    "1e-5", "1000000000", "99999999999999999999", "nan", "inf", "-", "--", "-h", "--help", "\udcff",
    "a\udcffb", "x\udcff=1",
)  # fmt: skip
SAFE = tuple(word for word in WORDS if not word.startswith(("/", "~")) and not set(word) & {"\0", "\ud800"})


class Change(NamedTuple):
    """At a share of the words: `insert` these, `replace` one by them, `remove` one, `double` one."""

    where: float
    what: str
    words: Words

    def __call__(self, line: Words) -> Words:
        at = int(self.where * (len(line) + (self.what == "insert")))
        match self.what:
            case "insert":
                return (*line[:at], *self.words, *line[at:])
            case "replace":
                return (*line[:at], *self.words, *line[at + 1 :])
            case "remove":
                return (*line[:at], *line[at + 1 :])
        return (*line[:at], *line[at : at + 1] * 2, *line[at + 1 :])


class Line(NamedTuple):
    """A right command line and what is changed of it."""

    right: Words
    changes: tuple[Change, ...]

    def words(self) -> Words:
        """In the end. No other processes: they would take their time to begin."""
        line = self.right
        for change in self.changes:
            line = change(line)
        jobs = [at for at, word in enumerate(line[:-1]) if word == "--jobs" and line[at + 1].isdigit()]
        return tuple("1" if at - 1 in jobs and int(word) > 1 else word for at, word in enumerate(line))

    def __str__(self) -> str:
        return " ".join(map(ascii, self.words()))


def strategy(root: Path) -> SearchStrategy[Line]:
    """One to three changes, each of a word, or of an option with its value."""
    _make_shipped(root / "shipped" / "configs")
    word = st.sampled_from((*OURS, *OURS, *SAFE))
    option = st.sampled_from(_options())
    words = st.tuples(word) | st.tuples(option) | st.tuples(option, word) | st.just((*COMMANDS,)).flatmap(_one)
    change = st.builds(
        Change, shares(), st.sampled_from(("insert", "insert", "replace", "remove", "double")), words
    )
    return st.builds(Line, st.sampled_from(RIGHT), st.lists(change, min_size=1, max_size=3).map(tuple))


def judge(line: Line, root: Path) -> list[Fault]:
    """Among a run, a comparison and a sweep; the configs that are shipped are small ones here."""
    environment = {
        "HOME": "home",
        "SCIKIT_LEARN_DATA": str(root / "home"),
        "LOKY_MAX_CPU_COUNT": "1",  # no other processes where none are asked for
    }
    prepare = partial(_ship, root / "shipped")
    return judge_trial(Trial(root / "trained", (line.words(),), {}, environment, prepare), root)


def _one(names: Words) -> SearchStrategy[Words]:
    return st.tuples(st.sampled_from(names))


def _options() -> list[str]:
    """Of all commands."""
    _, known = command_parser()
    return sorted({"--version", "--print-completion", *chain(*known.values())})


def _make_shipped(folder: Path) -> None:
    (folder / "book").mkdir(parents=True, exist_ok=True)
    sample = "{source: sample, training_size: 100}"
    for name, text in (("loglik", OTHER), ("quadratic", OTHER)):
        (folder / f"{name}.yaml").write_text(text.replace("{source: npz, path: digits.npz}", sample))
    (folder / "book" / "ch3_small.yaml").write_text(EXPERIMENT)


def _ship(package: Path) -> None:
    from mnist_softmax.config import shipped

    shipped.PACKAGE = package


PART = Part(strategy, judge)
