"""Every module of the benchmarks can be imported, but for libraries that are not there."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted((ROOT / "benchmarks").rglob("*.py"))
    if path.name != "__init__.py"
]
PEERS = ("torch", "jax", "tensorflow", "numba", "distributed")


@pytest.mark.parametrize("name", MODULES)
def test_it_can_be_imported(name, monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in PEERS:
            raise
        pytest.skip(f"{error.name} is not installed; it comes with the extra 'bench' or 'dask'")


PRINTS = """
from benchmarks import run

def main():
    print("a table\\n" * LINES, flush=FLUSH)
    return 3

run(main)
"""


@pytest.mark.parametrize(("lines", "flush"), [(1, False), (1, True), (100_000, False)])
def test_where_nobody_reads_its_output_a_benchmark_ends_in_silence(lines, flush):
    code = PRINTS.replace("LINES", str(lines)).replace("FLUSH", str(flush))
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait() == 141
    read = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (read.returncode, read.stderr) == (3, "")
