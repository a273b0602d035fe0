"""Files are replaced whole on any disk, what a kill leaves is removed, and damage is not what cannot be read."""

import errno
import os
import subprocess
import sys
import threading
import time

import pytest
from pydantic import TypeAdapter

from mnist_softmax import files, locks
from mnist_softmax.errors import RunDirectoryError
from mnist_softmax.files import remove_left_overs, scratch_folder, write_whole
from mnist_softmax.reading import read_json, reading


def refusing(code):
    def refuse(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    return refuse


def aged(path, seconds=10):
    os.utime(path, (time.time() - seconds,) * 2)


@pytest.mark.parametrize("code", [errno.EPERM, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP])
def test_a_disk_that_refuses_chmod_fsync_and_locks_can_be_written(tmp_path, monkeypatch, code):
    for name in ("chmod", "fsync"):
        monkeypatch.setattr(os, name, refusing(code))
    monkeypatch.setattr(locks, "_ask", refusing(code))
    write_whole(tmp_path / "a.json", "new")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["new"]


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_a_sync_that_fails_is_a_fault_and_the_old_file_stays(tmp_path, monkeypatch, code):
    write_whole(tmp_path / "a.json", "old")
    monkeypatch.setattr(os, "fsync", refusing(code))
    with pytest.raises(OSError, match=os.strerror(code)):
        write_whole(tmp_path / "a.json", "new")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


KILLED = """
import os, signal, sys
from pathlib import Path
from mnist_softmax.files import replacing, scratch_folder
with scratch_folder("killed-"), replacing(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    print(flush=True)
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills with SIGKILL")
def test_what_a_killed_writer_leaves_goes_and_what_is_being_written_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(files.tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    path = tmp_path / "folder" / "figure.png"
    path.parent.mkdir()
    writer = subprocess.Popen(
        [sys.executable, "-c", KILLED, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    writer.stdout.readline()
    [temporary], [scratch] = path.parent.iterdir(), (tmp_path / "tmp").iterdir()
    aged(temporary), aged(scratch / ".in-use")
    write_whole(path, "mine")
    with scratch_folder("killed-"):
        assert scratch.exists()
    assert temporary.exists()
    writer.communicate(b"")
    assert temporary.exists()
    write_whole(path, "mine")
    with scratch_folder("killed-") as mine:
        assert [*(tmp_path / "tmp").iterdir()] == [mine]
    assert [*path.parent.iterdir()] == [path]
    assert [*(tmp_path / "tmp").iterdir()] == []


@pytest.mark.parametrize(
    "name",
    [
        ".a.json.swp",
        ".a.json",
        ".b.json.0123abcd.writing",
        ".a.json.0123abcd.writing~",
        "a.json.0123abcd.writing",
        ".a.json.original",
    ],
)
def test_hidden_files_of_others_stay(tmp_path, name):
    (tmp_path / name).touch()
    aged(tmp_path / name)
    remove_left_overs(tmp_path / "a.json")
    assert (tmp_path / name).exists()


@pytest.mark.skipif(os.name != "posix", reason="makes pipes")
def test_no_pipe_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(files.tempfile, "tempdir", str(tmp_path))
    (tmp_path / "begun-12345678").mkdir()
    for name in (".a.json.0123abcd.writing", "begun-12345678/.in-use"):
        os.mkfifo(tmp_path / name)
        aged(tmp_path / name)
    with scratch_folder("begun-"):
        remove_left_overs(tmp_path / "a.json")
    assert len([*tmp_path.rglob("*")]) == 3


def test_where_no_lock_can_tell_only_the_forgotten_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "_ask", refusing(errno.ENOLCK))
    for name, seconds in (("0123abcd", 60), ("abcd0123", 2 * files.FORGOTTEN)):
        (tmp_path / f".a.json.{name}.writing").touch()
        aged(tmp_path / f".a.json.{name}.writing", seconds)
    remove_left_overs(tmp_path / "a.json")
    assert [path.name for path in tmp_path.iterdir()] == [".a.json.0123abcd.writing"]


@pytest.mark.parametrize(
    "fault",
    [
        PermissionError(errno.EACCES, "Permission denied"),
        OSError(errno.EIO, "Input/output error"),
        MemoryError(),
    ],
)
def test_what_cannot_be_read_is_not_called_damaged_and_nothing_is_to_be_destroyed(tmp_path, fault):
    with pytest.raises(RunDirectoryError) as caught, reading(tmp_path / "a", "train anew with --overwrite"):
        raise fault
    assert "cannot be read" in str(caught.value)
    assert "damaged" not in str(caught.value)
    assert "--overwrite" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b'"\\ud800'])
def test_what_is_damaged_is_a_line_with_the_remedy(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(RunDirectoryError, match=r"a\.json: is damaged \(.*\); do this\Z"):
        read_json(tmp_path / "a.json", TypeAdapter(dict[str, int]), "do this")


def test_many_writers_of_one_file_never_take_each_others_for_left_overs(tmp_path):
    """Each removes left-overs before it writes."""
    faults = []

    def write(k):
        try:
            for _ in range(60):
                write_whole(tmp_path / "a.json", str(k))
        except OSError as error:
            faults.append(error)

    writers = [threading.Thread(target=write, args=(k,)) for k in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert faults == []
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
