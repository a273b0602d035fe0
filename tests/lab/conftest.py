"""A real browser for the page, the real digits for its engine."""

import shutil
from pathlib import Path

import pytest

from mnist_softmax.config.config import Data
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.data.sources import load_digits

NAMES = ("chromium", "chromium-browser", "google-chrome")
SOURCES = Path(__file__).parents[2] / "mnist_softmax" / "lab"


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium that is installed on this machine; nothing is downloaded."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium is installed")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def engine(browser, tmp_path_factory):
    """A page that holds the engine and the drawing code, and nothing else."""
    page_file = tmp_path_factory.mktemp("engine") / "engine.html"
    texts = [(SOURCES / name).read_text(encoding="utf-8") for name in ("engine.js", "drawing.js")]
    page_file.write_text("".join(f"<script>{text}</script>" for text in texts), encoding="utf-8")
    page = browser.new_page()
    page.goto(page_file.as_uri())
    yield page
    page.close()


@pytest.fixture(scope="session")
def digits(tmp_path_factory) -> Dataset:
    """5,000 real digits that need no network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCIKIT_LEARN_DATA", str(tmp_path_factory.mktemp("digits")))
        return load_digits(Data(source="sample"))
