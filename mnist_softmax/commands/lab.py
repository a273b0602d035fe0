"""`mnist-softmax lab`: one HTML page in which the question a_j - y_j can be dragged, drawn and trained."""

from __future__ import annotations

import argparse

from mnist_softmax.commands.options import names_and_pairs, user_path

HELP = "write a page, one file, in which a_j - y_j can be dragged, digits drawn and networks trained"
USAGE = "[RUN_DIR ...] [--output FILE] [--open] [data.source=openml ...]"
TAKES_OVERRIDES = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command line."""
    parser.add_argument(
        "runs",
        type=user_path,
        metavar="RUN_DIR",
        nargs="*",
        help="up to four trained networks to look into (none: the page's own)",
    )
    parser.add_argument(
        "--output", default="lab.html", type=user_path, metavar="FILE", help="default: lab.html"
    )
    parser.add_argument("--open", action="store_true", help="show it in the browser")


def run(options: argparse.Namespace) -> int:
    """Write the page, and say where it is."""
    from mnist_softmax.commands import console
    from mnist_softmax.lab.build import lab

    runs, pairs = names_and_pairs(options.runs, options.overrides)
    page = lab(runs, options.output, pairs)
    for warning in page.warnings:
        console.warn(warning)
    print(f"page    {page.path} ({page.size / 1e6:.2f} MB); open it in a browser, it needs no network")
    if options.open:
        import webbrowser

        webbrowser.open(page.path.resolve().as_uri())
    return 0
