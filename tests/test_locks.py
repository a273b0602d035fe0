"""One process at a time in a folder, on disks with and without locks; a refusal says whom to wait for."""

import errno
import os
import platform
import subprocess
import sys

import pytest

from mnist_softmax import locks
from mnist_softmax.errors import RunDirectoryError
from mnist_softmax.locks import locked

HOLDER = """
import errno, sys
from pathlib import Path
from mnist_softmax import locks
if sys.argv[2] == "without":
    def refuse(descriptor):
        raise OSError(errno.ENOLCK, "No locks available")
    locks._ask = refuse
with locks.locked(Path(sys.argv[1])):
    print(flush=True)
    sys.stdin.read()
"""


@pytest.fixture(params=["with", "without"])
def disk(request, monkeypatch):
    """With locks, and one that knows none, as some network disks."""
    if request.param == "without":

        def refuse(descriptor):
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr(locks, "_ask", refuse)
    return request.param


@pytest.fixture
def holder(tmp_path, disk):
    words = [sys.executable, "-c", HOLDER, str(tmp_path), disk]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def test_a_held_folder_is_refused_with_file_process_and_host_and_free_afterwards(tmp_path, holder):
    with pytest.raises(RunDirectoryError) as caught, locked(tmp_path):
        pass
    text = str(caught.value)
    assert f"{tmp_path}: another process ({holder.pid} on {platform.node()})" in text
    assert f"remove {tmp_path / '.lock'}" in text
    assert "\n" not in text
    holder.communicate("")
    with locked(tmp_path), pytest.raises(RunDirectoryError, match=str(os.getpid())), locked(tmp_path):
        pass


def test_the_lock_of_a_killed_process_is_no_lock(tmp_path, holder):
    holder.kill()
    holder.wait()
    for _ in range(2):
        with locked(tmp_path):
            pass


@pytest.mark.parametrize("disk", ["without"], indirect=True)
def test_where_only_a_file_can_tell_that_of_another_host_is_named_until_it_is_removed(tmp_path, disk):
    held = tmp_path / ".lock.held"
    held.write_text("123 another-host\n")
    with (
        pytest.raises(RunDirectoryError, match=r"123 on another-host.*remove .*\.lock\.held\)"),
        locked(tmp_path),
    ):
        pass
    held.unlink()
    with locked(tmp_path):
        pass


@pytest.mark.parametrize(
    "content", [b"", b"x", b"-1 host", b"\xff" * 9, b"9" * 5000, b"1 \x1b[31mhost\n", b"1\n2\n3"]
)
def test_whatever_is_in_the_lock_file_the_refusal_is_a_printable_line(tmp_path, holder, content):
    for name in (".lock", ".lock.held"):
        if (tmp_path / name).exists():
            (tmp_path / name).write_bytes(content)
    with pytest.raises(RunDirectoryError) as caught, locked(tmp_path):
        pass
    assert str(caught.value).isprintable()
    assert "another process" in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="makes a symbolic link")
def test_a_lock_file_that_leads_elsewhere_is_refused_and_nothing_is_written_there(tmp_path, disk):
    (tmp_path / "thesis").write_text("mine")
    (tmp_path / ".lock").symlink_to(tmp_path / "thesis")
    with pytest.raises(OSError, match="symbolic link"), locked(tmp_path):
        pass
    assert (tmp_path / "thesis").read_text() == "mine"


def test_a_fault_inside_is_not_the_locks(tmp_path, disk):
    with pytest.raises(OSError, match="mine"), locked(tmp_path):
        raise OSError(errno.ENOSPC, "mine")
    with locked(tmp_path):
        pass
