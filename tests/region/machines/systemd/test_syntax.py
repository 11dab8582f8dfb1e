from __future__ import annotations

import signal
from pathlib import PurePosixPath

import pytest

from region.machines.systemd.specifiers import unescape
from region.machines.systemd.syntax import (
    parse_boolean,
    parse_environment_file,
    parse_seconds,
    parse_signal,
    settings,
    split_commands,
    split_words,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b\tc", ["a", "b", "c"]),
        ("'two words' \"and more\" plain''", ["two words", "and more", "plain"]),
        ("'' \"\"", ["", ""]),
        (r"'it\'s' \x41\101\t\s.", ["it's", "AA\t ."]),
        # Sequences that are none stay, as in the regular expressions of a shell command.
        (r"sh -c 'grep \d \$x'", ["sh", "-c", r"grep \d \$x"]),
    ],
)
def test_words(text, words):
    assert split_words(text) == words


def test_unbalanced_quotes():
    with pytest.raises(ValueError, match="unbalanced"):
        split_words("'open")


def test_a_bare_semicolon_separates_commands():
    assert split_commands(r"/bin/a x ; /bin/b \; ';'") == [["/bin/a", "x"], ["/bin/b", ";", ";"]]


def test_lines_are_joined_over_comments_and_empty_values_clear():
    text = "[Service]\nExecStart=/bin/a \\\n# a comment\n; another\n  b \\\n  c\nA=1\nA=\nA=2\n"
    found = settings([(PurePosixPath("/x.service"), text)])
    words = [split_words(value) for value in found["Service", "ExecStart"]]
    assert words == [["/bin/a", "b", "c"]]
    assert found["Service", "A"] == ["2"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5", 5), ("5s", 5), ("250ms", 0.25), ("1min 30s", 90), ("2h", 7200), ("1.5s", 1.5)],
)
def test_time_spans(text: str, seconds: float):
    assert parse_seconds(text) == pytest.approx(seconds)


def test_time_span_infinity_and_nonsense():
    assert parse_seconds("infinity") is None
    for text in ("", "5 parsecs", "s", "5s!"):
        with pytest.raises(ValueError, match="time span"):
            parse_seconds(text)


def test_booleans_and_signals():
    assert parse_boolean("On") is True
    assert parse_boolean("0") is False
    with pytest.raises(ValueError, match="maybe"):
        parse_boolean("maybe")
    assert parse_signal("SIGHUP") == parse_signal("hup") == parse_signal("1") == signal.SIGHUP
    for text in ("SIGNOPE", "999"):
        with pytest.raises(ValueError, match=text):
            parse_signal(text)


def test_environment_file():
    text = "# comment\n; too\nA=1\nB=\"two words\"\nC='x=y'\nD=\nbroken\n E = spaced \nF=a\\\nb\n"
    assert parse_environment_file(text) == {
        "A": "1", "B": "two words", "C": "x=y", "D": "", "E": "spaced", "F": "ab",
    }  # fmt: skip


def test_escaped_names():
    assert unescape(r"srv-www\x2ddata") == "srv/www-data"
