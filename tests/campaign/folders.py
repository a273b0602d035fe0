"""Folders of runs and comparisons of which one file is not as the program has left it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.campaign.archives import member_changes
from tests.campaign.data import ODD, WHOLE
from tests.campaign.judge import Fault
from tests.campaign.odd import TreeChange, byte_changes, changed, mixed, tree_changes
from tests.campaign.part import Part, judge_trial
from tests.campaign.parts import COMPARE, SWEEP, TRAIN
from tests.campaign.trial import Content, Trial, Words

RUN = ("config.yaml", "metrics.jsonl", "checkpoint.npz", "model.npz", "summary.json")
READERS: dict[str, tuple[Words, ...]] = {
    "run": (
        ("evaluate", "run"),
        ("curves", "run", "--csv", "curves.csv"),
        ("explain", "--run", "run"),
        ("predict", "run", "digit.png"),
        ("export", "run", "--format", "onnx"),
        ("export", "run", "--format", "safetensors"),
        ("lab", "run"),
        (*TRAIN, "--resume", "training.epochs=4"),
    ),
    "unfinished": ((*TRAIN[:-1], "unfinished", "--resume"), ("evaluate", "unfinished"), ("curves", "unfinished")),
    "study": (("report", "study"), COMPARE),
    "swept": (("report", "swept"), SWEEP),
}  # fmt: skip
FILES = {
    "run": RUN,
    "unfinished": RUN[:3],
    "study": ("study.json", "results.json", "exhibits.json", "slowdown.json",
              *(f"runs/small/seed-1/{name}" for name in RUN)),
    "swept": ("study.json", "results.json", *(f"runs/learning_rate=0.1/seed-0/{name}" for name in RUN)),
}  # fmt: skip


class Damaged(NamedTuple):
    """One file of a folder, and what is done to it."""

    folder: str
    file: str
    changes: tuple[Any, ...]
    """Of its tree, where it is JSON or YAML; or of its bytes."""
    instead: Content | None

    def content(self, root: Path) -> Content:
        """What lies there in the end."""
        whole = (root / "trained" / self.folder / self.file).read_bytes()
        trees = [change for change in self.changes if isinstance(change, TreeChange)]
        if trees:
            whole = _with_changes(self.file, whole, trees)
        for change in self.changes:
            if not isinstance(change, TreeChange):
                whole = change(whole)
        return whole if self.instead is None else self.instead


def strategy(root: Path) -> SearchStrategy[Damaged]:
    """Each folder and file alike; what is done to it depends on its kind."""
    places = [(folder, file) for folder, files in FILES.items() for file in files]
    # a report takes a second where another command takes a twentieth of it
    places += [place for place in places if place[0] in ("run", "unfinished")] * 2
    return mixed(*((1, _damaged(place)) for place in places))


def _damaged(place: tuple[str, str]) -> SearchStrategy[Damaged]:
    folder, file = place
    inside = member_changes() if file.endswith(".npz") else tree_changes()
    deep = st.lists(inside, min_size=1, max_size=2).map(tuple)
    shallow = st.lists(byte_changes(), min_size=1, max_size=2).map(tuple)
    instead = st.sampled_from((*ODD, *WHOLE))
    here = st.just(folder), st.just(file)
    return mixed(
        (5, st.builds(Damaged, *here, deep, st.none())),
        (2, st.builds(Damaged, *here, shallow, st.none())),
        (1, st.builds(Damaged, *here, st.just(()), instead)),
    )


def judge(damaged: Damaged, root: Path) -> list[Fault]:
    """Every command that reads such a folder, each on a folder of its own."""
    files = {f"{damaged.folder}/{damaged.file}": damaged.content(root)}
    found = []
    for words in READERS[damaged.folder]:
        found += judge_trial(Trial(root / "trained", (words,), files), root)
    return found


def _with_changes(file: str, whole: bytes, changes: list[TreeChange]) -> bytes:
    text = whole.decode()
    if file.endswith(".yaml"):
        tree = changed(yaml.safe_load(text), changes)
        try:
            return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True).encode("utf-8", "surrogatepass")
        except yaml.YAMLError:
            return repr(tree).encode("utf-8", "surrogatepass")
    if file.endswith(".jsonl"):
        records = changed([json.loads(line) for line in text.splitlines()], changes)
        records = records if isinstance(records, list) else [records]
        return "".join(f"{json.dumps(record)}\n" for record in records).encode("utf-8", "surrogatepass")
    return json.dumps(changed(json.loads(text), changes)).encode("utf-8", "surrogatepass")


PART = Part(strategy, judge)
