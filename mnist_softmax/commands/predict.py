"""`mnist-softmax predict`: which digit a picture shows, and each image of a data file, by a trained run."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from mnist_softmax.commands.options import user_path

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from mnist_softmax.network.network import Network
    from mnist_softmax.runs.run import Run

HELP = "which digits pictures show (a drawing or a photo of any size), or the images of IDX, npz and csv files"
USAGE = "RUN_DIR PICTURE|FOLDER|FILE [...] [--json | --submission FILE]"
TAKES_OVERRIDES = False
INK = 80  # of 255: darker pixels are shown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command line."""
    parser.add_argument(
        "run", type=user_path, metavar="RUN_DIR", help="a trained network, such as runs/loglik/seed-0"
    )
    parser.add_argument(
        "pictures",
        type=user_path,
        metavar="PICTURE",
        nargs="+",
        help="PNG, JPEG, ..., a folder of them, or a data file",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON, for programs")
    form.add_argument(
        "--submission",
        type=user_path,
        metavar="FILE",
        help="write the answers to one data file as Kaggle takes them",
    )


def run(options: argparse.Namespace) -> int:
    """Predict each picture and file, and show it; what cannot be read is named at the end."""
    import json

    from mnist_softmax.data.files import is_data
    from mnist_softmax.errors import DataError
    from mnist_softmax.runs.run import open_run

    trained = open_run(options.run)
    network = trained.network()
    if options.submission is not None:
        return _submit(trained, options.pictures, options.submission)
    found: list[dict[str, Any]] = []
    faults = []
    for path in _pictures(options.pictures):
        try:
            one = _images(trained, path) if is_data(path) else _picture(trained, network, path)
        except DataError as error:
            faults.append(str(error))
            continue
        found += one
        if not options.json:
            print(_text(path, one[0]) if "picture" in one[0] else _lines(path, one), flush=True)
    if options.json:
        print(json.dumps(found, indent=2))
    if faults:
        raise DataError(*faults)
    return 0


def _picture(trained: Run, network: Network, path: Path) -> list[dict[str, Any]]:
    from mnist_softmax.data.drawing import read_digit

    _check_width(str(trained.directory.path), network.num_inputs)
    digit = read_digit(path)
    # ink of 255 is a full pixel; the book's scale of 256 leaves it a little below 1
    full = 256 if trained.settings.data.scale == 256 else 255
    a = network.outputs(digit.reshape(1, -1) / full)[0]
    return [{"picture": str(path), "digit": int(a.argmax()), "outputs": a.tolist(), "pixels": digit.tolist()}]


def _images(trained: Run, path: Path) -> list[dict[str, Any]]:
    return [
        {"file": str(path), "image": k, "digit": int(a.argmax()), "outputs": a.tolist()}
        for k, a in enumerate(_outputs(trained, path))
    ]


def _outputs(trained: Run, path: Path) -> np.ndarray:
    """a^L for each image of a data file."""
    from mnist_softmax.data.files import load_images
    from mnist_softmax.errors import DataError

    images = load_images(path)
    try:
        return trained.outputs(images)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def _submit(trained: Run, names: list[str], submission: str) -> int:
    from pathlib import Path

    from mnist_softmax.data.submission import check_replaceable, write_submission
    from mnist_softmax.errors import ConfigError

    if len(names) != 1:
        raise ConfigError(f"--submission: answers to one data file, found {len(names)} names")
    replaced = check_replaceable(Path(submission))
    answers = _outputs(trained, Path(names[0])).argmax(axis=-1)
    write_submission(Path(submission), answers)
    print(f"{submission}: {len(answers):,} answers" + " in place of an earlier submission" * replaced)
    return 0


def _check_width(run: str, num_inputs: int) -> None:
    from mnist_softmax.data.drawing import SIZE
    from mnist_softmax.errors import ConfigError

    if num_inputs != SIZE * SIZE:
        raise ConfigError(
            f"{run}: the network takes {num_inputs} inputs; pictures are made {SIZE} x {SIZE} pixels, which "
            f"needs a network of {SIZE * SIZE}"
        )


def _pictures(names: list[str]) -> list[Path]:
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


def _lines(path: Path, found: list[dict[str, Any]]) -> str:
    """A line for each image of a file."""
    from mnist_softmax.text import aligned

    rows = [[str(each["image"]), str(each["digit"]), f"{max(each['outputs']):.4f}"] for each in found]
    heading = f"{path}: {len(found):,} images, numbered from 0"
    return "\n".join([heading, *aligned([["image", "digit", "output"], *rows], left=0)])


def _text(path: Path, found: dict[str, Any]) -> str:
    """The digit as the network saw it, in half blocks, and beside it the outputs."""
    import sys
    from itertools import zip_longest

    import numpy as np

    from mnist_softmax.text import half_blocks

    digit = np.array(found["pixels"])
    beside = [f"{path}: {found['digit']}", ""]
    beside += [f"a_{k} = {v:.4f} {'#' * round(20 * v)}".rstrip() for k, v in enumerate(found["outputs"])]
    picture = half_blocks(digit >= INK, sys.stdout.encoding)
    blank = " " * digit.shape[1]
    lines = zip_longest(picture, beside, fillvalue="")
    return "\n".join(f"{pixels or blank}   {text}".rstrip() for pixels, text in lines)
