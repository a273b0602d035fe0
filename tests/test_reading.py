"""Files are read as if anybody might have written them: a value, or one line that says what is amiss."""

import io
import json
import os
import tracemalloc
import zipfile

import numpy as np
import pytest
from pydantic import TypeAdapter

from mnist_softmax.arrays import read_arrays
from mnist_softmax.errors import RunDirectoryError
from mnist_softmax.reading import MOST_JSON, Damaged, opened, parse_json, read_json, reading

NUMBERS = TypeAdapter(dict[str, list[float]])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": [1, "x"]}', "a.1: Input should be a valid number, found 'x'"),
        ('{"a": 3}', "a: Input should be a valid list, found 3"),
        ("[]", "Input should be a valid dictionary, found []"),
        ("{", "it is no JSON"),
        ("", "it is no JSON"),
        ("[" * 100_000, "it is nested too deeply"),
        ('{"a": [' + "9" * 5000 + "]}", "it is no JSON"),
        (b'{"\xff": []}', "it is no JSON"),
    ],
)
def test_json_that_is_amiss_is_told_by_its_first_wrong_field(text, says):
    with pytest.raises(Damaged) as caught:
        parse_json(text, NUMBERS)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files in /proc")
def test_a_folder_is_refused_by_its_name_and_leaves_no_file_open(tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with pytest.raises(IsADirectoryError) as refused, opened(tmp_path):
            pass
    assert refused.value.filename == str(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before


def test_damaged_and_not_readable_are_two_things(tmp_path):
    """Only what is damaged is to be replaced: advice to train anew would lose what a chmod brings back."""
    path = tmp_path / "some.json"
    assert read_json(path, NUMBERS, "train anew") is None
    path.write_text("{")
    with pytest.raises(RunDirectoryError, match=r"some\.json: is damaged .*; train anew$"):
        read_json(path, NUMBERS, "train anew")
    path.unlink()
    path.mkdir()
    with pytest.raises(RunDirectoryError, match=r"some\.json: cannot be read: [^;]*$"):
        read_json(path, NUMBERS, "train anew")
    with (
        pytest.raises(RunDirectoryError, match=r"cannot be read: Permission denied$"),
        reading(path, "train anew"),
    ):
        raise PermissionError(13, "Permission denied")
    with pytest.raises(RunDirectoryError, match="not enough memory; close other"), reading(path, "train anew"):
        raise MemoryError


def test_pipes_devices_and_endless_files_are_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name in ("pipe", "zero"):
        with pytest.raises(OSError, match="Is no file"), opened(tmp_path / name):
            pass
    with (tmp_path / "long.json").open("wb") as file:
        file.truncate(MOST_JSON + 1)
    with pytest.raises(RunDirectoryError, match="is larger than"):
        read_json(tmp_path / "long.json", NUMBERS, "delete it")


# ---- arrays


def npy(array=None, header=None, version=(1, 0), body=b"") -> bytes:
    """An .npy file, of an array or with a header of one's own."""
    file = io.BytesIO()
    if array is not None:
        np.save(file, array)
        return file.getvalue()
    text = header.encode("latin-1") + b"\n"
    return b"\x93NUMPY" + bytes(version) + len(text).to_bytes(2, "little") + text + body


def header(descr="'|u1'", order="False", shape="(3,)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


def npz(path, members) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    "array",
    [np.arange(12.0).reshape(3, 4), np.asfortranarray(np.arange(12.0).reshape(3, 4)), np.array("text"), np.array([]),
     np.zeros((0, 3), np.uint8), np.array(5), np.arange(3, dtype=">i4"), np.array([True]), np.arange(10**6)],
)  # fmt: skip
def test_arrays_come_back_as_numpy_has_written_them(tmp_path, array):
    np.savez(tmp_path / "a.npz", plain=array)
    np.savez_compressed(tmp_path / "b.npz", plain=array)
    for name in ("a.npz", "b.npz"):
        [(key, found)] = read_arrays(tmp_path / name).items()
        assert key == "plain"
        assert (found.dtype, found.shape) == (array.dtype, array.shape)
        assert np.array_equal(found, array)
        assert found.flags.writeable


HOSTILE = {
    "no array": b"no array",
    "empty": b"",
    "an object": npy(np.array([None], object)),
    "no header": npy(header=""),
    "a header that is a call": npy(header="__import__('os').abort()"),
    "a header of brackets": npy(header="(" * 9000),
    "a header of minus signs": npy(header="-" * 9000 + "1"),
    "a header too long": npy(header=" " * 60_000),
    "a version from the future": npy(header=header(), version=(9, 9), body=b"abc"),
    "more than there is": npy(header=header(shape="(300,)"), body=b"abc"),
    "far more than there is": npy(header=header(shape="(10000, 1000000000)"), body=b"abc"),
    "less than there is": npy(header=header(shape="(2,)"), body=b"abc"),
    "less than nothing": npy(header=header(shape="(-3,)"), body=b"abc"),
    "no whole number": npy(header=header(shape="(3.0,)"), body=b"abc"),
    "a shape that is a word": npy(header=header(shape="'abc'"), body=b"abc"),
    "no type": npy(header=header(descr="'what'"), body=b"abc"),
    "a type of objects": npy(header=header(descr="[('a', '|O')]"), body=b"abc"),
    "a type of no size": npy(header=header(descr="'|S0'"), body=b""),
    "a list for a type": npy(header=header(descr="[[[[]]]]"), body=b"abc"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_member_that_is_no_array_is_named_and_nothing_is_unpickled_or_allocated_for_it(tmp_path, kind):
    npz(tmp_path / "a.npz", {"x.npy": HOSTILE[kind]})
    with pytest.raises(Damaged) as caught:
        read_arrays(tmp_path / "a.npz")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"no array", "x.npy is no array, for its header cannot be read"),
        (npy(np.array([None], object)), "x.npy holds objects of Python, expected numbers or text"),
        (npy(header=header(shape="(5,)"), body=b"abc"), "x.npy: its header promises 5 bytes, it has 3"),
        (npy(header=header(shape="(2,)"), body=b"abc"), "x.npy: its header promises 2 bytes, it has more"),
    ],
)
def test_what_is_wrong_with_a_member_is_said_in_words(tmp_path, content, what):
    npz(tmp_path / "a.npz", {"x.npy": content})
    with pytest.raises(Damaged) as caught:
        read_arrays(tmp_path / "a.npz")
    assert str(caught.value) == what


def test_a_byte_that_is_lost_is_a_damage_and_no_fault_of_the_system(tmp_path):
    """Then the directory of the zip says that a member lies before its beginning."""
    npz(tmp_path / "a.npz", {"x.npy": npy(np.arange(20, dtype=np.uint8))})
    whole = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(whole[:50] + whole[51:])
    with pytest.raises(Damaged):
        read_arrays(tmp_path / "a.npz")


def test_names_of_members_are_only_names(tmp_path):
    array = np.arange(3)
    names = [
        "../x.npy",
        "/etc/x.npy",
        "a/b.npy",
        "\x1b[31m.npy",
        "\xe9.npy",
        ".npy",
        "x.npy.npy",
        "readme.txt",
        "y",
    ]
    npz(tmp_path / "a.npz", {name: npy(array) for name in names})
    assert set(read_arrays(tmp_path / "a.npz")) == {"../x", "/etc/x", "a/b", "\x1b[31m", "\xe9", "", "x.npy"}
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_bytes_anywhere_in_a_zip_may_be_wrong(tmp_path):
    """Also before its beginning, in its version, its method and its directory."""
    path = tmp_path / "a.npz"
    npz(path, {"x.npy": npy(np.arange(20, dtype=np.uint8))})
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            found = read_arrays(path)
        except (Damaged, OSError):
            continue
        assert not found or np.array_equal([*found.values()][0], np.arange(20))
    path.write_bytes(b"in front of it" + whole)
    assert np.array_equal(read_arrays(path)["x"], np.arange(20))
    for end in range(0, len(whole), 7):
        path.write_bytes(whole[:end])
        with pytest.raises(Damaged):
            read_arrays(path)


def test_a_bomb_is_refused_in_little_memory(tmp_path):
    """200 kB that unpack to 200 MB."""
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.npy", "w") as file:
        file.write(npy(header=header(shape=f"({2 * 10**8},)")))
        for _ in range(20):
            file.write(bytes(10**7))
    tracemalloc.start()
    with pytest.raises(Damaged, match="it unpacks to 200,000,"):
        read_arrays(path, most=10**8)
    assert tracemalloc.get_traced_memory()[1] < 10**7
    tracemalloc.stop()


def test_json_of_lone_surrogates_comes_back():
    """File names that are no UTF-8 are written so."""
    assert parse_json(json.dumps({"\udcff": [1.0]}), NUMBERS) == {"\udcff": [1.0]}
