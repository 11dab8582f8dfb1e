"""The base class of every error that a user can do something about."""

from __future__ import annotations

from commandline.exit_codes import ExitCode


class UserError(Exception):
    """A foreseen error: ends a command with its message and `exit_code`, without a traceback.

    The message names the value at fault and the remedy.
    """

    exit_code: int = ExitCode.FAILURE
