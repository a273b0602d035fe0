"""Every module of the benchmarks can be imported, but for libraries that are not there."""

import importlib
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
