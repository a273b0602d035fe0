"""A link that leads nowhere fails: files and headings that README, docs and notebooks name, and names of code."""

import ast
import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
    + [*(ROOT / "docs").glob("*.md"), *(ROOT / "notebooks").glob("*.md")]
)
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@cache
def words(page: Path) -> str:
    """The text without programs and commands."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


@cache
def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", words(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_every_link_leads_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", words(page)):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@every_page
def test_every_file_that_is_named_exists(page):
    for path in re.findall(
        r"`((?:mnist_softmax|tests|configs|docs|benchmarks|scripts|notebooks)/[\w./-]+)", words(page)
    ):
        assert (ROOT / path).exists(), path
    rooms = "config|data|network|training|runs|export|diagnostics|comparison|book|lab|commands"
    for path in re.findall(rf"`((?:{rooms})/\w+\.py)", words(page)):
        assert (ROOT / "mnist_softmax" / path).is_file(), path


@every_page
def test_every_test_that_is_named_exists(page):
    for path, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)", words(page)):
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name


HOMES = {
    "DensePass": "network.dense", "ConvolutionPass": "network.convolution", "Output": "network.output",
    "Pass": "network.network", "Network": "network.network", "Descent": "training.optimizers",
    "activations": "network.activations", "costs": "network.costs", "output": "network.output",
}  # fmt: skip


@pytest.mark.parametrize("name", ["cheatsheet.md", "glossary.md", "guide.md"])
def test_every_function_that_is_named_exists(name):
    text = words(ROOT / "docs" / name)
    found = re.findall(r"`(" + "|".join(HOMES) + r")\.(\w+)[`(]", text)
    for home, attribute in found:
        module = import_module(f"mnist_softmax.{HOMES[home]}")
        assert hasattr(getattr(module, home, module), attribute), f"{home}.{attribute}"
    assert found
