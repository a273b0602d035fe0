"""The campaign sees what it is to see, and a short one finds nothing."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("hypothesis")
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def judge():
    from tests.campaign import judge

    return judge


def answer(code=2, out=b"", err=b"error: small.yaml: no such file\n", **more):
    from tests.campaign.child import Answer

    return Answer(code, out, err, 0.1, **more)


@pytest.mark.parametrize(
    ("planted", "kind"),
    [
        ({"err": b'Traceback (most recent call last):\n  File "x"\nKeyError: 1\n', "code": 1}, "traceback"),
        ({"hung": True, "code": -signal.SIGKILL}, "hang"),
        ({"code": -signal.SIGSEGV}, "exit code"),
        ({"code": 77}, "exit code"),
        ({"outlived": True}, "process left"),
        ({"err": b"x.py:1: RuntimeWarning: overflow\nerror: bad\n"}, "warning"),
        ({"err": b"error: a\x1b[31mb\n"}, "control character"),
        ({"err": b"error: a\xe2\x80\xaeb\n"}, "control character"),  # it turns the text round
        ({"err": b"error: a\xffb\n"}, "control character"),
        ({"out": b"a" * 1001 + b"\n"}, "long line"),
        ({"err": b""}, "no error line"),
        ({"err": b"error: bad\n  and more of it\n"}, "line beside the error"),
        ({"err": b"error: bad\n" * 100}, "many lines"),
        ({"err": b"error: not enough memory\n"}, "memory"),
    ],
)
def test_a_planted_fault_is_found(judge, planted, kind):
    assert kind in [fault.kind for fault in judge.faults(answer(**planted))]


@pytest.mark.parametrize(
    "right",
    [
        {},
        {"code": 0, "err": b"", "out": "épreuve ▀▄█\n".encode()},
        {"code": 3, "err": b"warning: the cache is damaged\nerror: no digits\n"},
        {"code": 2, "err": b"usage: mnist-softmax train\nmnist-softmax train: error: unrecognized: x\n"},
        {"code": 130, "err": b"\ninterrupted; go on with --resume\n"},
    ],
)
def test_an_answer_as_it_should_be_is_none(judge, right):
    assert [*judge.faults(answer(**right))] == []


def test_faults_of_one_cause_have_one_name_whatever_the_input(judge):
    first, second = (
        [*judge.faults(answer(err=f"error: {name}: is no file\nodd\x07\n".encode()))]
        for name in ("a/b", "c d 17")
    )
    assert first == second


def test_an_input_comes_back_by_its_seed_and_number_and_fails_when_made_smaller():
    from hypothesis import strategies as st

    from tests.campaign.draws import drawn, smallest

    numbers = st.lists(st.integers(0, 1000), max_size=20)
    values = [drawn(numbers, 5, number) for number in range(30)]
    assert values == [drawn(numbers, 5, number) for number in range(30)]
    assert values != [drawn(numbers, 6, number) for number in range(30)]
    failing = next(number for number, value in enumerate(values) if max(value, default=0) > 100)
    assert smallest(numbers, 5, failing, lambda value: max(value, default=0) > 100) == [101]


KILLED = """
import sys
from pathlib import Path
from mnist_softmax.files import write_whole
from tests.campaign import disk
disk.kill(disk.Point(int(sys.argv[1]), sys.argv[2] == "half"))
write_whole(Path("file"), "new " * 10)
"""


@pytest.mark.slow
def test_killed_at_any_touch_of_the_disk_a_file_is_the_old_or_the_new_one(tmp_path):
    found = {}
    for number in range(1, 20):
        for where in ("before", "half"):
            (tmp_path / "file").write_text("old")
            words = [sys.executable, "-c", KILLED, str(number), where]
            code = subprocess.run(words, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, timeout=60).returncode
            found[number, where] = code, (tmp_path / "file").read_text()
        if found[number, "before"][0] == 0:  # there are no more
            break
    killed, whole = (-signal.SIGKILL, "old"), (0, "new " * 10)
    assert set(found.values()) <= {killed, (-signal.SIGKILL, "new " * 10), whole}
    assert found[1, "before"] == killed
    assert list(found.values()).count(whole) > 1
    assert [outcome for (_, where), outcome in found.items() if where == "half" and outcome[0]] == [killed]


@pytest.mark.slow
def test_a_short_campaign_finds_nothing(tmp_path):
    words = [sys.executable, "-m", "tests.campaign", "--short"]
    result = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=1500)
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-2000:]
