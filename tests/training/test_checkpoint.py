"""Checkpoints: training goes on to the same bits, damage is told in one line, files are replaced whole."""

import hashlib
import json
import os
import stat
from itertools import islice

import numpy as np
import pytest

from mnist_softmax.errors import RunDirectoryError
from mnist_softmax.files import replacing
from mnist_softmax.training.checkpoint import load_model, load_state, save, save_model, snapshot
from mnist_softmax.training.loop import epochs, start

WAYS = {
    "plain": {},
    "plain with l2": {"l2": 0.3},
    "l1": {"l1": 0.3},
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9, "optimizer": {"kind": "sgd", "nesterov": True}},
    "adam": {"optimizer": {"kind": "adam"}, "learning_rate": 0.01},
    "adam with penalties": {"optimizer": {"kind": "adam", "beta1": 0.5}, "l1": 0.3, "l2": 0.3},
    "early stopping": {"early_stopping": {"patience": 9}},
    "early stopping and momentum": {"early_stopping": {"patience": 9}, "momentum": 0.5},
    "halving": {"schedule": {"kind": "halving", "patience": 1}, "learning_rate": 3.0},
    "step": {"schedule": {"kind": "step", "every": 3, "factor": 0.1}},
    "exponential": {"schedule": {"kind": "exponential", "factor": 0.5}},
}


def save_state(path, state, checksum):
    """A checkpoint, and its history beside it, as a run writes them."""
    lines = "".join(json.dumps(record) + "\n" for record in state.history).encode()
    path.with_name("metrics.jsonl").write_bytes(lines)
    save(path, snapshot(state, checksum, hashlib.sha256(lines).hexdigest()))


def without_time(history):
    return [{key: value for key, value in record.items() if key != "seconds"} for record in history]


@pytest.mark.parametrize("done", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("way", WAYS)
def test_training_on_from_a_checkpoint_gives_the_bits_of_training_through(
    dataset, settings, tmp_path, way, dtype, done
):
    chosen = settings(epochs=4, dtype=dtype, **WAYS[way])
    through = start(chosen)
    list(epochs(through, dataset, chosen))

    before = start(chosen)
    list(islice(epochs(before, dataset, chosen), done))
    save_state(tmp_path / "checkpoint.npz", before, dataset.checksum)
    after = load_state(tmp_path / "checkpoint.npz", chosen, dataset.checksum)
    assert after.history == before.history
    records = list(epochs(after, dataset, chosen))
    assert [record["epoch"] for record in records] == list(range(done + 1, 5))

    np.testing.assert_array_equal(after.network.parameters.flat, through.network.parameters.flat)
    assert without_time(after.history) == without_time(through.history)
    assert after.order.state == through.order.state
    assert (after.best is None) == (through.best is None)
    assert after.slots.keys() == through.slots.keys()
    for name, slot in through.slots.items():
        np.testing.assert_array_equal(after.slots[name].flat, slot.flat)
    if through.best is not None:
        np.testing.assert_array_equal(after.best, through.best)


def test_saving_disturbs_nothing(dataset, settings, tmp_path):
    chosen = settings(momentum=0.5)
    undisturbed, saved = start(chosen), start(chosen)
    list(epochs(undisturbed, dataset, chosen))
    for _ in epochs(saved, dataset, chosen):
        save_state(tmp_path / "checkpoint.npz", saved, dataset.checksum)
    np.testing.assert_array_equal(saved.network.parameters.flat, undisturbed.network.parameters.flat)


def test_model_round_trip_in_named_arrays(settings, tmp_path):
    path = tmp_path / "model.npz"
    network, other = start(settings(seed=1)).network, start(settings(seed=2)).network
    save_model(path, network)
    with np.load(path, allow_pickle=False) as stored:
        shapes = {name: stored[name].shape for name in stored.files}
    assert shapes == {"w1": (12, 6), "b1": (6,), "w2": (6, 4), "b2": (4,)}
    load_model(path, other)
    np.testing.assert_array_equal(other.parameters.flat, network.parameters.flat)


# Damage


@pytest.fixture
def checkpoint(dataset, settings, tmp_path):
    """A good checkpoint of the standard settings after an epoch; `bytes` of it can be damaged."""
    chosen = settings(momentum=0.5, early_stopping={"patience": 5})
    state = start(chosen)
    next(epochs(state, dataset, chosen))
    path = tmp_path / "checkpoint.npz"
    save_state(path, state, dataset.checksum)
    return path, chosen


def assert_refused_in_one_line(path, chosen, checksum, *words):
    with pytest.raises(RunDirectoryError) as caught:
        load_state(path, chosen, checksum)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert "\n" not in text
    for word in words:
        assert word in text


def test_missing_file_is_refused(dataset, settings, tmp_path):
    assert_refused_in_one_line(tmp_path / "none.npz", settings(), dataset.checksum, "no such file")


def test_truncated_file_is_refused_wherever_it_was_cut(checkpoint, dataset):
    path, chosen = checkpoint
    whole = path.read_bytes()
    for length in (0, 1, 4, 100, len(whole) // 2, len(whole) - 100, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert_refused_in_one_line(path, chosen, dataset.checksum, "is damaged", "--overwrite")


@pytest.mark.parametrize("content", [b"not an archive at all", b"\x80\x04K\x01.", b"PK\x03\x04" + bytes(50)])
def test_a_file_of_another_kind_is_refused(checkpoint, dataset, content):
    path, chosen = checkpoint
    path.write_bytes(content)
    assert_refused_in_one_line(path, chosen, dataset.checksum, "is damaged")


def test_a_bare_array_in_place_of_the_archive_is_refused(checkpoint, dataset):
    path, chosen = checkpoint
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    assert_refused_in_one_line(path, chosen, dataset.checksum, "is damaged")


def test_a_directory_in_place_of_the_file_is_refused(dataset, settings, tmp_path):
    assert_refused_in_one_line(tmp_path, settings(), dataset.checksum)


def test_a_pickle_inside_is_refused_and_not_run(checkpoint, dataset):
    path, chosen = checkpoint
    np.savez(path, w1=np.array([object()], dtype=object))
    assert_refused_in_one_line(path, chosen, dataset.checksum, "is damaged")


def faults_of_flipped_bytes(path, chosen, checksum, places):
    """What comes out, other than the right state or a RunDirectoryError of one line, when one byte is wrong."""
    whole, faults = path.read_bytes(), set()
    good = load_state(path, chosen, checksum)
    for place in places(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x21
        path.write_bytes(damaged)
        try:
            state = load_state(path, chosen, checksum)
        except RunDirectoryError as error:
            if "\n" in str(error):
                faults.add(f"more than one line: {error}")
        except Exception as error:
            faults.add(type(error).__name__)
        else:
            same = np.array_equal(state.network.parameters.flat, good.network.parameters.flat)
            if not same or state.history != good.history:
                faults.add("accepted, and other than what was saved")
    return faults


@pytest.mark.slow
def test_any_flipped_byte_is_refused_or_without_effect(checkpoint, dataset):
    path, chosen = checkpoint
    assert faults_of_flipped_bytes(path, chosen, dataset.checksum, lambda length: range(0, length, 3)) == set()


@pytest.mark.parametrize("name", ["w1", "b2", "velocity_w1", "best", "order", "history", "data_checksum"])
def test_a_checkpoint_that_lacks_an_array_is_refused(checkpoint, dataset, name):
    path, chosen = checkpoint
    with np.load(path) as stored:
        arrays = {key: stored[key] for key in stored.files if key != name}
    np.savez(path, **arrays)
    assert_refused_in_one_line(path, chosen, dataset.checksum)


@pytest.mark.parametrize(
    ("name", "value"), [("order", "{"), ("order", "{}"), ("history", "?"), ("best", np.zeros(3)), ("w1", "?")]
)
def test_a_checkpoint_with_nonsense_in_an_array_is_refused(checkpoint, dataset, name, value):
    path, chosen = checkpoint
    with np.load(path) as stored:
        arrays = dict(stored)
    np.savez(path, **arrays | {name: value})
    assert_refused_in_one_line(path, chosen, dataset.checksum)


@pytest.mark.parametrize("layers", [(12, 7, 4), (12, 4), (12, 6, 6, 4)])
def test_a_checkpoint_of_another_network_is_refused_with_both_shapes(checkpoint, dataset, settings, layers):
    path, _ = checkpoint
    assert_refused_in_one_line(path, settings(layers=layers), dataset.checksum, "this network needs")


def test_the_array_that_does_not_fit_is_named_with_both_shapes(checkpoint, dataset, settings):
    path, _ = checkpoint
    assert_refused_in_one_line(
        path, settings(layers=(12, 7, 4)), dataset.checksum, "w1 has shape (12, 6)", "(12, 7)"
    )
    with pytest.raises(RunDirectoryError, match=r"w1 has shape \(12, 6\); this network needs \(12, 7\)"):
        load_model(path, start(settings(layers=(12, 7, 4))).network)


def test_a_checkpoint_of_other_data_is_refused(checkpoint):
    path, chosen = checkpoint
    assert_refused_in_one_line(path, chosen, "another checksum", "other data", "--overwrite")


# Replacing


def test_replacing_leaves_the_old_file_whole_when_the_writer_raises(tmp_path):
    path = tmp_path / "model.npz"
    path.write_bytes(b"old")
    for fault in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(fault), replacing(path) as file:
            file.write(b"half of the new")
            file.flush()
            raise fault
        assert path.read_bytes() == b"old"
        assert os.listdir(tmp_path) == ["model.npz"]


def test_replacing_makes_no_file_when_the_writer_raises(tmp_path):
    with pytest.raises(RuntimeError), replacing(tmp_path / "model.npz"):
        raise RuntimeError
    assert os.listdir(tmp_path) == []


def test_replacing_shows_the_old_file_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "model.npz"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["model.npz"]


def test_replaced_files_have_the_rights_of_ordinary_ones(tmp_path):
    ordinary, replaced = tmp_path / "a", tmp_path / "b"
    ordinary.write_bytes(b"")
    with replacing(replaced):
        pass
    assert stat.S_IMODE(replaced.stat().st_mode) == stat.S_IMODE(ordinary.stat().st_mode)


def test_a_checkpoint_survives_a_failing_write_of_the_next(checkpoint, dataset, monkeypatch):
    path, chosen = checkpoint
    state = load_state(path, chosen, dataset.checksum)

    def disk_full(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", disk_full)
    state.network.parameters.flat[...] = 0
    with pytest.raises(OSError, match="No space left"):
        save_state(path, state, dataset.checksum)
    assert load_state(path, chosen, dataset.checksum).network.parameters.flat.any()


@pytest.mark.parametrize("history", ["3", "null", "{}", "[{}]", '[{"epoch": 2}]', "[3]"])
def test_a_history_that_is_not_one_record_an_epoch_is_refused(dataset, settings, tmp_path, history):
    path, chosen = tmp_path / "checkpoint.npz", settings()
    save_state(path, start(chosen), dataset.checksum)
    with np.load(path) as stored:
        arrays = dict(stored) | {"history": history}
    np.savez(path, **arrays)
    with pytest.raises(RunDirectoryError, match="is damaged"):
        load_state(path, chosen, dataset.checksum)
