"""The page: whole, self-contained, and, in a real browser, without a complaint."""

import html
import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from mnist_softmax.comparison.carry_out import carry_out
from mnist_softmax.comparison.comparison import Study
from mnist_softmax.comparison.page import write_report
from mnist_softmax.comparison.tables import interval, percent, tables
from mnist_softmax.config.config import Config

CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small comparison of real digits, finished and reported."""
    directory = tmp_path_factory.mktemp("page")
    common = {
        "data": {"source": "sample"},
        "training": {"epochs": 2, "mini_batch_size": 10, "learning_rate": 0.5},
    }
    configs = {
        name: Config.model_validate(
            common | {"network": {"layers": [784, 8, 10], "output_activation": output, "cost": cost}}
        )
        for name, output, cost in (
            ("a<b>&", "softmax", "log_likelihood"),
            ("quadratic", "sigmoid", "quadratic"),
        )
    }
    study, _ = carry_out(Study(directory / "out", "comparison", configs, 2, ("mnist-softmax compare",)), jobs=1)
    write_report(study)
    return study.directory


class Page(HTMLParser):
    """The tags with their attributes, and the text of every table row."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.rows, self.captions, self.cell = [], [], 0, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.cell = ""
        self.captions += tag == "caption"

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self.cell is not None:
            self.rows[-1].append(self.cell.strip())
            self.cell = None


def source(folder):
    return (folder / "report.html").read_text()


def test_nothing_is_fetched_from_outside(folder):
    text = re.sub(r"data:image/png;base64,[\w+/=]+", "data:", source(folder))
    page = Page(text)
    fetched = [
        v for _, attributes in page.tags for k, v in attributes.items() if k in ("src", "href", "xlink:href")
    ]
    assert fetched
    assert all(value.startswith(("data:", "#")) for value in fetched)
    assert not re.search(r"@import|url\((?!#)|<script|<link rel=.stylesheet", text)


def test_every_picture_has_words_and_every_table_a_caption(folder):
    page = Page(source(folder))
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    assert images
    assert all(attributes.get("alt") for attributes in images)
    described = [attributes for _, attributes in page.tags if attributes.get("role") == "img"]
    assert len(described) >= 4 + 20  # the figures, and the outputs of ten mistakes for each config
    assert all(attributes.get("aria-label") for attributes in described)
    assert page.captions == sum(tag == "table" for tag, _ in page.tags)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_names_are_escaped(folder):
    assert "<b>" not in source(folder)
    assert html.escape("a<b>&") in source(folder)


def numbers_are_there(folder, rows):
    """Every table of results.json, cell by cell, and the means in it."""
    found = json.loads((folder / "results.json").read_text())
    for table in tables(found):
        for row in table.rows:
            assert row in rows
    for config in found["configs"]:
        facts = config["final_test_accuracy"]
        assert any(
            row[0] == config["name"] and percent(facts) in row and interval(facts) in row for row in rows
        )


def test_its_tables_carry_the_numbers_of_results_json(folder):
    numbers_are_there(folder, Page(source(folder)).rows)


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH")
@pytest.mark.parametrize("width", [500, 1280])
def test_a_browser_renders_it_without_a_console_message(folder, tmp_path, width):
    words = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},900", "--enable-logging=stderr",
             "--virtual-time-budget=2000", "--dump-dom"]  # fmt: skip
    probe = tmp_path / "probe.html"  # it must be able to complain, or its silence means nothing
    probe.write_text("<script>console.error('planted')</script>")
    loud = subprocess.run([*words, f"file://{probe}"], capture_output=True, text=True, timeout=100)
    assert "planted" in loud.stderr
    result = subprocess.run(
        [*words, f"file://{folder / 'report.html'}"],
        capture_output=True,
        text=True,
        timeout=100,
        env=os.environ,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert [line for line in result.stderr.splitlines() if "CONSOLE" in line] == []
    numbers_are_there(folder, Page(result.stdout).rows)
