"""`mnist-softmax predict`: which digit a picture shows, by a trained run."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

HELP = "which digit pictures show: a drawing or a photo, dark on light or light on dark, of any size"
USAGE = "RUN_DIR PICTURE|FOLDER [...] [--json]"
TAKES_OVERRIDES = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command line."""
    parser.add_argument("run", metavar="RUN_DIR", help="a trained network, such as runs/loglik/seed-0")
    parser.add_argument("pictures", metavar="PICTURE", nargs="+", help="PNG, JPEG, ..., or a folder of them")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def run(options: argparse.Namespace) -> int:
    """Predict each picture, and show it; pictures that cannot be read are named at the end."""
    import json

    from mnist_softmax.data.drawing import read_digit
    from mnist_softmax.errors import DataError
    from mnist_softmax.runs.answers import load_network
    from mnist_softmax.runs.directory import RunDirectory

    directory = RunDirectory(options.run)
    settings, network = directory.read_config(), load_network(directory)
    _check_width(options.run, network.num_inputs)
    found, faults = [], []
    for path in _pictures(options.pictures):
        try:
            digit = read_digit(path)
        except DataError as error:
            faults.append(str(error))
            continue
        # ink of 255 is a full pixel; the book's scale of 256 leaves it a little below 1
        a = network.outputs(digit.reshape(1, -1) / max(settings.data.scale, 255))[0]
        found.append(
            {"picture": str(path), "digit": int(a.argmax()), "outputs": a.tolist(), "pixels": digit.tolist()}
        )
        if not options.json:
            print(_text(path, digit, a), flush=True)
    if options.json:
        print(json.dumps(found, indent=2))
    if faults:
        raise DataError("\n".join(faults))
    return 0


def _check_width(run: str, num_inputs: int) -> None:
    from mnist_softmax.data.drawing import SIZE
    from mnist_softmax.errors import ConfigError

    if num_inputs != SIZE * SIZE:
        raise ConfigError(
            f"{run}: the network takes {num_inputs} inputs; pictures are made {SIZE} x {SIZE} pixels, which "
            f"needs a network of {SIZE * SIZE}"
        )


def _pictures(names: list[str]) -> list[Any]:
    """The files named, and in place of a folder the pictures in it, by name."""
    from pathlib import Path

    from mnist_softmax.data.drawing import PICTURES
    from mnist_softmax.errors import DataError

    paths: list[Path] = []
    for name in names:
        path = Path(name)
        if not path.is_dir():
            paths.append(path)
            continue
        inside = sorted(each for each in path.iterdir() if each.suffix.lower() in PICTURES)
        if not inside:
            raise DataError(f"{path}: is a folder without pictures ({', '.join(PICTURES)})")
        paths += inside
    return paths


def _text(path: Any, digit: np.ndarray, a: np.ndarray) -> str:
    """The digit as the network saw it, in half blocks, and beside it the outputs."""
    answer = int(a.argmax())
    beside = [f"{path}: {answer}", ""]
    beside += [f"a_{k} = {v:.4f} {'#' * round(20 * float(v))}".rstrip() for k, v in enumerate(a)]
    beside += [""] * (len(digit) // 2 - len(beside))
    return "\n".join(
        f"{picture}   {text}".rstrip() for picture, text in zip(half_blocks(digit), beside, strict=False)
    )


def half_blocks(digit: np.ndarray) -> list[str]:
    """Two rows of pixels in a line of text; letters where the terminal's alphabet has no blocks."""
    import sys

    marks = " ▀▄█"
    try:
        marks.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        marks = " ':#"
    lit = digit >= 80
    return ["".join(marks[int(top) + 2 * int(bottom)] for top, bottom in zip(*pair, strict=True))
            for pair in zip(lit[::2], lit[1::2], strict=True)]  # fmt: skip
