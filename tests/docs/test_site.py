"""The site is built without a warning, its links lead somewhere, and it asks nobody outside for anything."""

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import mnist_softmax

for library in ("sphinx", "furo", "myst_parser", "latex2mathml"):
    pytest.importorskip(library, reason="the site needs the extra: pip install -e '.[docs]'")

ROOT = Path(__file__).parents[2]
CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
LOADS = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src")}


class Page(HTMLParser):
    """The ids, links and loaded files of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids, self.links, self.loads, self.formulas = set(), set(), set(), 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.formulas += tag == "math"
        self.ids |= {values[name] for name in ("id", "name") if values.get(name)}
        if tag == "a" and values.get("href"):
            self.links.add(values["href"])
        self.loads |= {values[name] for known, name in LOADS if known == tag and values.get(name)}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """Built as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    places = ["-d", str(folder / "cache"), "-c", "docs", ".", str(folder / "html")]
    result = subprocess.run([*words, *places], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def pages(site) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html")}


@pytest.mark.slow
def test_every_page_of_the_repository_is_in_it(site):
    sources = [*(ROOT / "docs").glob("*.md"), *(ROOT / "notebooks").glob("*.md"), ROOT / "README.md"]
    for source in sources:
        assert (site / source.relative_to(ROOT)).with_suffix(".html").is_file()
    assert (site / "index.html").read_bytes() == (site / "README.html").read_bytes()


@pytest.mark.slow
def test_every_link_leads_somewhere(pages):
    for path, page in pages.items():
        for link in page.links | page.loads:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.exists(), f"{path.name}: {link}"
            if parts.fragment and target in pages:
                assert parts.fragment in pages[target].ids, f"{path.name}: {link}"


def test_nothing_outside_is_loaded(site, pages):
    for path, page in pages.items():
        assert not [link for link in page.loads if urlsplit(link).scheme not in ("", "data")], path.name
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.findall(r"@import|url\(\s*['\"]?(?:https?:)?//", text), sheet.name


def test_formulas_are_drawn_by_the_browser(site, pages):
    source = (ROOT / "docs" / "derivation.md").read_text(encoding="utf-8")
    text = re.sub(r"^```(?!math).*?^```", "", source, flags=re.DOTALL | re.MULTILINE)
    inline = re.findall(
        r"(?<!\$)\$(?!\$)[^$]+\$", re.sub(r"^```math.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    )
    page = site / "docs" / "derivation.html"
    assert pages[page].formulas >= len(inline) + source.count("```math")
    assert "merror" not in page.read_text(encoding="utf-8")


def test_the_reference_has_every_name_of_the_api(site, pages):
    ids = pages[site / "docs" / "api.html"].ids
    assert {f"mnist_softmax.{name}" for name in mnist_softmax.API} <= ids
    assert "mnist_softmax.plain.backprop" in ids


def chromium(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
             "--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}",
             "--enable-logging=stderr"]  # fmt: skip
    return subprocess.run([CHROMIUM, *quiet, *words], capture_output=True, text=True, timeout=100)


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH")
@pytest.mark.parametrize("name", ["index.html", "docs/derivation.html", "docs/api.html"])
def test_a_browser_shows_it_without_a_console_message(site, tmp_path, name):
    result = chromium(tmp_path, "--virtual-time-budget=2000", "--dump-dom", f"file://{site / name}")
    assert result.returncode == 0, result.stderr[-2000:]
    assert [line for line in result.stderr.splitlines() if "CONSOLE" in line] == []
    assert "</html>" in result.stdout


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH")
def test_the_cheat_sheet_is_one_page_on_paper(site, tmp_path):
    paper = tmp_path / "paper.pdf"
    words = ["--no-pdf-header-footer", f"--print-to-pdf={paper}"]
    result = chromium(tmp_path, *words, f"file://{site / 'docs' / 'cheatsheet.html'}")
    assert result.returncode == 0, result.stderr[-2000:]
    assert len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes())) == 1
