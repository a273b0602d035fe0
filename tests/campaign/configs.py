"""Configs as nobody should write them: wrong values and types in every key, and YAML that is odd in itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mnist_softmax.config.config import Config
from mnist_softmax.config.schema import Section
from tests.campaign import child
from tests.campaign.judge import Fault, faults
from tests.campaign.odd import byte_changes, changed, odd_values, shares, tree_changes
from tests.campaign.part import Part, judge_trial, scratch
from tests.campaign.trial import Trial

EVERY = 50  # one in so many goes through a Python of its own
SNIPPETS = (
    "!!python/object/apply:os.system ['touch owned']", "!!python/name:os.system", "!!int ''", "!!int '-'", "!!int x",
    "!!float ''", "!!float '-.'", "!!bool maybe", "!!binary 'x'", "!!binary '===='", "!!timestamp 2026-02-30",
    "!!set {a, b}", "!!omap [a: 1]", "!!pairs [a: 1, a: 2]", "!!null x", "!!str [a]", "!!map [a]", "!!seq {a: 1}",
    "!unknown x", "!<tag:yaml.org,2002:int> ''", "*nowhere", "&a [*a]", "&a {b: *a}", "<<: {epochs: 3}", "<<: 3",
    "<<: [1, 2]", "010", "0o10", "1:00", "190:20:30", "0x1F", "0b11", "1_000", "1e400", "-.inf", ".nan", "1e-400",
    "2026-01-01", "2026-01-01T25:00:00Z", "yes", "off", "~", "''", "'", '"', '"\\x00"', '"\\e[31m"', '"\\ud800"',
    '"\\u202e"', '"\\u2028"', "|\n  text", ">-\n  text", "? [a]\n: b", "? {a: b}\n: c", "{", "}", "[", "]", "[1, 2",
    "- a\n- b", "---", "...", "--- a\n--- b", "%YAML 1.2\n---", "%TAG ! tag:x,2000:\n---", "%NO", "#", "@a", "`a`",
    "\t", "\ufeff", "\x07", "\x1b[2J", "\x7f", "\x85", "\u2028", "a" * 3000, "[" * 500, "{a: " * 500, "-" * 200,
    "9" * 5000, "1" + "0" * 400, "&a " + "x" * 2000,
)  # fmt: skip
BOMB = "".join(
    f"b{k}: &b{k} [{', '.join([f'*b{k - 1}' if k else 'x'] * 9)}]\n" for k in range(9)
)  # 9^9 words in 300 bytes


class Written(NamedTuple):
    """A config file, what the command line lays over it, and whether a Python of its own is to read it."""

    content: bytes
    overrides: tuple[str, ...]
    alone: bool

    def __str__(self) -> str:
        return f"{self.content!r:.1500}\n{' '.join(map(ascii, self.overrides))[:500]}"


def strategy(root: Path) -> SearchStrategy[Written]:
    """Of a right config some keys are changed, then of its text some places."""
    right = yaml.safe_load((root / "begun" / "small.yaml").read_text())
    keys = [*_keys(Config)]
    whole = st.lists(tree_changes(keys), max_size=3).map(lambda changes: _as_yaml(changed(right, changes)))
    text = st.tuples(whole, st.lists(_text_changes(), max_size=2)).map(_with_snippets)
    content = st.tuples(text.map(_encoded), st.just([]) | st.lists(byte_changes(), max_size=2)).map(
        lambda both: _all(both[1], both[0])
    )
    names = st.sampled_from([".".join(map(str, key)) for key in keys]) | st.text(max_size=8)
    values = odd_values().map(lambda value: str(value)[:2000]) | st.sampled_from(SNIPPETS)
    pairs = st.lists(
        st.builds("{}={}".format, names, values).map(lambda pair: pair.replace("\0", "")), max_size=2
    )
    return st.builds(
        Written, content, pairs.map(tuple), st.integers(1, EVERY).map(lambda number: number == EVERY)
    )


def judge(written: Written, root: Path) -> list[Fault]:
    """As `train` reads it, up to the digits; or with `explain`, which does no more than reading takes."""
    trial = Trial(root / "begun", (), {"odd.yaml": written.content})
    if not written.alone:
        words = ("train", "--config", "odd.yaml", "--output", "run", *written.overrides)
        return judge_trial(Trial(trial.base, (words,), trial.files, prepare=_stop_at_the_digits), root)
    with scratch(root) as folder:
        trial.lay_out(folder / "here")
        words = ("explain", "--config", "odd.yaml", *written.overrides)
        command = [sys.executable, "-m", "mnist_softmax", *words]
        try:
            result = subprocess.run(
                command, capture_output=True, cwd=folder / "here", timeout=3 * child.HANG, env=_environment()
            )
        except subprocess.TimeoutExpired:
            return [Fault("hang", "alone")]
        except UnicodeEncodeError:  # no terminal could have sent it
            return []
        return [*faults(child.Answer(result.returncode, result.stdout, result.stderr, 0))]


def _stop_at_the_digits() -> None:
    """What is tried is the config alone: a right one is not trained."""
    from mnist_softmax.data import sources

    def stop(data: object) -> None:
        raise SystemExit(0)

    sources.load_digits = stop


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


# ---- how one is written


def _keys(section: type[Section], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every key of the schema, with those of the sections in it."""
    from mnist_softmax.config.faults import _alternatives, _sections

    found = []
    for name, field in section.model_fields.items():
        found.append((*above, name))
        for inner in _sections(_alternatives(field.annotation)):
            found += _keys(inner, (*above, name))
    return found


def _as_yaml(tree: Any) -> str:
    try:
        return yaml.safe_dump(tree, sort_keys=False, default_flow_style=None, allow_unicode=True)
    except yaml.YAMLError:  # such as a value that YAML cannot write
        return repr(tree)


def _text_changes() -> SearchStrategy[tuple[float, str]]:
    return st.tuples(shares(), st.sampled_from((*SNIPPETS, BOMB, BOMB + "seed: *b8\n")))


def _with_snippets(text_and_changes: tuple[str, list[tuple[float, str]]]) -> str:
    """Put each snippet in the place of a value, or on a line of its own."""
    text, changes = text_and_changes
    for where, snippet in changes:
        lines = text.split("\n")
        number = int(where * (len(lines) - 1))
        before, colon, _ = lines[number].partition(": ")
        indented = snippet.replace("\n", "\n  ")
        lines[number] = before + colon + indented if colon and "b8" not in snippet else snippet
        text = "\n".join(lines)
    return text


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _all(changes: list[Any], content: bytes) -> bytes:
    for change in changes:
        content = change(content)
    return content


PART = Part(strategy, judge)
