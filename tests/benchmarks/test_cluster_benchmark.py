"""The benchmark of a cluster runs on a real one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytest.importorskip("distributed", reason="the extra dask is not installed")


@pytest.mark.slow
def test_it_times_one_worker_and_two():
    words = ["--workers", "1", "2", "--repeats", "1", "--seeds", "1", "--epochs", "1"]
    command = [sys.executable, "-m", "benchmarks.cluster", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^\| 1 \| [\d.]+ \| [\d.]+ to [\d.]+ \| 1.00 \|$", done.stdout, re.M), done.stdout
    assert re.search(r"^\| 2 \| [\d.]+ \| [\d.]+ to [\d.]+ \| [\d.]+ \|$", done.stdout, re.M), done.stdout
