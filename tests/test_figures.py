"""Figures look as we say, whatever Matplotlib's user has set, and are on disk whole or not at all."""

import os
import subprocess
import sys

import pytest

from mnist_softmax import figures
from mnist_softmax.errors import ConfigError

pytestmark = pytest.mark.slow

DRAW = """
import sys
from mnist_softmax.figures import drawing, new_figure, save
with drawing():
    figure = new_figure()
    axes = figure.subplots()
    axes.plot([1, 2], [3, 5], label="a line")
    axes.set(title="title", xlabel="x")
    axes.legend()
    save(figure, sys.argv[1])
"""
SETTINGS = {
    "none": "",
    "others": "axes.grid: False\nlines.linewidth: 9\nsavefig.bbox: tight\nsavefig.dpi: 30\nbackend: svg\n",
    "odd lines": "no colon\naxes.grid: maybe\nfigure.colour: pink\n",
    "not text": b"lines.linewidth: 9\n\xff\xfe\n",
}


def drawn(folder, settings, **environment):
    """The bytes of a picture drawn in `folder` with these settings of Matplotlib."""
    (folder / "matplotlibrc").write_bytes(settings if isinstance(settings, bytes) else settings.encode())
    words = [sys.executable, "-c", DRAW, str(folder / "figure.png")]
    result = subprocess.run(words, cwd=folder, env=os.environ | environment, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    return (folder / "figure.png").read_bytes()


@pytest.fixture(scope="module")
def standard(tmp_path_factory):
    return drawn(tmp_path_factory.mktemp("standard"), "")


@pytest.mark.parametrize("settings", ["others", "odd lines", "not text"])
def test_settings_of_its_user_change_no_byte_of_a_figure(tmp_path, standard, settings):
    assert drawn(tmp_path, SETTINGS[settings]) == standard


@pytest.mark.parametrize("backend", ["nonsense", "module://matplotlib_inline.backend_inline", "tkagg", ""])
def test_a_backend_of_its_user_changes_no_byte_of_a_figure(tmp_path, standard, backend):
    assert drawn(tmp_path, "", MPLBACKEND=backend) == standard


def test_its_users_settings_are_as_before():
    import matplotlib

    with matplotlib.rc_context({"lines.linewidth": 7}):
        before = dict(matplotlib.rcParams)
        with figures.drawing():
            assert matplotlib.rcParams["lines.linewidth"] == 1.5
        assert dict(matplotlib.rcParams) == before


def test_a_figure_that_cannot_be_drawn_leaves_the_old_one(tmp_path, monkeypatch):
    (tmp_path / "old.png").write_bytes(b"old")
    with figures.drawing():
        figure = figures.new_figure()
        monkeypatch.setattr(figure, "savefig", lambda file, **options: file.write(b"half") and 1 / 0)
        with pytest.raises(ZeroDivisionError):
            figures.save(figure, tmp_path / "old.png")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_every_format_that_is_offered_can_be_drawn(tmp_path, monkeypatch):
    """Without a program beside Matplotlib, such as a LaTeX."""
    monkeypatch.setenv("PATH", "")
    with figures.drawing():
        figure = figures.new_figure()
        figure.subplots().plot([1, 2], [3, 5])
        with pytest.raises(ConfigError, match="end the name in ") as refused:
            figures.save(figure, tmp_path / "a.doc")
        offered = str(refused.value).partition("end the name in ")[2].split(", ")
        for suffix in offered:
            figures.save(figure, tmp_path / f"a.{suffix}")
            assert (tmp_path / f"a.{suffix}").stat().st_size
    assert {"png", "svg", "pdf"} <= {*offered}
