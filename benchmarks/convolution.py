"""Milliseconds a mini-batch of chapter 6's networks, beside other people's libraries and beside bare products.

    python -m benchmarks.convolution [--networks dbl_conv ...] [--peers torch,jax] [--repeats 15] [--threads 1]

A mini-batch is ten images, float32; all train from the same weights, on the same mini-batches, by the plain step,
and their outputs are compared. They take turns of 30 mini-batches, of which 25 are timed: in training a mini-batch
finds the caches as the one before left them. Ratios are taken within a turn. With one thread a time is the
processor's, with more it is the clock's. Memory is the peak of a process of its own that trains 200 mini-batches,
interpreter and libraries included. Peers that are not installed are named and left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks import run
from benchmarks.memory import peak
from benchmarks.peers import Peer
from benchmarks.peers.convolution import FIELD, POOL, Work
from benchmarks.work import machine, one_core
from mnist_softmax.config.data import Data
from mnist_softmax.data.sources import load_digits

NETWORKS: dict[str, tuple[str, tuple[int, ...], tuple[int, ...]]] = {
    "basic_conv": ("sigmoid", (20,), (100,)),
    "dbl_conv": ("relu", (20, 40), (100,)),
    "double_fc_1000": ("relu", (20, 40), (1000, 1000)),
}
PEERS = {
    "floor": Peer("the products of our layout (floor)", "convolution.floor"),
    "plain_floor": Peer("a product a layer, over single windows", "convolution.floor", "start_plain"),
    "ours": Peer("mnist_softmax", "convolution.ours"),
    "torch_last": Peer("PyTorch, channels_last", "convolution.torch_eager", "start_channels_last", "torch"),
    "torch_first": Peer("PyTorch, channels_first", "convolution.torch_eager", library="torch"),
    "jax": Peer("JAX, jit", "convolution.jax_jit", library="jax"),
    "tensorflow": Peer("TensorFlow, a loop in a graph", "convolution.tensorflow_graph", library="tensorflow"),
    "textbook": Peer("textbook NumPy, im2col", "convolution.textbook"),
}
IMAGES, TURN, UNTIMED = 4000, 30, 5
# How far outputs may lie apart after the first turn. A textbook's mask gives a pool's error to all equal sums.
AGREE = dict.fromkeys(PEERS, 1e-3) | {"textbook": 3e-2}


def work(name: str, threads: int = 1) -> Work:
    """The network's work on the first images of MNIST; weights N(0, 1/n_in) of a window, biases N(0, 1/100)."""
    activation, maps, hidden = NETWORKS[name]
    train = load_digits(Data()).train.first(IMAGES)
    rng, maps_in, side = np.random.default_rng(1), 1, 28
    start: list[tuple[np.ndarray, np.ndarray]] = []

    def draw(*shape: int) -> None:
        w = rng.standard_normal(shape) / np.sqrt(np.prod(shape[:-1]))
        start.append((w.astype(np.float32), (rng.standard_normal(shape[-1]) / 10).astype(np.float32)))

    for each in maps:
        draw(FIELD, FIELD, maps_in, each)
        maps_in, side = each, (side - FIELD + 1) // POOL
    n_in = maps_in * side * side
    for n_out in (*hidden, 10):
        draw(n_in, n_out)
        n_in = n_out
    x, y = train.images.astype(np.float32) / np.float32(255), np.eye(10, dtype=np.float32)[train.labels]
    return Work(name, activation, maps, hidden, x, y, train.labels, start, threads)


def timed(name: str, peers: list[str], repeats: int, threads: int) -> list[dict[str, Any]]:
    """A row for each peer: seconds a mini-batch, turn by turn, and how far its outputs lie from ours."""
    the_work, clock = work(name, threads), process_time if threads == 1 else perf_counter
    trainers = {peer: PEERS[peer].start()(the_work) for peer in peers}
    seconds: dict[str, list[float]] = {peer: [] for peer in peers}
    outputs: dict[str, np.ndarray] = {}
    for turn in range(repeats + 1):
        for peer, trainer in trainers.items():
            trainer.train(range(turn * TURN, turn * TURN + UNTIMED))
            began = clock()
            trainer.train(range(turn * TURN + UNTIMED, (turn + 1) * TURN))
            if turn:  # the first is to warm up, or to compile
                seconds[peer].append((clock() - began) / (TURN - UNTIMED))
            elif trainer.outputs:
                outputs[peer] = trainer.outputs()
    return [
        {"network": name, "peer": peer, "seconds": seconds[peer], "threads": threads}
        | ({"apart": float(abs(outputs[peer] - outputs["ours"]).max())} if peer in outputs else {})
        for peer in peers
    ]


def ratio(rows: list[dict[str, Any]], peer: str, other: str) -> float:
    """The median over the turns of one's seconds over the other's."""
    seconds = {row["peer"]: row["seconds"] for row in rows}
    return median(a / b for a, b in zip(seconds[peer], seconds[other], strict=True))


def table(rows: list[dict[str, Any]]) -> str:
    """The rows of one network as Markdown."""
    lines = [
        f"| {rows[0]['network']} | ms a mini-batch | least to most | / floor | / ours | peak MB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        ms = [1e3 * s for s in row["seconds"]]
        lines.append(
            f"| {PEERS[row['peer']].title} | {median(ms):.3f} | {min(ms):.3f} to {max(ms):.3f} "
            f"| {ratio(rows, row['peer'], 'floor'):.2f} | {ratio(rows, row['peer'], 'ours'):.2f} "
            f"| {row['memory']:.0f} |"
        )
    return "\n".join(lines)


def peak_memory(peer: str, network: str) -> float:
    """MB."""
    words = [sys.executable, "-m", "benchmarks.convolution", "--memory", peer, network]
    return float(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[-1])


def main() -> int:
    """Print one table a network; 1 where the outputs do not agree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=[*NETWORKS], choices=NETWORKS, metavar="NETWORK")
    parser.add_argument(
        "--peers", default="torch,jax,tensorflow", help="libraries to compare with (torch,jax,tensorflow)"
    )
    parser.add_argument("--repeats", type=int, default=15, help="timed turns of each (15)")
    parser.add_argument("--threads", type=int, default=1, help="of BLAS and of the libraries (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--memory", nargs=2, metavar=("PEER", "NETWORK"), help="only train, and print MB")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's greetings
    if options.threads == 1:
        one_core()
    with threadpool_limits(options.threads):
        return trained_alone(*options.memory) if options.memory else compared(options)


def trained_alone(peer: str, network: str) -> int:
    """Train, and print the peak of memory in MB."""
    trainer = PEERS[peer].start()(work(network))
    trainer.train(range(200))
    print(peak())
    return 0


def compared(options: argparse.Namespace) -> int:
    """Print the tables."""
    absent = {peer.library for peer in PEERS.values() if not peer.is_here()}
    asked = {"numpy", *options.peers.split(",")} - absent
    peers = [name for name, peer in PEERS.items() if peer.library in asked]
    if absent:
        print(f"not installed, left out: {', '.join(sorted(absent))}\n")
    found: dict[str, Any] = {"machine": machine(), "rows": []}
    complaints = []
    for network in options.networks:
        rows = timed(network, peers, options.repeats, options.threads)
        for row in rows:
            row["memory"] = peak_memory(row["peer"], network)
            if row.get("apart", 0) > AGREE[row["peer"]]:
                complaints.append(f"{network}: outputs of {row['peer']} lie {row['apart']:.1e} from ours")
        found["rows"] += rows
        print(table(rows), "\n", flush=True)
    print(json.dumps(found["machine"]))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for complaint in complaints:
        print(f"error: {complaint}", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    run(main)
