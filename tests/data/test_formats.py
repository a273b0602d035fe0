"""Digits in the files that people have: each is read to the same splits, and it is said what was recognised."""

import gzip
import io
import os
import pickle
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mnist_softmax.config.data import Data
from mnist_softmax.data import csv as csv_file
from mnist_softmax.data import stored
from mnist_softmax.data.describe import describe
from mnist_softmax.data.pickled import read_pickle
from mnist_softmax.data.sources import load_digits
from mnist_softmax.errors import DataError


def idx(array: np.ndarray, kind: int = 8) -> bytes:
    """An IDX file, after the description on MNIST's page."""
    return bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def digits() -> dict[str, np.ndarray]:
    """Twelve training and three test images of 2 x 3 pixels, all different."""
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(0, 256, (12, 2, 3)).astype(np.uint8),
        "y_train": np.array([5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5], np.uint8),
        "x_test": rng.integers(0, 256, (3, 2, 3)).astype(np.uint8),
        "y_test": np.array([7, 2, 1], np.uint8),
    }


def put(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def loaded(path, digits, recognised, source="auto"):
    """The digits at `path`, after a check that they are those of `digits`, and what is said of them."""
    dataset = load_digits(Data(source=source, path=str(path)))
    images = digits["x_train"].reshape(len(digits["x_train"]), -1)
    np.testing.assert_array_equal(np.concatenate([dataset.train.images, dataset.validation.images]), images)
    np.testing.assert_array_equal(dataset.test.images, digits["x_test"].reshape(len(digits["x_test"]), -1))
    assert [*dataset.train.labels, *dataset.validation.labels] == digits["y_train"].tolist()
    assert dataset.test.labels.tolist() == digits["y_test"].tolist()
    assert dataset.recognised == recognised
    assert f"          {recognised}\n" in describe(dataset)
    return dataset


def fault(path, source="auto") -> str:
    with pytest.raises(DataError) as caught:
        load_digits(Data(source=source, path=str(path)))
    text = str(caught.value)
    assert text.startswith(str(path))
    assert "\n" not in text
    assert len(text) < 600
    return text


def four(digits, names: str) -> dict[str, bytes]:
    """The four IDX files; `names` such as `{split}-{what}-idx{axes}-ubyte`, with t10k for test."""
    return {
        names.format(split=split, what=what, axes=array.ndim): idx(array)
        for split, key in (("train", "train"), ("t10k", "test"))
        for what, array in (("images", digits[f"x_{key}"]), ("labels", digits[f"y_{key}"]))
    }


# ---- IDX


@pytest.mark.parametrize("folder", ["", "raw", "MNIST/raw"])
def test_torchvisions_folders(tmp_path, digits, folder):
    put(tmp_path / folder, four(digits, "{split}-{what}-idx{axes}-ubyte"))
    assert loaded(tmp_path, digits, "IDX").source == "idx"


def test_torchvisions_root_with_two_sets_asks_for_one(tmp_path, digits):
    put(tmp_path / "MNIST/raw", four(digits, "{split}-{what}-idx{axes}-ubyte"))
    put(tmp_path / "FashionMNIST/raw", four(digits, "{split}-{what}-idx{axes}-ubyte"))
    text = fault(tmp_path)
    assert "holds 2 sets of digits; let data.path name a file of one: " in text
    loaded(text.split(": ")[-1].split(", ")[1], digits, "IDX")


@pytest.mark.parametrize("joint", ["-", "."])
def test_kaggles_archive_with_files_in_folders_of_their_names(tmp_path, digits, joint):
    """Beside some folders lies the file itself, written with a dot."""
    for name, content in four(digits, f"{{split}}-{{what}}{joint}idx{{axes}}-ubyte").items():
        put(tmp_path / name.replace(".idx", "-idx"), {name: content})
    loaded(tmp_path, digits, "IDX")
    if joint == ".":
        shutil.move(tmp_path / "train-images-idx3-ubyte/train-images.idx3-ubyte", tmp_path)
        loaded(tmp_path, digits, "IDX")


@pytest.mark.parametrize("joint", ["-", "."])
def test_a_plain_file_goes_before_a_gzipped_one(tmp_path, digits, joint):
    files = four(digits, f"{{split}}-{{what}}{joint}idx{{axes}}-ubyte")
    put(tmp_path, files)
    for name in files:
        put(tmp_path, {f"{name.replace('.', '-')}.gz": b"another file"})
    loaded(tmp_path, digits, "IDX")


def test_emnist_lies_transposed(tmp_path, digits):
    names = "emnist-balanced-{split}-{what}-idx{axes}-ubyte.gz"
    lying = {key: array.transpose(0, 2, 1) if key[0] == "x" else array for key, array in digits.items()}
    files = {
        name.replace("t10k", "test"): gzip.compress(content) for name, content in four(lying, names).items()
    }
    words = "EMNIST balanced, IDX, stored transposed and turned upright"
    loaded(put(tmp_path, files), digits, words, source="idx")
    put(tmp_path, {name.replace("balanced", "digits"): content for name, content in files.items()})
    assert "holds 2 sets of digits" in fault(tmp_path)
    loaded(tmp_path / "emnist-balanced-train-images-idx3-ubyte.gz", digits, words)


def test_qmnists_labels_have_eight_columns_of_which_the_first_is_the_digit(tmp_path, digits):
    files = {}
    for split in ("train", "test"):
        table = np.full((len(digits[f"y_{split}"]), 8), 7777, ">i4")
        table[:, 0] = digits[f"y_{split}"]
        files[f"qmnist-{split}-images-idx3-ubyte"] = idx(digits[f"x_{split}"])
        files[f"qmnist-{split}-labels-idx2-int"] = idx(table, kind=12)
    loaded(put(tmp_path, files), digits, "QMNIST, IDX")


def test_one_hot_labels_are_no_column_of_digits(tmp_path, digits):
    put(tmp_path, four(digits, "{split}-{what}-idx{axes}-ubyte"))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.eye(12, 10, dtype=np.uint8)))
    with pytest.raises(DataError, match=r"expected one label an image, shape \(n,\), found shape \(12, 10\)"):
        load_digits(Data(path=str(tmp_path)))


def test_mnists_own_names_go_before_others_and_the_kind_of_the_config_before_both(tmp_path, digits, tables):
    put(tmp_path, four(digits, "{split}-{what}-idx{axes}-ubyte"))
    other = digits | {"x_train": digits["x_train"][::-1].copy()}
    put(tmp_path, four(other, "qmnist-{split}-{what}-idx{axes}-ubyte"))
    put(tmp_path, tables)
    loaded(tmp_path, digits, "IDX", source="idx")
    loaded(tmp_path, digits, "IDX")
    loaded(tmp_path, digits, "test.csv, train.csv", source="csv")


def test_names_of_arrays_are_shown_without_control_characters(tmp_path, digits):
    np.savez(tmp_path / "a.npz", **{"a\x1b[31m\n": digits["x_train"]})
    assert "found a?[31m?" in fault(tmp_path / "a.npz")


def test_a_part_that_is_missing_is_named_as_its_fellows_are(tmp_path, digits):
    put(tmp_path, four(digits, "emnist-letters-{split}-{what}-idx{axes}-ubyte"))
    (tmp_path / "emnist-letters-train-labels-idx1-ubyte").unlink()
    assert "has no emnist-letters-train-labels-idx1-ubyte (nor .gz)" in fault(tmp_path)


# ---- npz


@pytest.mark.parametrize("pattern", ["{split}_images {split}_labels", "{split}_img {split}_label"])
def test_arrays_are_known_by_the_words_in_their_names(tmp_path, digits, pattern):
    """MedMNIST's have labels (n, 1)."""
    x, y = pattern.split()
    arrays = {x.format(split=s): digits[f"x_{s}"] for s in ("train", "test")}
    arrays |= {y.format(split=s): digits[f"y_{s}"].reshape(-1, 1) for s in ("train", "test")}
    np.savez(tmp_path / "a.npz", **arrays, notes=np.array([None]))
    loaded(tmp_path / "a.npz", digits, f"npz of {', '.join(arrays)}")


def test_medmnists_validation_images_are_used(tmp_path, digits):
    more = {"val_images": digits["x_test"], "val_labels": digits["y_test"]}
    np.savez(tmp_path / "a.npz", **digits, **more)
    dataset = load_digits(Data(path=str(tmp_path / "a.npz")))
    assert (len(dataset.train), len(dataset.validation)) == (12, 3)


def test_kmnists_four_npz_of_one_array_without_a_name(tmp_path, digits):
    for split in ("train", "test"):
        np.savez_compressed(tmp_path / f"kmnist-{split}-imgs.npz", digits[f"x_{split}"])
        np.savez_compressed(tmp_path / f"kmnist-{split}-labels.npz", digits[f"y_{split}"])
    loaded(tmp_path, digits, "KMNIST, four npz files")
    loaded(tmp_path / "kmnist-train-imgs.npz", digits, "KMNIST, four npz files", source="npz")
    (tmp_path / "kmnist-test-labels.npz").unlink()
    with pytest.raises(DataError, match=r"has no kmnist-test-labels\.npz$"):
        load_digits(Data(path=str(tmp_path / "kmnist-train-imgs.npz")))


def test_an_npz_that_unpacks_to_gigabytes_is_refused_by_its_list(tmp_path, digits, monkeypatch):
    monkeypatch.setattr(stored, "LARGEST", 100_000)
    np.savez_compressed(tmp_path / "a.npz", **digits | {"x_train": np.zeros((12, 100_000), np.uint8)})
    assert "would be 0.0 GB; at most 0.0001 GB are read" in fault(tmp_path / "a.npz")


@pytest.mark.parametrize("wrong", ["magic", "version"])
def test_an_npz_with_odd_bytes_is_one_line(tmp_path, digits, wrong):
    path = tmp_path / "a.npz"
    np.savez(path, **digits)
    content = bytearray(path.read_bytes())
    if wrong == "magic":
        content[:2] = b"xx"
    else:  # the version needed to unpack, in every entry of the list
        at = content.find(b"PK\x01\x02")
        while at >= 0:
            content[at + 6] = 99
            at = content.find(b"PK\x01\x02", at + 1)
    path.write_bytes(content)
    fault(path)


# ---- csv


def csv(images, labels=None, header="label,pixel", first=0) -> bytes:
    rows = images.reshape(len(images), -1).tolist()
    if labels is not None:
        rows = [[label, *row] for label, row in zip(labels.tolist(), rows, strict=True)]
    names = [f"pixel{first + k}" for k in range(images[0].size)]
    lines = [",".join([*(["label"] if labels is not None else []), *names])] if header else []
    return ("\n".join([*lines, *(",".join(map(str, row)) for row in rows)]) + "\n").encode()


@pytest.fixture
def tables(digits) -> dict[str, bytes]:
    return {
        "train.csv": csv(digits["x_train"], digits["y_train"]),
        "test.csv": csv(digits["x_test"], digits["y_test"]),
    }


def test_two_tables_with_labels(tmp_path, digits, tables):
    put(tmp_path, tables)
    loaded(tmp_path, digits, "test.csv, train.csv")
    loaded(tmp_path / "train.csv", digits, "test.csv, train.csv", source="csv")


def test_tables_without_names_gzipped_with_their_sets_name(tmp_path, digits):
    for split in ("train", "test"):
        table = csv(digits[f"x_{split}"], digits[f"y_{split}"], header="")
        put(tmp_path, {f"mnist_{split}.csv": gzip.compress(table)})
    loaded(tmp_path, digits, "mnist, mnist_test.csv, mnist_train.csv")


def test_an_archive_beside_what_was_unpacked_of_it_may_be_named(tmp_path, digits):
    for split in ("train", "test"):
        table = csv(digits[f"x_{split}"], digits[f"y_{split}"])
        put(tmp_path, {f"mnist_{split}.csv": table, f"mnist_{split}.csv.gz": gzip.compress(table)})
    loaded(tmp_path / "mnist_train.csv", digits, "mnist, mnist_test.csv, mnist_train.csv")
    loaded(tmp_path / "mnist_train.csv.gz", digits, "mnist, mnist_test.csv, mnist_train.csv.gz")


def test_a_byte_order_mark_is_no_part_of_the_first_number(tmp_path, digits):
    for split in ("train", "test"):
        table = csv(digits[f"x_{split}"], digits[f"y_{split}"], header="")
        put(tmp_path, {f"mnist_{split}.csv": b"\xef\xbb\xbf" + table})
    loaded(tmp_path, digits, "mnist, mnist_test.csv, mnist_train.csv")


def test_names_in_quotes_pixels_from_one_on_and_labels_at_the_end(tmp_path, digits):
    """As OpenML's and R's tables are."""
    lines = csv(digits["x_train"], first=1).decode().splitlines()
    ends = ["class", *map(str, digits["y_train"])]
    table = "\r\n".join(f"{line},{end}" for line, end in zip(lines, ends, strict=True)).replace(
        "class", '"class"'
    )
    put(tmp_path, {"mine.csv": table.encode("utf-8-sig")})
    dataset = load_digits(Data(path=str(tmp_path / "mine.csv")))
    np.testing.assert_array_equal(dataset.train.images[0], digits["x_train"][0].ravel())
    assert [*dataset.train.labels, *dataset.validation.labels, *dataset.test.labels] == digits[
        "y_train"
    ].tolist()


def test_kaggles_test_images_have_no_labels_so_some_of_training_are_held_out(tmp_path, digits, tables):
    put(tmp_path, tables | {"test.csv": csv(digits["x_test"])})
    dataset = load_digits(Data(path=str(tmp_path)))
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [9, 1, 2]
    assert dataset.test.labels.tolist() == [3, 5]
    assert dataset.recognised.endswith("without labelled test images: the last sixth is the test split")


WHOLE = "label,pixel0,pixel1\n1,2,3\n4,5,6\n"


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ("label,pixel0,pixel1\n", "holds no images: its line of column names is all there is"),
        ("pixel0,pixel1\n1,2\n", "has no column label"),
        ("label,pixel0,pixel2\n1,2,3\n", "lacks column pixel1; found pixel2 in its place"),
        ("label,pixel0,colour\n1,2,3\n", "column 'colour' is neither a pixel nor label or class"),
        ("label,class,pixel0\n1,2,3\n", "expected the columns label, pixel0, pixel1, ..."),
        ("label,pixel0,pixel" + "1" * 5000 + "\n1,2,3\n", "is neither a pixel nor label or class"),
        (WHOLE + "7,8\n", "line 4 has 2 columns, expected 3"),
        (WHOLE + "\n7,8,9,10\n", "line 5 has 4 columns, expected 3"),
        (WHOLE + "7,8,256\n", "line 4 holds '256', expected whole numbers from 0 to 255"),
        (WHOLE + "7,8,-1\n", "line 4 holds '-1'"),
        (WHOLE + "7,8,\n", "line 4 holds ''"),
        (WHOLE + "7,8,0.5\n", "line 4 holds '0.5'"),
        (WHOLE + "7,8,seven\x1b[1m\n", r"line 4 holds 'seven\x1b[1m'"),
        ("Dear reader, this is, no table\n", "expected the columns label"),
        ("1,2,3!\n4,5,6\n", "line 1 holds '3!', expected whole numbers from 0 to 255"),
        ("1,0,0.5\n4,5,6\n", "line 1 holds '0.5'"),
        ("1,2,\x003\n4,5,6\n", "line 1 holds '\\x003'"),
        ("0,1,label\n4,5,x\n", "line 2 holds 'x'"),
    ],
)
def test_what_is_wrong_with_a_table(tmp_path, table, what):
    put(tmp_path, {"a.csv": table.encode()})
    assert what in fault(tmp_path / "a.csv")


def test_a_table_without_test_images_needs_seven_rows(tmp_path):
    """A sixth of seven, one image, is for test; a sixth of the six that remain is for validation."""
    rows = [f"{k % 2},200,{k}" for k in range(7)]
    put(tmp_path, {"a.csv": "\n".join(["label,pixel0,pixel1", *rows[:6]]).encode()})
    assert "6 training images, expected at least 7, since the last sixth is held out" in fault(
        tmp_path / "a.csv"
    )
    put(tmp_path, {"a.csv": "\n".join(["label,pixel0,pixel1", *rows]).encode()})
    dataset = load_digits(Data(path=str(tmp_path / "a.csv")))
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [5, 1, 1]


def test_the_line_is_right_in_a_table_of_many_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_file, "BLOCK", 1000)
    lines = ["label,pixel0", *["1,200"] * 4500]
    lines[4321] = "1,x"
    put(tmp_path, {"a.csv": "\n".join(lines).encode()})
    assert "line 4322 holds 'x'" in fault(tmp_path / "a.csv")
    lines[4321] = "3,250"
    put(tmp_path, {"a.csv": "\n".join(lines).encode()})
    dataset = load_digits(Data(path=str(tmp_path / "a.csv")))
    splits = (dataset.train, dataset.validation, dataset.test)
    assert sum(map(len, splits)) == 4500
    assert np.flatnonzero(np.concatenate([split.labels for split in splits]) == 3).tolist() == [4320]


def test_tables_without_end_are_left_early(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_file, "BLOCK", 1000)
    monkeypatch.setattr(csv_file, "MOST_ROWS", 10_000)
    put(tmp_path, {"a.csv": gzip.compress(b"label,pixel0\n" + b"1,2\n" * 20_000)})
    assert "has more than 10,000 rows" in fault(tmp_path / "a.csv")
    put(tmp_path, {"a.csv": gzip.compress(b"label,pixel0\n1,2\n1," + b"2" * 2_000_000)})
    assert "line 3 is longer than 1,000,000 characters" in fault(tmp_path / "a.csv")


def test_a_table_of_ten_gigabytes_is_refused_before_it_is_read(tmp_path):
    put(tmp_path, {"a.csv": WHOLE.encode()})
    os.truncate(tmp_path / "a.csv", 10_000_000_000)  # sparse: it takes no room
    assert "would be 10.0 GB; at most 1 GB are read" in fault(tmp_path / "a.csv")


# ---- pickles


def test_the_books_file_is_read_and_its_pixels_are_bytes_again(tmp_path, digits):
    """Pairs of float32 k / 256 and int64, of 50,000, 10,000 and 10,000 images there; written by Python 2."""

    def pair(name, some):
        x = digits[f"x_{name}"][some].reshape(-1, 6).astype(np.float32) / np.float32(256)
        return x, digits[f"y_{name}"][some].astype(np.int64)

    pairs = (pair("train", slice(10)), pair("train", slice(10, 12)), pair("test", slice(3)))
    for protocol in range(2, 6):
        (tmp_path / "mnist.pkl.gz").write_bytes(gzip.compress(pickle.dumps(pairs, protocol)))
        words = "a pickle of x_train, y_train, x_validation, y_validation, x_test, y_test"
        dataset = loaded(tmp_path / "mnist.pkl.gz", digits, words)
        assert (len(dataset.train), len(dataset.validation)) == (10, 2)
        assert dataset.train.images.dtype == np.uint8
    by_python_2 = python_2_pickle(pairs)
    assert all(np.array_equal(a, b) for x, y in zip(pickle.loads(by_python_2, encoding="latin1"), pairs, strict=True)
               for a, b in zip(x, y, strict=True))  # fmt: skip
    (tmp_path / "mnist.pkl.gz").write_bytes(gzip.compress(by_python_2))
    loaded(tmp_path / "mnist.pkl.gz", digits, words)


def python_2_pickle(pairs) -> bytes:
    """As cPickle of Python 2 wrote arrays with protocol 2: module names of then, and bytes as plain strings."""

    def short(text: bytes) -> bytes:
        return b"U" + bytes([len(text)]) + text

    def whole(n: int) -> bytes:
        return b"K" + bytes([n])

    def array(a: np.ndarray) -> bytes:
        kind = a.dtype.str[1:].encode()
        dtype = (
            b"cnumpy\ndtype\n("
            + short(kind)
            + b"K\0K\1tR(K\3"
            + short(b"<")
            + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
        )
        start = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0t" + short(b"b") + b"tR"
        shape = b"(" + b"".join(map(whole, a.shape)) + b"t"
        content = a.tobytes()
        return start + b"(K\1" + shape + dtype + b"\x89T" + struct.pack("<i", len(content)) + content + b"tb"

    return b"\x80\2" + b"(" + b"".join(b"(" + array(x) + array(y) + b"t" for x, y in pairs) + b"t."


def test_a_dict_of_arrays(tmp_path, digits):
    arrays = {"train_img": digits["x_train"], "train_label": digits["y_train"],
              "test_img": digits["x_test"], "test_label": digits["y_test"]}  # fmt: skip
    (tmp_path / "mnist.pkl").write_bytes(pickle.dumps(arrays))
    loaded(tmp_path / "mnist.pkl", digits, f"a pickle of {', '.join(arrays)}", source="pickle")


def test_pixels_become_bytes_in_all_splits_or_in_none(tmp_path, digits):
    """In quarters from 0 to 1, of which the test images hold no 1: k / 256 there, and not in training images."""
    images = {"x_train": digits["x_train"] // 64 / 4, "x_test": digits["x_test"] // 64 / 4}
    images["x_train"][0] = 1
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(digits | images))
    dataset = load_digits(Data(path=str(tmp_path / "a.pkl"), scale=1))
    np.testing.assert_array_equal(dataset.test.images, images["x_test"].reshape(3, 6))
    np.testing.assert_array_equal(dataset.train.images, images["x_train"].reshape(12, 6)[:10])


class Runs:
    """Unpickled, it makes a file."""

    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(2, 6))
def test_no_code_of_a_pickle_runs(tmp_path, digits, protocol):
    made = tmp_path / "made"
    calls = [
        Runs(os.mkdir, (str(made),)),
        Runs(eval, (f"open({str(made)!r}, 'w')",)),
        Runs(np.save, (str(made), 1)),
        Runs(np.ndarray, ((10**13,), np.dtype("u1"))),
        np.array([Runs(os.mkdir, (str(made),))], object),
        np.dtype,
    ]
    for k, call in enumerate(calls):
        content = pickle.dumps({**digits, "x_test": call}, protocol)
        (tmp_path / "a.pkl").write_bytes(content)
        text = fault(tmp_path / "a.pkl")
        if k < 3:
            assert "it asks for " in text
            assert "which could run anything" in text
        assert not [*tmp_path.glob("made*")]
    pickle.loads(pickle.dumps(calls[0], protocol))
    assert made.exists()  # so it would have run


TWICE = b")" + b"2\x86" * 60  # a tuple of twice a tuple of twice ..., of 2^60 when it is walked through


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02.",
        b"\x80\x04N.",
        b"\x80\x02]" + b"N0" * 200_000 + b".",  # a step is a byte
        b"\x80\x04\x95" + struct.pack("<Q", 400_001) + b"N0" * 200_000 + b".",  # in a frame
        b"\x80\x02]r\xff\xff\xff\x7f.",  # the memo of the unpickler in C would take 32 GB
        b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40),
        b"\x80\x02cnumpy\ndtype\n)R}(U\x01aK\x01ub.",
        b"\x80\x02c_codecs\nencode\nN}U\x0c__defaults__K\x01s\x86b.",
        b"\x80\x02" + b"(" * 90_000 + b"t" * 90_000 + b".",
        b"\x80\x02}" + TWICE + b"Ns.",  # a key of a dict
        b"\x80\x02}(" + TWICE + b"Nu.",
        b"\x80\x02(" + TWICE + b"Nd.",
        b"\x80\x04\x8f(" + TWICE + b"\x90.",  # of a set
        b"\x80\x04(" + TWICE + b"\x91.",
        b"\x80\x02cnumpy\ndtype\n" + TWICE + b"\x85R.",  # the name of a type
        pickle.dumps(np.zeros(4), 5)[:-1] + TWICE + b"Ns.",  # the place in an array
    ],
)
def test_a_hostile_pickle_is_one_line_and_takes_no_memory(tmp_path, content):
    (tmp_path / "a.pkl").write_bytes(content)
    fault(tmp_path / "a.pkl")


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_a_pickle_that_promises_gigabytes_takes_none(tmp_path):
    (tmp_path / "a.pkl").write_bytes(b"\x80\x05\x96" + struct.pack("<Q", 2_000_000_000) + b"abc")
    code = (
        "import sys\nfrom pathlib import Path\nfrom mnist_softmax.data.pickled import read_pickle\n"
        "try: read_pickle(Path(sys.argv[1]))\nexcept Exception as error: print(error)\n"
        "print(*[line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')])"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "a.pkl")]
    line, kilobytes = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    assert "would be 2.0 GB; at most 1 GB are read" in line
    assert int(kilobytes) < 500_000


@pytest.mark.parametrize("protocol", range(6))
def test_what_numpy_writes_of_arrays_is_read_whatever_lies_in_them(tmp_path, protocol):
    """More bytes than a short line has: in protocol 0 the bytes of an array are one line."""
    arrays = {
        "x_train": np.asfortranarray(np.arange(300, dtype=">u2").reshape(12, 25) % 256),
        "y_train": np.arange(12, dtype=np.int64) % 3,
        "x_test": np.full((3, 2500), 200, np.uint8)[:, ::1],
        "y_test": np.array([0.0, 1.0, 2.0]),
    }
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(arrays, protocol))
    for name, array in read_pickle(tmp_path / "a.pkl").items():
        np.testing.assert_array_equal(array, arrays[name])


# ---- what is none of these


def test_a_damaged_npz_file_is_told_to_be_fetched_again_and_not_written_as_what_it_was(tmp_path, digits):
    np.savez(tmp_path / "a.npz", **digits)
    content = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(b"PK\x03\xff" + content[4:-22] + b"\xff" * 22)
    assert "is a damaged npz file" in fault(tmp_path / "a.npz", source="npz")


def test_another_kind_than_the_config_says_is_named(tmp_path, digits):
    np.savez(tmp_path / "a.npz", **digits)
    assert "is npz, not csv; set data.source=npz" in fault(tmp_path / "a.npz", source="csv")
    put(tmp_path / "idx", four(digits, "{split}-{what}-idx{axes}-ubyte"))
    assert "is idx, not npz; set data.source=idx" in fault(tmp_path / "idx", source="npz")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x89HDF\r\n\x1a\n", "is an HDF5 file; read it with h5py"),
        (b"MATLAB 5.0 MAT-file", "is a MATLAB file; read it with scipy.io.loadmat"),
        (b"<!DOCTYPE html>", "is a web page, not data"),
        (b"version https://git-lfs.github.com/spec/v1\n", "fetch the file with: git lfs pull"),
        (b"\xfd7zXZ\x00", "unpack it with: xz -d"),
        (b"PK\x03\x04", "not an npz file, or not a whole one"),
        (b"\0" * 257 + b"ustar", "is a tar archive"),
        (b"\x89PNG\r\n\x1a\n", "is not IDX, npz, csv or a pickle of arrays"),
    ],
)
def test_near_formats_get_a_line_that_says_how_to_convert(tmp_path, content, what):
    (tmp_path / "digits").write_bytes(content)
    text = fault(tmp_path / "digits")
    assert what in text
    assert "fetch the file again" not in text


@pytest.mark.parametrize("source", ["auto", "idx", "npz", "csv", "pickle"])
def test_devices_and_pipes_have_no_end_and_are_refused(tmp_path, source):
    os.mkfifo(tmp_path / "pipe")
    for path in ("/dev/zero", tmp_path / "pipe"):
        assert "is a device or a pipe, not a file" in fault(path, source)


def test_a_gzip_file_is_unpacked_no_further_than_its_header_promises(tmp_path, digits, monkeypatch):
    """A bomb: 16 bytes of header promise 72, and gigabytes follow."""
    asked = []
    read = gzip.GzipFile.read
    monkeypatch.setattr(gzip.GzipFile, "read", lambda self, size=-1: asked.append(size) or read(self, size))
    put(tmp_path, four(digits, "{split}-{what}-idx{axes}-ubyte"))
    bomb = tmp_path / "train-images-idx3-ubyte"
    bomb.write_bytes(gzip.compress(idx(digits["x_train"]) + bytes(10_000_000)))
    with pytest.raises(DataError, match="expected 88 bytes, found more"):
        load_digits(Data(source="idx", path=str(tmp_path)))
    assert max(asked) <= 4096
    assert min(asked) >= 0


def test_a_header_that_promises_too_much_is_not_believed(tmp_path, digits):
    put(tmp_path, four(digits, "{split}-{what}-idx{axes}-ubyte"))
    header = bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**32 - 1, 28, 28)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(gzip.compress(header + bytes(1000)))
    with pytest.raises(DataError, match=r"would be 3,367\.3 GB; at most 1 GB are read"):
        load_digits(Data(source="idx", path=str(tmp_path)))


@pytest.mark.parametrize("kind", ["idx", "csv", "pickle"])
def test_where_memory_is_short_the_file_is_not_blamed(tmp_path, digits, tables, monkeypatch, kind):
    def fail(*args, **kwargs):
        raise MemoryError

    put(tmp_path / "idx", four(digits, "{split}-{what}-idx{axes}-ubyte"))
    put(tmp_path / "csv", {"train.csv": tables["train.csv"]})
    put(tmp_path / "pickle", {"train.pkl": pickle.dumps(digits)})
    for where in ("idx.read", "pickled.read", "csv.np.loadtxt"):
        monkeypatch.setattr(f"mnist_softmax.data.{where}", fail)
    name = {"idx": "train-images-idx3-ubyte", "csv": "train.csv", "pickle": "train.pkl"}[kind]
    assert "cannot be read: not enough memory; close other programs" in fault(tmp_path / kind / name)


def test_room_is_made_for_what_is_there_and_not_for_what_is_promised():
    asked = []

    class Watched(io.BytesIO):
        def read(self, size):
            asked.append(size)
            return super().read(size)

    assert stored.read(Watched(b"abc"), 10**9) == b"abc"
    assert stored.read(Watched(b"abc"), 2) == b"ab"
    assert max(asked) <= stored.PIECE
