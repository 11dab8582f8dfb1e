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


def test_what_other_commands_take_is_not_cut_on_a_narrow_terminal():
    run = "20261128T145520Z-ha-instance-dies"
    text = io.StringIO()
    columns = ("run", "topology", "profile", "verdict", "failed users", "p99 of all", "app version")
    row = [run, "ha", "experiments", "invalid", "12 (1.1 %)", "1,610 ms", "975264544507"]
    console = Console(file=text, width=80, force_terminal=True)
    output.show_table(console, "runs", columns, [row], ("app version", "topology", "profile"))
    [line] = [one for one in text.getvalue().splitlines() if run in one]
    assert all(cell in line for cell in ("invalid", "12 (1.1 %)", "1,610 ms"))
    assert "975264544507" not in text.getvalue()
