"""Whatever a message repeats, a terminal obeys nothing in it, and it stays short."""

import io
import re
import sys

import pytest

from mnist_softmax.cli import main
from mnist_softmax.messages import LONGEST, MOST_LINES, Printable, message, printable, shown

HOSTILE = ["\x1b[31m", "\x07", "\r", "\x9b", "\u202e", "\u2028", "\udcff", "\x00", "\x7f"]


@pytest.mark.parametrize("character", HOSTILE)
def test_what_a_terminal_would_obey_is_written_out(character):
    assert printable(f"a{character}b").isprintable()
    assert printable(f"a{character}b") != "ab"


@pytest.mark.parametrize("text", ["plain", "über", "日本", "a\nb\tc", "95\N{NO-BREAK SPACE}%", "▀▄█"])
def test_what_can_be_read_stays(text):
    assert printable(text) == text


def test_a_message_is_bounded_and_keeps_its_beginning_and_its_end():
    text = message("where" + "x" * 100_000 + "remedy")
    assert len(text) <= LONGEST
    assert text.startswith("where")
    assert text.endswith("remedy")
    lines = message("\n".join(map(str, range(1000)))).splitlines()
    assert len(lines) == MOST_LINES
    assert lines[-1] == "... and 981 lines more"


def test_a_value_is_shown_in_short_however_much_it_holds():
    for value in ([[0] * 10**6] * 9, "x" * 10**6, 16**50_000, {i: i for i in range(10**5)}, 0.5):
        assert len(shown(value)) <= 60


@pytest.mark.parametrize(
    "words",
    [["{}"], ["train", "--config", "{}"], ["train", "--config", "loglik", "{}"], ["evaluate", "{}"], ["data", "{}=1"],
     ["train", "--config", "loglik", "training.epochs={}"], ["train", "--config", "loglik", "{}=1"], ["data", "--{}"],
     ["compare", "{}", "--output", "{}"], ["sweep", "--config", "loglik", "--grid", "{}", "--output", "x"],
     ["predict", "{}", "{}"], ["curves", "{}"], ["train", "--config", "loglik", "data.source={}"],
     ["data", "data.source=npz", "data.path={}"], ["gradcheck", "--config", "loglik", "--step", "{}"]],
)  # fmt: skip
@pytest.mark.parametrize("hostile", ["\x1b[31m\x07\u202e\udcff", "x" * 30_000])
def test_no_command_line_puts_a_control_character_or_an_endless_line_on_the_screen(words, hostile, capsys):
    try:
        code = main([word.format(hostile) for word in words])
    except SystemExit as ended:
        code = ended.code
    assert code in (2, 3)
    out, err = capsys.readouterr()
    for line in (out + err).splitlines():
        assert line.isprintable()
        assert len(line) < 1000
    assert "Traceback" not in err


def test_what_commands_print_is_printable_too(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", Printable(stream))
    print("a\x1bb")
    assert stream.getvalue() == "a\\x1bb\n"
    assert not sys.stdout.isatty()


@pytest.mark.parametrize("words", [["a\nb"], ["evaluate", "a\nb"], ["data", "a\nb=1"], ["train", "--config", "a\nb"],
                                   ["data", "-\n="], ["train", "--config", "loglik", "a\nb=1", "c=1"]])  # fmt: skip
def test_the_end_of_a_line_in_a_word_begins_no_line(words, capsys):
    assert main(words) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [
        line for line in lines if not re.match(r"usage: |(mnist-softmax: )?error: .*\\n|error: .*'c'", line)
    ] == []
