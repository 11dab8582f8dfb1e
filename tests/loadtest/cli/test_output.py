"""What commands print: text of files and services is shown, never obeyed."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from loadtest.cli import output


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "pipe"])
def test_control_characters_in_names_do_not_reach_the_terminal(*, terminal: bool):
    printed = io.StringIO()
    console = Console(file=printed, force_terminal=terminal, width=200)

    output.show_table(console, "Endpoints", ["name", "p99"], [["login \x1b[2J", "3 ms"]])
    output.show_lines(console, "slowest: login \x1b[2J")

    assert "\x1b[2J" not in printed.getvalue()
    assert printed.getvalue().count("login \\x1b[2J") == 2
