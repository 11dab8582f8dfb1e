"""The base class of every error that a user can do something about."""

from __future__ import annotations

from collections.abc import Sequence

from commandline.exit_codes import ExitCode

ERROR_PREFIX = "error: "
"""How the line of a foreseen error begins on standard error; others look for it in what they ran."""


class UserError(Exception):
    """A foreseen error: ends a command with its message and `exit_code`, without a traceback.

    The message names the value at fault and the remedy.
    """

    exit_code: int = ExitCode.FAILURE


def reported(lines: Sequence[str]) -> list[str]:
    """Return the error with which a command ended, from its output: without prefix, line by line.

    Empty where it reported none. Whatever it printed after the error's first line belongs to it: a
    command reports its error last.
    """
    begins = [number for number, line in enumerate(lines) if line.startswith(ERROR_PREFIX)]
    if not begins:
        return []
    return [lines[begins[-1]].removeprefix(ERROR_PREFIX), *lines[begins[-1] + 1 :]]
