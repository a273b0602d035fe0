"""Every Python program of README and docs runs and prints what stands below it."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mnist_softmax.config import network as network_section
from mnist_softmax.network import costs
from mnist_softmax.network.output import Output

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```\n(.*?)^```)?", re.DOTALL | re.MULTILINE)


def programs() -> list:
    """(page, number, program, what it prints or nothing) of every page of docs."""
    return [
        pytest.param(program, printed, id=f"{page.stem}-{k}")
        for page in sorted((ROOT / "docs").glob("*.md"))
        if page.stem != "library"  # its programs go on from each other; test_library.py runs them
        for k, (program, printed) in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")))
    ]


def run(program: str, folder: Path) -> str:
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("program", "printed"), programs())
def test_it_prints_what_stands_below_it(program, printed, tmp_path):
    assert run(program, tmp_path) == printed


README = [program for program, _ in BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))]


@pytest.mark.slow
def test_the_api_of_the_readme_in_fifteen_lines(tmp_path):
    [program] = [each for each in README if "import mnist_softmax as ms" in each]
    assert len([line for line in program.splitlines() if line.strip()]) <= 15
    short = program.replace(
        '"training.epochs=3"', '"training.epochs=1", "data.source=sample", "data.training_size=200"'
    )
    printed = run(short, tmp_path).splitlines()
    assert "points above" in printed[-1]
    assert (tmp_path / "runs" / "try" / "summary.json").is_file()


def test_a_cost_of_your_own_in_twenty_lines(monkeypatch):
    """Backpropagation through it equals centred differences, with linear and softmax outputs."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("### A cost of your own")[1].split("###")[0]
    [program] = [each for each in README if "log_cosh" in each]
    line = re.search(r'`"log_cosh": (.*?)`', section)[1]
    for path, name in re.findall(r"`(mnist_softmax/[\w/]+\.py)`|`([A-Z_]\w+)`", section):
        assert not path or (ROOT / path).is_file()
        assert not name or hasattr(costs, name) or hasattr(network_section, name)
    names = {"np": np, "Cost": costs.Cost}
    exec(program, names)
    monkeypatch.setitem(costs.COSTS, "log_cosh", eval(line, names))
    y = np.eye(4)[[2]]
    for output in ("linear", "softmax", "sigmoid"):
        pair, z, h = Output(output, "log_cosh"), np.array([[0.3, -1.2, 0.7, 2.0]]), 1e-6

        def cost(z, pair=pair):
            return pair.cost(z, pair.activate(z.copy(), np.empty_like(z)), y)[0]

        a = pair.activate(z.copy(), np.empty_like(z))
        delta = pair.delta(z, a, y, np.empty_like(z))
        slopes = [(cost(z + h * e) - cost(z - h * e)) / (2 * h) for e in np.eye(4)]
        np.testing.assert_allclose(delta[0], slopes, rtol=1e-7, atol=1e-9)
