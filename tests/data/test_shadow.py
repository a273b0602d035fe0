"""scikit-learn deletes what it cannot parse; the user's files outlive that, and the true cause is said."""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import pytest
import sklearn
import sklearn.datasets

from mnist_softmax.config.data import Data
from mnist_softmax.data import openml
from mnist_softmax.data.cache import data_home
from mnist_softmax.data.shadow import NAMES, shadow
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import DataError

SITE = "openml/openml.org"
ARFF = b"@RELATION mnist_784\n@ATTRIBUTE pixel1 REAL\n@ATTRIBUTE class {0,1}\n@DATA\n3,0\n5,1\n"
ZIPPED = gzip.compress(ARFF)
DESCRIPTION = {
    "id": "554", "name": "mnist_784", "version": "1", "format": "ARFF", "file_id": "52667", "status": "active",
    "url": "https://openml.org/data/v1/download/52667/mnist_784.arff", "default_target_attribute": "class",
    "description": "", "md5_checksum": hashlib.md5(ARFF).hexdigest(),
}  # fmt: skip
FEATURES = [
    {"index": str(k), "name": name, "data_type": kind, "is_target": target, "is_ignore": "false",
     "is_row_identifier": "false", "number_of_missing_values": "0"}
    for k, (name, kind, target) in enumerate([("pixel1", "numeric", "false"), ("class", "nominal", "true")])
]  # fmt: skip
DATASET = {"did": 554, "name": "mnist_784", "version": 1, "status": "active"}
ANSWERS = {
    "data/list/data_name/mnist_784/limit/2/data_version/1": {"data": {"dataset": [DATASET]}},
    "data/554": {"data_set_description": DESCRIPTION},
    "data/features/554": {"data_features": {"feature": FEATURES}},
    "data/qualities/554": {"data_qualities": {"quality": [{"name": "NumberOfInstances", "value": "2.0"}]}},
}

# older ones ask OpenML for other answers than those that are laid down here
asks_as_1_9 = pytest.mark.skipif(
    tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 9),
    reason="the answers are those of scikit-learn 1.9",
)


@pytest.fixture
def filled(home):
    """`filled(content, name)`: a data home as scikit-learn leaves it, but that its digits are two of one pixel."""

    def fill(content=ZIPPED, name=NAMES[0]):
        files = {
            f"api/v1/json/{key}.gz": gzip.compress(json.dumps(answer).encode())
            for key, answer in ANSWERS.items()
        }
        for key, each in (files | {name: content}).items():
            (home / SITE / key).parent.mkdir(parents=True, exist_ok=True)
            (home / SITE / key).write_bytes(each)
        return home / SITE / name

    return fill


def fault() -> str:
    with pytest.raises(DataError) as caught:
        load_digits(Data(source="openml"))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def snapshot(home):
    return {path: path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("name", NAMES)
def test_the_digits_are_found_under_the_names_of_all_versions(filled, home, offline, name):
    """They are read: that there are two of one pixel is what is wrong with them."""
    filled(name=name)
    before = snapshot(home)
    assert "found (2, 1) uint8" in fault()
    assert snapshot(home) == before


@asks_as_1_9
@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", ZIPPED[:-20], gzip.compress(b"no ARFF"), gzip.compress(ARFF + b"x,y\n")],
    ids=["empty", "text", "cut off", "other text", "another line"],
)
def test_a_damaged_file_is_named_and_kept(filled, home, offline, content):
    path = filled(content)
    before = snapshot(home)
    text = fault()
    assert f"{path}: cannot be parsed (" in text
    assert "left as it is" in text
    assert snapshot(home) == before


@asks_as_1_9
@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_a_damaged_answer_is_named_and_kept(filled, home, offline, name):
    filled()
    (home / SITE / f"api/v1/json/{name}.gz").write_bytes(b"damaged")
    before = snapshot(home)
    assert f"{name}.gz: cannot be parsed (" in fault()
    assert snapshot(home) == before


@pytest.mark.parametrize("error", [MemoryError("no room"), OSError(28, "No space left on device")])
def test_what_is_short_is_said_and_the_digits_stay(filled, home, offline, monkeypatch, error):
    from sklearn.datasets import _openml

    def fail(*args, **kwargs):
        raise error

    filled()
    before = snapshot(home)
    monkeypatch.setattr(_openml, "load_arff_from_gzip_file", fail)
    assert type(error).__name__ in fault()
    assert snapshot(home) == before


def test_what_is_fetched_is_put_into_the_data_home_and_nothing_there_is_replaced(filled, home, monkeypatch):
    kept = filled()

    def fetch(*args, data_home, **kwargs):
        new = os.path.join(data_home, SITE, "new.gz")
        for path in (new, os.path.join(data_home, SITE, NAMES[0])):
            if os.path.lexists(path):
                os.unlink(path)
            with open(path, "wb") as file:
                file.write(b"fetched")
        return type(
            "Bunch", (), {"data": np.full((70_000, 784), 9, np.uint8), "target": np.zeros(70_000, np.uint8)}
        )

    before = kept.read_bytes()
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    assert len(openml.fetch("mnist_784")) == 70_000
    assert (home / SITE / "new.gz").read_bytes() == b"fetched"
    assert kept.read_bytes() == before


def test_a_shadow_leaves_nothing_behind(filled, home):
    filled()
    with shadow(data_home()) as folder:
        assert len([*folder.rglob("*.gz")]) == 6
        shutil.rmtree(folder / "openml")
    assert not folder.exists()
    assert len([*home.rglob("*.gz")]) == 5


KILLED = """
import os, signal
from mnist_softmax.data.cache import data_home
from mnist_softmax.data.shadow import shadow
with shadow(data_home()):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills with SIGKILL")
def test_the_shadow_of_a_killed_process_goes_with_the_next(filled, home, tmp_path, monkeypatch):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    filled()
    before = snapshot(home)
    subprocess.run([sys.executable, "-c", KILLED])
    [left] = (tmp_path / "tmp").iterdir()
    os.utime(left / ".in-use", (0, 0))
    with shadow(data_home()) as folder:
        assert [*(tmp_path / "tmp").iterdir()] == [folder]
    assert [*(tmp_path / "tmp").iterdir()] == []
    assert snapshot(home) == before
