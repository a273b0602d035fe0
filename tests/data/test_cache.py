import errno
import os
import resource
import subprocess
import sys
import threading

import numpy as np
import pytest

from mnist_softmax.data import cache
from mnist_softmax.data.cache import cache_path, cached, data_home
from mnist_softmax.data.dataset import Split, sha256

SHAPE = (100, 64)


def digits(fill: int = 7) -> Split:
    return Split(np.full(SHAPE, fill, np.uint8), np.full(SHAPE[0], 3, np.uint8))


def must_not_parse() -> Split:
    raise AssertionError("the cache was not used")


def rewrite(path, **changes):
    with np.load(path) as file:
        arrays = dict(file) | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


def foreign_array(path):
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))


DAMAGE = {
    "truncated": lambda path: os.truncate(path, 5000),
    "empty": lambda path: os.truncate(path, 0),
    "text": lambda path: path.write_text("no digits here"),
    "npy": foreign_array,
    "flipped byte": lambda path: path.write_bytes(path.read_bytes().replace(b"\7" * 50, b"\7" * 49 + b"\6", 1)),
    "other images": lambda path: rewrite(path, images=np.full(SHAPE, 8, np.uint8)),
    "other labels": lambda path: rewrite(path, labels=np.full(SHAPE[0], 4, np.uint8)),
    "other checksum": lambda path: rewrite(path, sha256=np.array("0" * 64)),
    "another shape": lambda path: rewrite(path, images=np.zeros((100, 32), np.uint8)),
    "another type": lambda path: rewrite(path, images=np.full(SHAPE, 7.0)),
    "a missing array": lambda path: rewrite(path, sha256=None),
}


def test_the_second_time_nothing_is_parsed(home):
    cached("toy", SHAPE, digits, [])
    warnings = []
    again, checksum, path = cached("toy", SHAPE, must_not_parse, warnings)
    assert np.array_equal(again.images, digits().images)
    assert np.array_equal(again.labels, digits().labels)
    assert checksum == sha256(digits())
    assert path == home / "mnist_softmax" / "toy.npz"
    assert path.is_file()
    assert warnings == []


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_cache_is_a_warning_and_is_mended(home, kind):
    cached("toy", SHAPE, digits, [])
    path = cache_path("toy")
    DAMAGE[kind](path)
    warnings = []
    again, _, kept = cached("toy", SHAPE, digits, warnings)
    assert again.images[0, 0] == 7
    assert kept == path
    assert len(warnings) == 1
    assert warnings[0].startswith(f"{path}: unusable cache (")
    assert "\n" not in warnings[0]
    cached("toy", SHAPE, must_not_parse, [])


def test_a_data_home_that_cannot_be_made_is_a_warning(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "file" / "home"))
    warnings = []
    again, _, path = cached("toy", SHAPE, digits, warnings)
    assert len(again) == 100
    assert path is None
    assert len(warnings) == 1
    assert "cannot be written (NotADirectoryError: Not a directory)" in warnings[0]
    assert str(tmp_path / "file" / "home") in warnings[0]


def test_a_folder_in_the_place_of_the_cache_is_a_warning(home):
    cache_path("toy").mkdir(parents=True)
    warnings = []
    assert len(cached("toy", SHAPE, digits, warnings)[0]) == 100
    assert len(warnings) == 2  # neither read nor written


def test_a_full_disk_is_a_warning_and_leaves_nothing_behind(home):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    warnings = []
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # no file may grow beyond 1,000 bytes
    try:
        again, _, path = cached("toy", SHAPE, digits, warnings)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(again) == 100
    assert path is None
    assert len(warnings) == 1
    assert list((home / "mnist_softmax").iterdir()) == []


def test_a_write_that_fails_leaves_the_old_file(home, monkeypatch):
    cached("toy", SHAPE, digits, [])

    def no_space(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        cache._write(cache_path("toy"), digits(8), sha256(digits(8)))
    assert cached("toy", SHAPE, must_not_parse, [])[0].images[0, 0] == 7
    assert [path.name for path in (home / "mnist_softmax").iterdir()] == ["toy.npz"]


def test_a_reader_among_many_writers_always_finds_a_whole_cache(home):
    cached("toy", SHAPE, digits, [])
    path = cache_path("toy")

    def write(fill):
        for _ in range(5):
            cache._write(path, digits(fill), sha256(digits(fill)))

    writers = [threading.Thread(target=write, args=(fill,)) for fill in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        warnings = []
        cached("toy", SHAPE, must_not_parse, warnings)
        assert warnings == []
    assert [file.name for file in path.parent.iterdir()] == ["toy.npz"]


def test_the_data_home_follows_scikit_learns_rule(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SCIKIT_LEARN_DATA", raising=False)
    assert data_home() == tmp_path / "scikit_learn_data"
    monkeypatch.setenv("SCIKIT_LEARN_DATA", "~/elsewhere")
    assert data_home() == tmp_path / "elsewhere"


HEAVY = ("sklearn", "pandas", "mlxtend", "matplotlib", "scipy")


@pytest.mark.slow
def test_importing_the_data_and_reading_a_cache_load_no_heavy_package(with_sample, python_environment):
    program = (
        "import sys\n"
        "import mnist_softmax.data.describe\n"
        "from mnist_softmax.config.data import Data\n"
        "from mnist_softmax.data.sources import load_digits\n"
        "assert len(load_digits(Data(source='sample')).train) == 4000\n"
        f"print([name for name in {HEAVY} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=python_environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_what_a_killed_first_parse_left_is_removed_by_the_next_command(home):
    cached("toy", SHAPE, digits, [])
    left = [
        cache_path("toy").with_name(name) for name in (".toy.npz.01234567.writing", ".toy.npz.0a_b1c2d.writing")
    ]
    for path in left:
        path.write_bytes(b"half")
        os.utime(path, (0, 0))
    cached("toy", SHAPE, must_not_parse, [])
    assert [path.name for path in cache_path("toy").parent.iterdir()] == ["toy.npz"]
