"""The command line of the campaign."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # a fork takes no threads along

from tests.campaign import commands, configs, data, disks, folders, kills, parts
from tests.campaign.campaign import Found, campaign, smallest_with
from tests.campaign.part import Part
from tests.campaign.warm import warm

PARTS: dict[str, tuple[Part, int, int]] = {  # with the inputs of a short campaign and of a long one
    "kills": (kills.PART, 30, 1000),
    "configs": (configs.PART, 300, 10_000),
    "data": (data.PART, 200, 5000),
    "folders": (folders.PART, 60, 3000),
    "commands": (commands.PART, 100, 2000),
    "disks": (disks.PART, 20, 300),
}


def main() -> int:
    """Run the campaign: 0 where nothing is at fault, else 1."""
    options = _options()
    warm()
    root = Path(tempfile.mkdtemp(prefix="campaign-"))  # a TemporaryDirectory would be removed by children, too
    try:
        rows = [*_tried(root, options)]
    finally:
        shutil.rmtree(root)
    print("\npart          inputs  at fault  causes  seconds")
    for name, found in rows:
        wrong = len({number for numbers in found.faults.values() for number in numbers})
        print(f"{name:10s}  {found.tried:8,d}  {wrong:8,d}  {len(found.faults):6,d}  {found.seconds:7.0f}")
    return 1 if any(found.faults for _, found in rows) else 0


def _tried(root: Path, options: argparse.Namespace) -> Iterator[tuple[str, Found]]:
    """Each part that is asked for, and what was found."""
    (root / "scratch").mkdir()
    parts.make(root)
    parts.make_trained(root)
    for name, (part, short, long) in PARTS.items():
        size = getattr(options, name)
        if size is None:
            size = 0 if options.only else short if options.short else long
        if size:
            numbers = range(options.first, options.first + size)
            print(f"\n{name}: inputs {numbers[0]:,} to {numbers[-1]:,} of seed {options.seed}", flush=True)
            found = campaign(part, root, options.seed, numbers, options.jobs)
            _show(part, found, root, options)
            yield name, found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of all that is drawn (0)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="the number of the first input (0)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (1)")
    parser.add_argument("--short", action="store_true", help="two minutes in place of an hour")
    parser.add_argument("--only", action="store_true", help="the parts that are given a number, and no other")
    parser.add_argument("--no-shrink", action="store_true", help="show failing inputs as they were drawn")
    for part, (_, short, long) in PARTS.items():
        parser.add_argument(f"--{part}", type=int, metavar="N", help=f"inputs ({long:,}; short: {short:,})")
    return parser.parse_args()


def _show(part: Part, found: Found, root: Path, options: argparse.Namespace) -> None:
    """Each cause with how often it was met, and the smallest input that was found for it."""
    for fault, numbers in sorted(found.faults.items(), key=lambda item: -len(item[1])):
        print(f"\n{len(numbers):5d} x {fault.kind}: {fault.cause}  (input {numbers[0]})")
        if not options.no_shrink:
            small = smallest_with(part, root, options.seed, numbers[0], fault)
            print("\n".join(f"        {line}" for line in str(small).splitlines()), flush=True)


if __name__ == "__main__":
    sys.exit(main())
