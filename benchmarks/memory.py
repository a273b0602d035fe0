"""Peak memory of a process that trains two epochs, interpreter, libraries and digits included.

    python -m benchmarks.memory PEER HIDDEN

Other peers get the digits as floats, as their users would give them, and the test images too: 188 MB. Our own
keeps them as bytes, as any run of ours does, and so does the program in C.
"""

from __future__ import annotations

import resource
import subprocess
import sys

from benchmarks import run
from benchmarks.peers import PEERS
from benchmarks.work import one_core, work


def peak_memory(name: str, hidden: int) -> float:
    """MB."""
    words = [sys.executable, "-m", "benchmarks.memory", name, str(hidden)]
    return float(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[-1])


def main() -> None:
    """Train two epochs and print MB."""
    name, hidden = sys.argv[1], int(sys.argv[2])
    one_core()
    epoch = PEERS[name].start()(work(hidden, floats=PEERS[name].floats))
    epoch(1)
    epoch(2)
    print(peak())


def peak() -> float:
    """MB of this process at its largest. Linux counts a parent's into ru_maxrss, but not into VmHWM."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    run(main)
