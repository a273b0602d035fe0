"""Run every command of guide.md, and write the seconds that it computed beside it and into guide_seconds.json.

    python docs/time_guide.py [WORD]

With a word, only the commands that hold it. They run in a temporary folder, one after the other, as a reader runs
them. The seconds are those of the processor: on a machine with other work, the clock would count that work too.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).resolve().parent
GUIDE, SECONDS = DOCS / "guide.md", DOCS / "guide_seconds.json"
LINE = re.compile(r"^((?:mnist-softmax|python) .*?) +# [\d,<]+ s$", re.MULTILINE)


def shown(seconds: float) -> str:
    """Whole seconds, or tens of them; 1 s at least."""
    return f"# {max(1, round(seconds, -1 if seconds >= 20 else 0)):.0f} s"


def computed() -> float:
    """Seconds that the processes we started, and have ended, kept a processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(wanted: str = "") -> None:
    """Run the commands that hold the word `wanted`, or all, and write; a command that fails ends it."""
    environment = {**os.environ, "PYTHONPATH": str(DOCS.parent), "OPENBLAS_NUM_THREADS": "1"}
    found = json.loads(SECONDS.read_text(encoding="utf-8")) if wanted else {}
    with tempfile.TemporaryDirectory() as folder:
        for command in LINE.findall(GUIDE.read_text(encoding="utf-8")):
            if wanted not in command:
                continue
            program, *words = shlex.split(command)
            module = [] if program == "python" else ["-m", "mnist_softmax"]
            before = computed()
            subprocess.run([sys.executable, *module, *words], cwd=folder, env=environment, check=True)
            found[command] = round(computed() - before, 1)
    text = GUIDE.read_text(encoding="utf-8")
    commands = LINE.findall(text)
    GUIDE.write_text(LINE.sub(lambda match: f"{match[1]:<55} {shown(found[match[1]])}", text), encoding="utf-8")
    kept = {command: found[command] for command in commands}
    SECONDS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
