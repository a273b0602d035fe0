"""The page: whole, self-contained, and, in a real browser, without a complaint."""

import html
import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
import yaml
from small_run import CONFIG, write_digits

from mnist_softmax.comparison import plots
from mnist_softmax.comparison.compare import compare
from mnist_softmax.comparison.comparison import read_comparison
from mnist_softmax.comparison.page import write_report
from mnist_softmax.comparison.results import work_out
from mnist_softmax.comparison.statistics import interval, mean
from mnist_softmax.comparison.tables import tables
from mnist_softmax.config.config import Config
from mnist_softmax.figures import COLOURS

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
    results = compare(configs, 2, directory / "out", jobs=1, command="mnist-softmax compare")
    write_report(results)
    return results.directory


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


ODD_NAMES = ("_a|b", "$x_1$ and $", "back\\slash")


@pytest.fixture(scope="module")
def oddly_named(config_of_4_classes, tmp_path_factory):
    """A comparison of configs whose names mean something to Matplotlib or Markdown, finished and reported."""
    configs = {
        name: config_of_4_classes.model_copy(
            update={"training": config_of_4_classes.training.model_copy(update={"l2": float(k)})}
        )
        for k, name in enumerate(ODD_NAMES)
    }
    results = compare(configs, 2, tmp_path_factory.mktemp("odd") / "out", jobs=1)
    write_report(results)
    return results.directory


@pytest.fixture(scope="module")
def config_of_4_classes(tmp_path_factory):
    path = tmp_path_factory.mktemp("digits") / "digits.npz"
    write_digits(path)
    return Config.model_validate(yaml.safe_load(CONFIG.format(path=path)))


def test_every_name_stands_in_the_figures_as_it_is(oddly_named):
    """Each of the three figures with a legend, and the one whose axis has names, holds every name as text."""
    figures = re.findall(r"<svg .*?</svg>", source(oddly_named), re.DOTALL)
    drawn = [[html.unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)] for svg in figures]
    drawn = [texts for texts in drawn if len(texts) > 10]  # the others are bars of outputs
    assert len(drawn) == 4
    for texts in drawn:
        for name in ODD_NAMES:
            assert any(text.removeprefix("- ") == name for text in texts), (name, texts)


def test_names_do_not_break_the_markdown_tables(oddly_named):
    text = (oddly_named / "results.md").read_text()
    rows = [re.split(r"(?<!\\)\|", line) for line in text.splitlines() if line.startswith("|")]
    assert {len(row) for row in rows[:5]} == {10}  # eight columns and what is before and after them
    names = {re.sub(r"\\(.)", r"\1", row[1].strip()) for row in rows}
    assert names >= {*ODD_NAMES}


def test_a_notebook_shows_a_mean_for_each_config_under_its_name(oddly_named):
    results = work_out(read_comparison(oddly_named))
    page = ElementTree.fromstring(f"<div>{results._repr_html_()}</div>")
    _, *rows = ([cell.text for cell in row] for row in page.iter("tr"))
    expected = [config["final_test_accuracy"]["mean"] for config in results.configs]
    assert [row[:3] for row in rows] == [
        [name, "2", f"{100 * accuracy:.2f} %"] for name, accuracy in zip(ODD_NAMES, expected, strict=True)
    ]
    hostile = replace(results, configs=[results.configs[0] | {"name": "<script>"}])
    assert "<script>" not in hostile._repr_html_()


def test_a_name_that_looks_like_a_part_of_the_figure_is_left_alone(folder):
    words = f'{COLOURS[0]} id="a'
    svg = f'<svg width="1" height="2"><path id="a" fill="{COLOURS[0]}"/><text>{words}</text></svg>'
    on_page = plots._for_page(svg, "n")
    assert '<path id="n-a" fill="var(--c0)"/>' in on_page
    assert f"<text>{words}</text>" in on_page


def numbers_are_there(folder, rows):
    """Every table, cell by cell, and the means of results.json."""
    found = json.loads((folder / "results.json").read_text())
    for table in tables(work_out(read_comparison(folder))):
        for row in table.rows:
            assert row in rows
    for config in found["configs"]:
        facts = config["final_test_accuracy"]
        assert any(row[0] == config["name"] and mean(facts) in row and interval(facts) in row for row in rows)


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
