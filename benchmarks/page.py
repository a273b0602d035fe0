"""docs/performance.md from what benchmarks.speed and benchmarks.scaling measured.

    python -m benchmarks.page

Tables stand between markers, <!-- speed --> and the like; the prose around them is written by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import run
from benchmarks.peers import PEERS
from benchmarks.speed import table
from benchmarks.work import COMPILER, LIBRARIES

DOCS = Path(__file__).parents[1] / "docs"
Found = dict[str, Any]


def machine_lines(found: Found) -> str:
    """What it was measured on."""
    machine = found["speed"]["machine"]
    versions = ", ".join(f"{name} {machine[name]}" for name in (*LIBRARIES, COMPILER) if name in machine)
    place = f"{machine['processor']}, {machine['cores']} cores; {machine['blas']}"
    return f"{place}; Python {machine['python']}, {versions}."


def speed_tables(found: Found) -> str:
    """The peers, a table a network."""
    rows = found["speed"]["rows"]
    return "\n\n".join(
        table([row for row in rows if row["hidden"] == hidden])
        for hidden in dict.fromkeys(row["hidden"] for row in rows)
    )


def startup_table(found: Found) -> str:
    """Waits beside training."""
    lines = [f"| {what} | {value:.3f} |" for what, value in found["speed"]["startup"].items()]
    return "\n".join(["| what | seconds |", "|---|---:|", *lines])


def replicas_table(found: Found) -> str:
    """Seconds per replica by the size of the cohort."""
    rows = found["scaling"]["replicas"]
    sizes = list(dict.fromkeys(row["replicas"] for row in rows))
    lines = [
        f"| hidden | m | {' | '.join(f'R = {size}' for size in sizes)} |",
        "|---:|---:|" + "---:|" * len(sizes),
    ]
    for hidden, m in dict.fromkeys((row["hidden"], row["m"]) for row in rows):
        seconds = [row["seconds"] for row in rows if (row["hidden"], row["m"]) == (hidden, m)]
        lines.append(f"| {hidden} | {m} | {' | '.join(f'{value:.3f}' for value in seconds)} |")
    return "\n".join(lines)


def processes_table(found: Found) -> str:
    """Seconds per replica with one and with two processes."""
    rows = {(row["replicas"], row["processes"]): row["seconds"] for row in found["scaling"]["processes"]}
    lines = ["| R in each process | one process | two | gain |", "|---:|---:|---:|---:|"]
    for replicas in dict.fromkeys(replicas for replicas, _ in rows):
        one, two = rows[replicas, 1], rows[replicas, 2]
        lines.append(f"| {replicas} | {one:.3f} | {two:.3f} | {one / two:.2f} |")
    return "\n".join(lines)


def sizes_table(found: Found) -> str:
    """Seconds for 50,000 images of other networks and training sizes."""
    lines = ["| network | images an epoch | s for 50,000 images |", "|---|---:|---:|"]
    lines += [
        f"| {row['layers']} | {row['images']:,} | {row['seconds']:.3f} |" for row in found["scaling"]["sizes"]
    ]
    return "\n".join(lines)


def rules_table(found: Found) -> str:
    """What a step costs by its rule, beside the plain one."""
    rows = found["scaling"]["rules"]
    lines = [
        f"| {row['rule']} | {row['seconds']:.3f} | {row['seconds'] / rows[0]['seconds']:.2f} |" for row in rows
    ]
    return "\n".join(["| step | s for 50,000 images | / plain |", "|---|---:|---:|", *lines])


def memory_table(found: Found) -> str:
    """A cohort's memory beside the digits."""
    lines = ["| R | by the formula, MB | as allocated, MB |", "|---:|---:|---:|"]
    for row in found["scaling"]["memory"]:
        lines.append(f"| {row['replicas']} | {row['formula'] / 1e6:.2f} | {row['allocated'] / 1e6:.2f} |")
    return "\n".join(lines)


SECTIONS: dict[str, Callable[[Found], str]] = {
    "machine": machine_lines,
    "speed": speed_tables,
    "startup": startup_table,
    "replicas": replicas_table,
    "processes": processes_table,
    "rules": rules_table,
    "sizes": sizes_table,
    "memory": memory_table,
}


def stored() -> Found:
    """What was measured last."""
    names = ("speed", "scaling")
    return {name: json.loads((DOCS / f"performance_{name}.json").read_text("utf-8")) for name in names}


def filled(text: str, found: Found) -> str:
    """The page with its tables renewed."""
    for name, section in SECTIONS.items():
        between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        content = section(found)
        text, count = between.subn(lambda match, c=content: f"{match[1]}{c}\n{match[2]}", text)
        if count != 1:
            raise SystemExit(f"docs/performance.md: expected one section {name}, found {count}")
    return text


def draw(found: Found) -> None:
    """Bars of the peers, and seconds per replica over the size of the cohort."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "mnist_softmax"  # the same figures from the same measurements
    from matplotlib import pyplot

    rows = [row for row in found["speed"]["rows"] if row["hidden"] == 30]
    rows.sort(key=lambda row: median(row["seconds"]))
    figure, axes = pyplot.subplots(figsize=(7, 0.4 * len(rows)), layout="constrained")
    colours = {"true_floor": "#9a9a9a", "floor": "#9a9a9a", "ours": "#1f5fa8", "cohort": "#1f5fa8"}
    seconds = [median(row["seconds"]) for row in rows]
    bars = axes.barh(
        [PEERS[row["peer"]].title for row in rows],
        seconds,
        color=[colours.get(r["peer"], "#c9b28a") for r in rows],
    )
    axes.bar_label(bars, [f"{value:.2f}" for value in seconds], padding=3)
    axes.set(xscale="log", xlabel="seconds an epoch, 784-30-10, one core")
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(DOCS / "figures" / "performance_peers.svg", metadata={"Date": None})

    figure, panels = pyplot.subplots(1, 2, figsize=(7, 3.2), layout="constrained", sharex=True)
    rows = found["scaling"]["replicas"]
    for panel, hidden in zip(panels, (30, 100), strict=True):
        for m, style in ((1, ":"), (10, "-"), (100, "--")):
            line = [(r["replicas"], r["seconds"]) for r in rows if (r["hidden"], r["m"]) == (hidden, m)]
            panel.plot(
                *zip(*line, strict=True), style, marker="o", markersize=3, color="#1f5fa8", label=f"m = {m}"
            )
        panel.set(xscale="log", yscale="log", xlabel="replicas in the cohort", title=f"784-{hidden}-10")
        panel.set_xticks([1, 2, 5, 10, 20, 50], labels=["1", "2", "5", "10", "20", "50"])
        panel.minorticks_off()
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("s per replica, 50,000 images")
    panels[1].legend(frameon=False)
    figure.savefig(DOCS / "figures" / "performance_cohorts.svg", metadata={"Date": None})


def main() -> None:
    """Renew tables and figures."""
    found, page = stored(), DOCS / "performance.md"
    page.write_text(filled(page.read_text("utf-8"), found), encoding="utf-8")
    draw(found)


if __name__ == "__main__":
    run(main)
