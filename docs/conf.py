"""The site: README, docs, notebooks and docstrings as pages that work without a network (`make docs`).

Sources are read where they are: Sphinx starts at the top of the repository. Formulas become MathML, which browsers
draw themselves, so no script is needed for them and nothing is fetched.
"""

from __future__ import annotations

import inspect
import re
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

import mnist_softmax

ROOT = Path(__file__).resolve().parents[1]

project = "mnist_softmax"
author = "The mnist_softmax authors"
version = release = mnist_softmax.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
root_doc = "README"
include_patterns = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md", "notebooks/*.md"]
myst_enable_extensions = ["dollarmath"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = "mnist_softmax"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_copy_source = html_show_sourcelink = False
html_math_renderer = "mathml"
smartquotes = False  # "loglik" is to be copied as it stands
pygments_style, pygments_dark_style = "sas", "github-dark"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
highlight_language = "none"  # commands and what they print
suppress_warnings = ["myst.topmatter"]  # a notebook's

# The menu: README says on GitHub where everything is; here the pages follow it.
MENU = {
    "The book": [
        "docs/derivation",
        "docs/lab",
        "docs/guide",
        "docs/results",
        "docs/exercises",
        "docs/equations",
        "docs/cheatsheet",
        "docs/glossary",
    ],
    "Notebooks": [f"notebooks/{path.stem}" for path in sorted((ROOT / "notebooks").glob("*.md"))],
    "The program": [
        "docs/installation",
        "docs/library",
        "docs/data",
        "docs/api",
        "docs/convolution",
        "docs/performance",
        "docs/reproducibility",
        "docs/promises",
        "docs/cluster",
        "docs/troubleshooting",
        "CONTRIBUTING",
        "CHANGELOG",
    ],
}
READING_PATH = (
    "plain",
    "training.sgd",
    "training.optimizers",
    "network.network",
    "network.dense",
    "network.output",
    "network.activations",
    "network.costs",
)


def complete(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the menu under README, the link into the page of the lab, and what is documented into that of the API."""
    if page == "README":
        for caption, pages in MENU.items():
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(pages) + "\n```\n"
    if page == "docs/lab":
        source[0] = source[0].replace("<!-- lab -->", '<p><a href="../lab.html"><b>Open the lab</b></a></p>')
    if page == "docs/api":
        source[0] = source[0].replace("<!-- names -->", _documented(_names()))
        source[0] = source[0].replace("<!-- modules -->", _documented(_modules()))


def _names() -> str:
    lines = []
    for name, where in mnist_softmax.API.items():
        module, _, attribute = where.rpartition(".")
        member = getattr(import_module(f"mnist_softmax.{module}"), attribute)
        kind = "autoclass" if inspect.isclass(member) else "autofunction"
        lines.append(f".. {kind}:: mnist_softmax.{name}")
        if kind == "autoclass":
            lines.append("   :members:")
        lines.append("")
    return "\n".join(lines)


def _modules() -> str:
    titles = [(name, f"``mnist_softmax.{name}``") for name in READING_PATH]
    return "\n".join(
        f"{title}\n{'-' * len(title)}\n\n.. automodule:: mnist_softmax.{name}\n   :members:\n"
        for name, title in titles
    )


def _documented(rst: str) -> str:
    return f"```{{eval-rst}}\n{rst}\n```"


def as_plain_words(app: Sphinx, what: str, name: str, member: Any, options: Any, lines: list[str]) -> None:
    """Docstrings are plain text with `code`, where reStructuredText would see markup; see `_paragraph`."""
    paragraphs = re.split(r"\n\s*\n|\n(?=Raises )", "\n".join(lines).strip("\n"))
    lines[:] = [line for each in paragraphs for line in [*_paragraph(each.split("\n")), ""]]


def without_scikit_learns(
    app: Sphinx, what: str, name: str, member: Any, skip: bool, options: Any
) -> bool | None:
    """Methods that scikit-learn gives every estimator are in its own documentation."""
    return True if re.fullmatch(r"set_\w+_request", name) else None


def _paragraph(lines: list[str]) -> list[str]:
    """An indented paragraph is a program. One of which only later lines are indented is a list: name, colon, text."""
    indented = [line.startswith("    ") for line in lines]
    if all(indented):
        return ["::", "", *lines]
    if any(indented):
        return [
            f"  {_plain(line[4:])}" if deep else f"- {_plain(line)}"
            for line, deep in zip(lines, indented, strict=True)
        ]
    return [_plain(line) for line in lines]


def _plain(line: str) -> str:
    """Without markup, but for `code`."""
    words = line.split("`")
    if len(words) % 2 == 0:
        return line
    return "".join(
        f"``{word}``" if k % 2 else re.sub(r"([*_|\\])", r"\\\1", word) for k, word in enumerate(words)
    )


def mathml(formula: str, display: str) -> str:
    """With a space after ln, and a prime that is not made small twice, as in print."""
    text = convert(formula, display=display).replace("<mi>ln</mi>", '<mi>ln</mi><mspace width="0.17em"/>')
    return re.sub(
        r"<msup><mi>([^<]+)</mi><mi>&#x02032;</mi></msup>", r'<mi>\1</mi><mo lspace="0">&#x02032;</mo>', text
    )


def inline_math(self: Any, node: nodes.math) -> None:
    """A formula in a line."""
    self.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def displayed_math(self: Any, node: nodes.math_block) -> None:
    """A formula on its own, with its number; where it is wide it scrolls, and the keyboard reaches it."""
    formula, _, number = node.astext().partition(r"\qquad\text{(")
    label = f'<span class="number">({number.strip().rstrip("}").rstrip(")")})</span>' if number else ""
    body = mathml(formula.strip(), "block")
    self.body.append(f'<div class="formula"><div tabindex="0">{body}</div>{label}</div>\n')
    raise nodes.SkipNode


def reached_by_keyboard(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Boxes that scroll sideways can be scrolled without a mouse."""
    if "body" in context:
        context["body"] = context["body"].replace("<pre>", '<pre tabindex="0">')
        context["body"] = context["body"].replace(
            '<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'
        )


def add_pages(app: Sphinx, exception: Exception | None) -> None:
    """README is the first page; the lab is one file beside it."""
    if exception is None and app.builder.name == "html":
        shutil.copy(Path(app.outdir) / "README.html", Path(app.outdir) / "index.html")
        mnist_softmax.lab([], Path(app.outdir) / "lab.html")


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (inline_math, None), (displayed_math, None))
    app.connect("source-read", complete)
    app.connect("autodoc-process-docstring", as_plain_words)
    app.connect("autodoc-skip-member", without_scikit_learns)
    app.connect("html-page-context", reached_by_keyboard)
    app.connect("build-finished", add_pages)
