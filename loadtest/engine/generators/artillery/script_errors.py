"""Users who failed because of the script rather than the stack, according to Artillery.

A URL without a host, a pause that is none, a function that throws: Artillery ends the user and counts an
error, no request is sent, and the run's counts do not add up. The script's own message says more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from loadtest.engine.generators import script_failures
from loadtest.outcomes import MISMATCH, UNEXPECTED_STATUS
from loadtest.runs import paths

PREFIX = "errors."
_NOT_ENDING = ("cookie_parse_error_invalid_cookie",)
"""What Artillery counts as an error, but ends no user."""


def find(directory: Path, recorded: Iterable[str]) -> str | None:
    """Return what the script did wrong, with the number of users; None if nothing.

    `recorded` are the errors of the requests in the run: the stack's and the network's.
    """
    try:
        report = json.loads((directory / paths.ARTILLERY_REPORT).read_text(encoding="utf-8"))
        counters: dict[str, int] = report["aggregate"]["counters"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    known = {*recorded, MISMATCH, *_NOT_ENDING}
    found = {
        name.removeprefix(PREFIX): count
        for name, count in counters.items()
        if name.startswith(PREFIX)
    }
    return script_failures.describe(
        {
            error: count
            for error, count in found.items()
            if error not in known and not error.startswith(UNEXPECTED_STATUS)
        }
    )
