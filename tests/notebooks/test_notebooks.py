"""Every notebook runs from its first cell to its last, on the sample, and draws what it says."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

jupytext = pytest.importorskip("jupytext", reason="notebooks need the extra: pip install -e '.[notebooks]'")
nbclient = pytest.importorskip("nbclient", reason="notebooks need the extra: pip install -e '.[notebooks]'")
pytest.importorskip("ipykernel", reason="notebooks need the extra: pip install -e '.[notebooks]'")

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.md"))
FIGURES = {"03_why_cross_entropy": 2, "04_replay_a_figure": 1, "05_your_own_digits": 3}


def test_there_are_five():
    assert [path.name[:3] for path in NOTEBOOKS] == ["01_", "02_", "03_", "04_", "05_"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_from_the_first_cell_to_the_last(path, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "none"))  # the sample must do
    notebook = jupytext.read(path)
    client = nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    figures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(figures) == FIGURES.get(path.stem, 0)
