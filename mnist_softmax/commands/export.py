"""`mnist-softmax export`: a trained network for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path

from mnist_softmax.commands.options import user_path

HELP = "write the network of a finished run as ONNX, safetensors (for PyTorch) or npz"
USAGE = "RUN_DIR --format {onnx,safetensors,npz} [--output FILE]"
TAKES_OVERRIDES = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command line."""
    parser.add_argument("run", type=user_path, metavar="RUN_DIR", help="such as runs/loglik/seed-0")
    parser.add_argument("--format", required=True, choices=("onnx", "safetensors", "npz"))
    parser.add_argument("--output", type=user_path, metavar="FILE", help="default: RUN_DIR/network.FORMAT")


def run(options: argparse.Namespace) -> int:
    """Write it, and say where."""
    from mnist_softmax.export.formats import FORMATS
    from mnist_softmax.runs.run import open_run

    path = Path(options.output or Path(options.run) / f"network.{options.format}")
    FORMATS[options.format](open_run(options.run), path)
    print(f"{path}: {path.stat().st_size:,} bytes")
    return 0
