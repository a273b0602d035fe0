"""Every promise has a test or a part of the campaign that holds it, and these exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
PROMISES = re.findall(
    r"^\| (?!promise|part)([^|]+) \| ([^|]+) \|$", PAGE.partition("## The campaign")[0], re.MULTILINE
)
PARTS = {path.stem for path in (ROOT / "tests" / "campaign").glob("*.py") if "\nPART = " in path.read_text()}


@pytest.mark.parametrize(("promise", "holders"), PROMISES)
def test_a_promise_is_held_by_tests_and_parts_that_exist(promise, holders):
    tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", holders)
    parts = re.findall(r"campaign: (\w+)", holders)
    assert tests or parts, promise
    for path, name in tests:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name
    assert set(parts) <= PARTS


def test_the_page_names_every_part_of_the_campaign():
    assert len(PROMISES) > 15
    assert set(re.findall(r"^\| (\w+) \| ", PAGE.partition("| part |")[2], re.MULTILINE)) == PARTS
