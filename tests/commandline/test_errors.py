"""The error with which a command ended, found in its output."""

from __future__ import annotations

from commandline.errors import reported


def test_the_last_error_with_all_of_its_lines():
    lines = ["error: retried", "waiting", "error: no such file: x", "  remedy"]
    assert reported(lines) == ["no such file: x", "  remedy"]


def test_none_was_reported():
    assert reported(["deployment d-1 Failed", "an error: in a sentence"]) == []
