"""What a log may not do to a terminal."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.access.terminal import Cleaner, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("한글 ≥ é\n", "한글 ≥ é\n"),
        ("\x1b[31mred\x1b[0m\n", "red\n"),
        ("\x1b[2J\x1b[1;1Hcleared\n", "cleared\n"),
        ("\x1b]0;title\x07after\n", "after\n"),
        ("\x1b]52;c;cm0gLXJm\x1b\\after\n", "after\n"),
        ("\x1bP+q544e\x1b\\after\n", "after\n"),
        ("\x1b]8;;no end of it\nnext line\n", "\nnext line\n"),
        ("\x9b31mred\x9cx\n", "redx\n"),
        ("\x1bc\x1b(0reset\n", "reset\n"),
        ("hidden\rseen\n", "hidden\nseen\n"),
        ("windows\r\n", "windows\n"),
        ("bell\x07 back\x08space\x00\x7f\n", "bell backspace\n"),
        ("cut \x1b", "cut "),
    ],
)
def test_escape_sequences_and_control_characters_are_removed(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.lists(st.binary(max_size=20)), st.binary(max_size=60))
def test_nothing_that_a_terminal_acts_on_is_left(pieces: list[bytes], text: bytes) -> None:
    clean = Cleaner()
    shown = "".join(clean(piece) for piece in [*pieces, text])
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown)


def test_a_character_that_comes_in_two_pieces_stays_whole() -> None:
    clean = Cleaner()
    data = "한".encode()
    assert clean(data[:1]) + clean(data[1:]) == "한"
