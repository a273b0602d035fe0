"""What docs/library.md shows runs, from its beginning to its end, as it stands there."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "library.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
LOGGERS = ("tensorboard", "mlflow", "wandb")  # packages that nothing here needs


def logger_of(block: str) -> str | None:
    return next((name for name in LOGGERS if name in block), None)


@pytest.fixture
def names(tmp_path, monkeypatch):
    """What is known after the page's first block, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    known: dict = {}
    exec(BLOCKS[0], known)
    return known


def test_all_that_needs_no_logger_runs(names, tmp_path):
    pytest.importorskip("onnx")
    for block in BLOCKS[1:]:
        if logger_of(block) is None:
            exec(block, names)
    assert names["classifier"].n_iter_ == 5
    assert (tmp_path / "digits.onnx").stat().st_size > 90_000


@pytest.mark.parametrize("logger", LOGGERS)
def test_five_lines_log_every_epoch(names, tmp_path, monkeypatch, logger):
    if find_spec(logger) is None:
        pytest.skip(f"{logger} is not installed")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "mlruns").as_uri())
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    [block] = [block for block in BLOCKS if logger_of(block) == logger]
    exec(block, names)
    assert any(tmp_path.iterdir())
