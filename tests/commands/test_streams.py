"""Outputs that are closed, full or read by nobody: the right exit code, the right blame, no traceback."""

import subprocess
import sys

import pytest
from small_run import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs a shell and /dev/full")
FAULT = "error: nix: no such file"
NO_SPACE = "error: standard output: No space left on device\n"


def shell(words, streams, tmp_path):
    """Exit code, output and errors of `mnist-softmax WORDS STREAMS`, where these are not led elsewhere."""
    (tmp_path / "out").touch()
    (tmp_path / "err").touch()
    line = f"{sys.executable} -m mnist_softmax {words} >{tmp_path}/out 2>{tmp_path}/err {streams}"
    code = subprocess.run(["bash", "-c", line], cwd=ROOT).returncode
    return code, (tmp_path / "out").read_text(), (tmp_path / "err").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_as_dev_null_and_nothing_goes_elsewhere(tmp_path, closed):
    code, out, err = shell("--version", closed, tmp_path)
    assert (code, err) == (0, "")
    assert ("mnist-softmax" in out) == (">&-" not in closed.replace("2>&-", ""))
    code, out, err = shell("train --config nix", closed, tmp_path)
    assert (code, out) == (2, "")
    assert err.startswith("" if "2>&-" in closed else FAULT)
    assert err == "" or "2>&-" not in closed


@pytest.mark.parametrize(
    "words", ["--help", "--version", "configs", "configs loglik", "data data.source=sample"]
)
def test_a_full_output_is_blamed(tmp_path, words):
    assert shell(words, ">/dev/full", tmp_path) == (2, "", NO_SPACE)


@pytest.mark.slow
def test_full_errors_do_not_hide_the_exit_code(tmp_path):
    assert shell("train --config nix", "2>/dev/full", tmp_path) == (2, "", "")
    assert shell("train --config nix", ">/dev/full 2>&1", tmp_path) == (2, "", "")


def test_a_reader_that_goes_away_is_141_without_a_word(tmp_path):
    line = f"{sys.executable} -m mnist_softmax configs | true; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True)
    assert (result.stdout, result.stderr) in (("141\n", ""), ("0\n", ""))  # 0 if it was faster than `true`


SYSTEM = """
import sys
from mnist_softmax import cli
from mnist_softmax.__main__ import main

def run(options):
    raise {fault}

cli.COMMANDS["configs"].run = run
sys.exit(main(["configs"]))
"""


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("BrokenPipeError(32, 'Broken pipe')", "error: refused by the system: Broken pipe\n"),
        ("OSError(24, 'Too many open files')", "error: refused by the system: Too many open files\n"),
        ("OSError(24, 'Too many open files', '/a/b')", "error: /a/b: Too many open files\n"),
        ("MemoryError()", "error: not enough memory; close other programs"),
    ],
)
def test_a_fault_of_the_system_is_not_blamed_on_the_output_or_a_folder(fault, says):
    code = SYSTEM.replace("{fault}", fault)
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(says)
    assert result.stderr.count("\n") == 1
