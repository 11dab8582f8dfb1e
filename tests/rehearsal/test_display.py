"""What a person sees of the engine's lines."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from rehearsal import display


@pytest.fixture
def screen() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def lines(screen: io.StringIO) -> display.EngineLines:
    return display.EngineLines(Console(file=screen, width=200), "up", None)


def test_the_hooks_words_are_shown(lines: display.EngineLines, screen: io.StringIO) -> None:
    lines(" +  pulumi:pulumi:Stack haproof-ha creating (45s) released 1234 to 6 instances ")
    assert screen.getvalue() == "    released 1234 to 6 instances\n"


def test_what_the_engine_repeats_is_not_shown_twice(
    lines: display.EngineLines, screen: io.StringIO
) -> None:
    lines("Diagnostics:")
    lines("    error: said already")
    assert screen.getvalue() == ""


def test_an_update_is_shown_after_a_preview_that_had_something_to_say(
    lines: display.EngineLines, screen: io.StringIO
) -> None:
    lines("Diagnostics:")
    lines("Updating (ha):")
    lines(" +  pulumi:pulumi:Stack haproof-ha creating (45s) released 1234 to 6 instances ")
    assert screen.getvalue() == "    released 1234 to 6 instances\n"


def test_resources_are_counted_not_listed(
    lines: display.EngineLines, screen: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(display, "BEAT_S", 0.0)
    lines(" +  aws:ec2:Vpc web-vpc creating (0s) ")
    lines(" +  aws:ec2:Vpc web-vpc created (0.3s) ")
    assert "1 resources, web-vpc" in screen.getvalue()


def test_errors_are_shown_with_markup_as_it_is(
    lines: display.EngineLines, screen: io.StringIO
) -> None:
    lines("    error: [aws] no such subnet")
    assert screen.getvalue() == "    error: [aws] no such subnet\n"
