"""`reproduce` from the command line on a small experiment of made-up digits: train, judge, report, resume."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_run import wait_until

from mnist_softmax.book import report as book_report

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

EXPERIMENT = """
data: {{source: npz, path: {path}, scale: 256}}
network: {{layers: [16, 6, 4], output_activation: sigmoid, cost: cross_entropy, initializer: large}}
training: {{epochs: {epochs}, mini_batch_size: 10, learning_rate: 0.5, monitor: [validation_accuracy, test_accuracy]}}
book:
  chapter: 3
  section: Made up
  title: Made up
  runs:
    slow: {{training.learning_rate: 0.1}}
    fast: {{training.learning_rate: 1.0}}
  recording: {{figures: none, program: fig/none.py, metrics: [test_accuracy], one_list: true}}
  claims:
    - {{kind: printed, metric: test_accuracy, select: peak, run: fast, best_of: 3, value: 12.34}}
    - {{kind: statement, metric: test_accuracy, select: final, run: fast, minus: slow, above: -100,
       says: it is faster}}
"""


def write_digits(path: Path) -> None:
    rng = np.random.default_rng(0)
    patterns = rng.integers(0, 256, (4, 16))
    arrays = {}
    for name, count in (("train", 300), ("test", 60)):
        labels = np.arange(count) % 4
        noisy = patterns[labels] + rng.normal(0, 60, (count, 16))
        arrays |= {f"x_{name}": np.clip(noisy, 0, 255).astype(np.uint8), f"y_{name}": labels.astype(np.uint8)}
    np.savez(path, **arrays)


@pytest.fixture
def experiment(tmp_path):
    def write(epochs: int = 3) -> Path:
        path = tmp_path / "made_up.yaml"
        path.write_text(EXPERIMENT.format(path=tmp_path / "digits.npz", epochs=epochs))
        return path

    write_digits(tmp_path / "digits.npz")
    return write


def command(*words: object) -> list[str]:
    return [sys.executable, str(ROOT / "scripts" / "reproduce.py"), *map(str, words)]


def reproduce(*words: object, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), capture_output=True, text=True, timeout=120, cwd=ROOT, **options)


def test_it_trains_judges_and_reports(experiment, tmp_path):
    result = reproduce(experiment(), "--seeds", 4, "--jobs", 1, "--output", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    assert "1 experiment, 10 runs" in result.stdout
    assert re.search(r"best test accuracy fast, best of 3 runs +12\.34 % .* higher by", result.stdout)
    assert '"it is faster"' in result.stdout
    seeds = sorted(path.parent.name for path in (tmp_path / "out" / "made_up" / "fast").glob("*/summary.json"))
    assert seeds == ["recorded", "seed-0", "seed-1", "seed-2", "seed-3"]
    stored = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (tmp_path / "out" / "results.md").read_text() == book_report.page(stored)
    assert stored["results"][0]["runs"] == 10

    again = reproduce(experiment(), "--seeds", 4, "--output", tmp_path / "out")
    assert again.returncode == 2
    assert re.fullmatch(r"error: .*holds a run already; --resume keeps .*\n", again.stderr)


def test_a_readme_and_configs_are_renewed_only_where_a_report_is_asked_for(experiment, tmp_path):
    """They lie beside the output, too, and are not ours where nobody has said so."""
    path, readme = experiment(), tmp_path / "README.md"
    path.write_text(f"# Mine.\n# Expect: much.\n# Time: none.\n{path.read_text()}")
    readme.write_text(f"{book_report.BEGIN}\nmine\n{book_report.END}\n")
    before = path.read_text(), readme.read_text()
    words = (path, "--seeds", 1, "--jobs", 1, "--output", tmp_path / "out")
    assert reproduce(*words).returncode == 0
    assert (path.read_text(), readme.read_text()) == before
    assert reproduce(*words, "--resume", "--report", tmp_path / "docs").returncode == 0
    assert "# Expect (over 1 seed)" in path.read_text()
    assert "| chapter |" in readme.read_text()


def test_an_output_that_nobody_reads_is_not_a_report_that_failed(experiment, tmp_path):
    words = command(experiment(), "--seeds", 1, "--jobs", 1, "--output", tmp_path / "out")
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    process.stdout.readline()
    process.stdout.close()
    assert "error" not in process.stderr.read()
    assert process.wait() == 141


def test_a_figure_that_cannot_be_written_is_named_and_no_option_is(experiment, tmp_path):
    path, out = experiment(), tmp_path / "out"
    path.write_text(path.read_text() + "    - {kind: race, says: so, run: fast, against: slow, mark: 50}\n")
    (out / "figures").mkdir(parents=True)
    (out / "figures" / "book").touch()
    result = reproduce(path, "--seeds", 1, "--jobs", 1, "--output", out)
    assert result.returncode == 2
    assert (
        f"error: the report was not written: {out / 'figures' / 'book' / 'tanh_or_sigmoid.svg'}: "
        in result.stderr
    )


def test_a_quick_look_trains_every_run_gives_no_verdict_and_writes_nothing(experiment, tmp_path):
    result = reproduce(experiment(), "--quick", "--output", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("No verdict") == 2
    for run in ("slow", "fast"):
        assert re.search(rf"^made_up {run} +16-6-4 +test [\d.]+ %  in \d+ s$", result.stdout, re.MULTILINE)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "ending", ["early_stopping: {patience: 1}", "schedule: {kind: halving, patience: 1, stop_at: 2}"]
)
def test_a_quick_look_leaves_out_what_ends_a_run_early(experiment, tmp_path, ending):
    path = experiment(epochs=30)
    path.write_text(path.read_text().replace("epochs: 30", f"epochs: 30, {ending}"))
    result = reproduce(path, "--quick", "--output", tmp_path / "out")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.count("16-6-4") == 2


def test_a_number_of_seeds_that_a_claim_cannot_be_judged_with_is_refused_wherever_it_is_said(
    experiment, tmp_path
):
    path, out = experiment(), tmp_path / "out"
    path.write_text(
        path.read_text().replace("  claims:", "  seeds: 1\n  claims:\n    - {kind: length, run: fast}")
    )
    for words, said in (([], f"{path}: book.seeds"), (["--seeds", 1], "--seeds 1")):
        result = reproduce(path, *words, "--jobs", 1, "--output", out)
        assert result.returncode == 2
        assert result.stderr == f"error: {said}: expected at least 2, for an interval\n"
    assert not out.exists()
    assert reproduce(path, "--seeds", 2, "--jobs", 1, "--output", out).returncode == 0


def test_after_a_kill_it_goes_on_without_repeating_what_is_finished(experiment, tmp_path):
    words = (experiment(epochs=400), "--seeds", 4, "--jobs", 1, "--output", tmp_path / "out")
    process = subprocess.Popen(command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
    wait_until(lambda: list((tmp_path / "out").rglob("summary.json")), process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    finished = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("summary.json")}
    assert finished
    result = reproduce(*words, "--resume")
    assert result.returncode == 0, result.stderr
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    assert len(list((tmp_path / "out").rglob("summary.json"))) == 10


def test_without_the_digits_nothing_is_written(tmp_path):
    home = tmp_path / "empty"
    home.mkdir()
    result = reproduce(
        "ch3_hyper_b", "--output", tmp_path / "out",
        env={"SCIKIT_LEARN_DATA": str(home), "PATH": "", "HOME": str(tmp_path), "no_proxy": "*"},
    )  # fmt: skip
    if result.returncode == 0:
        pytest.skip("OpenML can be reached from here")
    assert result.returncode == 3
    assert result.stderr.count("\n") == 1
    assert "70,000" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["ch3_nothing"], "ch3_nothing: no such experiment; expected all, chapter1"),
        (["ch3_hyper_c", "--seeds", "2"], "--seeds 2: expected at least 4"),
        (["ch3_hyper_b", "--seeds", "0"], "--seeds 0: expected at least 1"),
        (["ch3_hyper_b", "--jobs", "0"], "jobs 0: expected at least 1"),
        (["ch3_hyper_b", "--recordings", "nowhere"], "--recordings nowhere: no such folder"),
        (["nothing.yaml"], "nothing.yaml: no such file"),
        (["ch3_hyper_b", "training.epochs=3"], "training.epochs=3: no such experiment"),
    ],
)
def test_a_wrong_command_is_one_line(words, fault, tmp_path):
    result = reproduce(*words, "--output", tmp_path / "out")
    assert result.returncode == 2
    assert f"error: {fault}" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_without_an_id_it_lists_them():
    result = reproduce()
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) == 54


@pytest.mark.parametrize("name", ["results.md", "results.json"])
@pytest.mark.parametrize("content", ["my results\n", '{"mine": 1}', "[]", ""])
def test_results_of_somebody_else_are_not_replaced(experiment, tmp_path, name, content):
    folder = tmp_path / "b"
    folder.mkdir()
    (folder / name).write_text(content)
    words = command(experiment(), "--seeds", "4", "--output", folder)
    result = subprocess.run(words, capture_output=True, text=True)
    assert result.returncode == 2
    assert f"{folder / name}: is" in result.stderr
    assert "choose another --report" in result.stderr
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [(name, content)]


@pytest.mark.parametrize("name", ["exercises.md", "exercises.json"])
def test_so_it_is_with_answers_to_exercises(tmp_path, name):
    (tmp_path / name).write_text("mine\n")
    result = reproduce("ch3_l1", "--output", tmp_path)
    assert result.returncode == 2
    assert f"{tmp_path / name}: is" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == [name]


FAILING = """
import sys
from mnist_softmax.book import report
from mnist_softmax.__main__ import main
report.page = lambda content: 1 / 0
sys.exit(main(["reproduce", *sys.argv[1:]]))
"""


def test_a_report_that_fails_loses_no_training_and_says_how_it_is_made(experiment, tmp_path):
    words = [str(experiment()), "--seeds", "4", "--output", str(tmp_path / "runs")]
    result = subprocess.run([sys.executable, "-c", FAILING, *words], capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 2
    [line] = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert "ZeroDivisionError" in line
    assert "all runs are kept: mend the cause, then the same command with --resume" in line
    assert "Traceback" not in result.stderr
    trained = {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/*/*/*/summary.json")}
    assert trained
    assert reproduce(*words, "--resume").returncode == 0
    assert {path: path.stat().st_mtime_ns for path in trained} == trained
