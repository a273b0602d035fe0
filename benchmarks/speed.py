"""Seconds an epoch, beside other people's libraries, a program in C, and the five bare matrix products.

    python -m benchmarks.speed [--peers torch,jax,c_lit] [--hidden 30 100] [--repeats 5] [--json FILE]

An epoch is every training image once, in mini-batches of 10, float32 (the per-example loop: float64), and the
test accuracy. All do the same work from the same weights (benchmarks/work.py); that their accuracies agree is
checked. They take turns, so that a noisy machine hits all alike, and ratios are taken within a turn. A turn is two
epochs, of which the second is timed: in training an epoch finds the caches as the one before it left them.
Everything runs on one core. A peer without its library, or without a compiler that it needs, is named and left out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks import run
from benchmarks.memory import peak_memory
from benchmarks.peers import OPTIONAL, PEERS, LeftOut
from benchmarks.startup import startup
from benchmarks.work import Work, machine, one_core, work

# Accuracies after the same epochs lie no farther apart. Those that take the orders of the work agree to rounding;
# scikit-learn shuffles by itself, and then epochs at this constant rate differ by half a point.
AGREE = 0.015


def started(the_work: Work, names: list[str]) -> tuple[dict[str, Callable], dict[str, str]]:
    """The peers' functions that train an epoch, and why the others are left out."""
    epochs, absent = {}, {}
    for name in names:
        if not PEERS[name].is_here():
            absent[name] = f"{PEERS[name].library} is not installed"
            continue
        try:
            epochs[name] = PEERS[name].start()(the_work)
        except LeftOut as reason:
            absent[name] = str(reason)
    return epochs, absent


def timed(epochs: dict[str, Callable], hidden: int, repeats: int) -> list[dict[str, Any]]:
    """A row for each peer: seconds of each epoch, per replica, taken in turns, and the last test accuracy."""
    rows = {name: {"hidden": hidden, "peer": name, "seconds": [], "accuracy": None} for name in epochs}
    for turn in range(repeats + 1):
        for name, epoch in epochs.items():
            epoch(2 * turn)
            began = perf_counter()
            accuracy = epoch(2 * turn + 1)
            passed = (perf_counter() - began) / PEERS[name].replicas
            rows[name]["accuracy"] = accuracy
            if turn:  # the first is to warm up, or to compile
                rows[name]["seconds"].append(passed)
    return [*rows.values()]


def ratio(rows: list[dict[str, Any]], name: str, other: str) -> float:
    """The median over the turns of one's seconds over the other's."""
    seconds = {row["peer"]: row["seconds"] for row in rows}
    return median(a / b for a, b in zip(seconds[name], seconds[other], strict=True))


def table(rows: list[dict[str, Any]]) -> str:
    """The rows of one network as Markdown."""
    lines = [
        f"| 784-{rows[0]['hidden']}-10 | s an epoch | least to most | / floor | / ours | test accuracy | peak MB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        name, seconds = row["peer"], row["seconds"]
        accuracy = "" if row["accuracy"] is None else f"{100 * row['accuracy']:.2f} %"
        lines.append(
            f"| {PEERS[name].title} | {median(seconds):.3f} | {min(seconds):.3f} to {max(seconds):.3f} "
            f"| {ratio(rows, name, 'floor'):.2f} | {ratio(rows, name, 'ours'):.2f} | {accuracy} "
            f"| {row['memory']:.0f} |"
        )
    return "\n".join(lines)


def disagreement(rows: list[dict[str, Any]]) -> str | None:
    """Who did other work than ours, by the accuracy it came to."""
    accuracies = {row["peer"]: row["accuracy"] for row in rows if row["accuracy"] is not None}
    apart = [name for name, value in accuracies.items() if abs(value - accuracies["ours"]) > AGREE]
    return (
        f"accuracies differ from ours by more than {100 * AGREE:g} points: {', '.join(apart)}"
        if apart
        else None
    )


def main() -> int:
    """Print one table a network, and the other times; 1 where the accuracies do not agree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    every = ",".join(OPTIONAL)
    parser.add_argument("--peers", default=every, metavar="NAMES", help=f"whom to compare with ({every})")
    parser.add_argument("--hidden", type=int, nargs="+", default=[30, 100], help="hidden neurons (30 100)")
    parser.add_argument("--repeats", type=int, default=5, help="timed epochs of each (5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    asked = options.peers.split(",")
    if unknown := set(asked) - {*OPTIONAL, ""}:
        parser.exit(2, f"error: --peers {', '.join(sorted(unknown))}: expected some of {every}\n")
    names = [name for name in PEERS if name not in OPTIONAL or name in asked]
    one_core()
    found: dict[str, Any] = {"machine": machine(), "absent": {}, "repeats": options.repeats, "rows": []}
    complaints = []
    for hidden in options.hidden:
        epochs, absent = started(work(hidden), names)
        for name in absent.keys() - found["absent"].keys():
            print(f"left out: {name}: {absent[name]}\n", flush=True)
        found["absent"] |= absent
        rows = timed(epochs, hidden, options.repeats)
        for row in rows:
            row["memory"] = peak_memory(row["peer"], hidden)
        found["rows"] += rows
        complaints += filter(None, [disagreement(rows)])
        print(table(rows), "\n", flush=True)
    found["startup"] = startup()
    print("\n".join(f"{what}: {value:.3f} s" for what, value in found["startup"].items()))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for complaint in complaints:
        print(f"error: {complaint}", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    run(main)
