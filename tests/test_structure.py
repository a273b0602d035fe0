"""The house stands as CONTRIBUTING.md draws it: data walks one way, and nothing heavy is carried along."""

import ast
import graphlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "mnist_softmax"
GROUND = (
    "__init__", "errors", "buffers", "messages", "files", "reading", "arrays", "text", "metrics", "figures",
    "signals", "locks",
)  # fmt: skip
WINGS = ("diagnostics", "comparison", "book", "lab")  # side by side: none reads another
ESTIMATOR = ("estimator_parameters", "estimator_callbacks", "estimator")
ORDER = (
    "config", "data", "plain", "network", "training", *ESTIMATOR, "runs", "export", *WINGS, "commands", "cli",
    "__main__",
)  # fmt: skip


def modules(root: Path) -> dict[str, Path]:
    """Every module of the package under `root` by its dotted name."""
    found = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str, path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules of the package that a module imports, at its head or inside a function."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:  # `from a import b`: b is a module or a name in one
                full = f"{source}.{alias.name}"
                if full in known or source in known:
                    yield full if full in known else source


def place(name: str) -> int:
    """How high in the house a module stands."""
    room = room_of(name)
    return 0 if room in GROUND else 1 + ORDER.index(room)


def room_of(name: str) -> str:
    return name.split(".")[1] if "." in name else "__init__"


def faults(root: Path) -> list[str]:
    """Every step up, every wing that reads another and, if there is one, a circle, in words."""
    known = modules(root)
    graph = {name: set(imports(name, path, known)) - {name} for name, path in known.items()}
    found = [f"{a} reads {b}" for a in graph for b in sorted(graph[a]) if place(b) > place(a)]
    found += [
        f"{a} reads {b}, of another wing"
        for a in graph
        for b in sorted(graph[a])
        if place(b) < place(a) and {room_of(a), room_of(b)} <= {*WINGS}
    ]
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        found.append("circle: " + " -> ".join(error.args[1]))
    return found


def test_no_module_reads_one_above_it_and_none_reads_itself_round_a_circle():
    assert faults(ROOT) == []


def test_the_walk_sees_the_imports_that_hold_the_house_together():
    known = modules(ROOT)
    commands = set(imports(f"{PACKAGE}.commands.train", known[f"{PACKAGE}.commands.train"], known))
    assert {f"{PACKAGE}.config.file", f"{PACKAGE}.data.sources", f"{PACKAGE}.runs.run"} <= commands
    randomness = f"{PACKAGE}.training.randomness"
    assert f"{PACKAGE}.training.book_streams" in imports(
        randomness, known[randomness], known
    )  # written `from mnist_softmax.training import book_streams`


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"data/a.py": "from mnist_softmax.network.b import f", "network/b.py": ""},
         "mnist_softmax.data.a reads mnist_softmax.network.b"),
        ({"data/a.py": "def f():\n    import mnist_softmax.network.b", "network/b.py": ""},
         "mnist_softmax.data.a reads mnist_softmax.network.b"),
        ({"data/a.py": "from ..network import b", "network/b.py": ""},
         "mnist_softmax.data.a reads mnist_softmax.network.b"),
        ({"config.py": "from mnist_softmax import cli", "cli.py": ""},
         "mnist_softmax.config reads mnist_softmax.cli"),
        ({"book/a.py": "from mnist_softmax.comparison.b import f", "comparison/b.py": ""},
         "mnist_softmax.book.a reads mnist_softmax.comparison.b, of another wing"),
        ({"comparison/a.py": "from mnist_softmax.book import b", "book/b.py": ""},
         "mnist_softmax.comparison.a reads mnist_softmax.book.b"),
        ({"network/a.py": "from mnist_softmax.network import b", "network/b.py": "from . import a"}, "circle"),
        ({"files.py": "from . import errors", "errors.py": "from .files import x"}, "circle"),
    ],
)  # fmt: skip
def test_a_planted_step_back_or_circle_is_found(tmp_path, files, fault):
    for name in ("", "data", "network", "comparison", "book"):
        (tmp_path / PACKAGE / name).mkdir(exist_ok=True)
        (tmp_path / PACKAGE / name / "__init__.py").touch()
    for name, text in files.items():
        (tmp_path / PACKAGE / name).write_text(text)
    [found] = faults(tmp_path)
    assert found.startswith(fault)


def test_a_folder_without_a_place_in_the_order_is_noticed(tmp_path):
    (tmp_path / PACKAGE / "attic").mkdir(parents=True)
    (tmp_path / PACKAGE / "attic" / "a.py").write_text("import mnist_softmax.attic.b")
    (tmp_path / PACKAGE / "attic" / "b.py").touch()
    with pytest.raises(ValueError, match="not in tuple"):
        faults(tmp_path)


# ---- what is loaded

HEAVY = ("sklearn", "pandas", "matplotlib", "mlxtend")


def heavy_after(code: str, **environment: str) -> list[str]:
    """Which heavy packages a Python of its own has loaded after `code`."""
    code += f"\nimport sys; print([name for name in {HEAVY} if name in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=os.environ | environment
    )
    assert result.returncode == 0, result.stderr
    return ast.literal_eval(result.stdout.splitlines()[-1])


def test_the_command_line_is_imported_without_heavy_packages():
    assert heavy_after("import mnist_softmax.cli") == []


def test_training_from_the_local_cache_loads_no_heavy_package(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (5000, 784)).astype(np.uint8)
    labels = np.repeat(np.arange(10, dtype=np.uint8), 500)
    checksum = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    (tmp_path / PACKAGE).mkdir()
    np.savez(tmp_path / PACKAGE / "sample.npz", images=images, labels=labels, sha256=np.array(checksum))
    words = ["train", "--config", "configs/loglik.yaml", "--output", str(tmp_path / "run"),
             "data.source=sample", "training.epochs=1"]  # fmt: skip
    code = f"from mnist_softmax.cli import main\nassert main({words}) == 0"
    assert heavy_after(code, SCIKIT_LEARN_DATA=str(tmp_path)) == []
    assert (tmp_path / "run" / "summary.json").exists()
