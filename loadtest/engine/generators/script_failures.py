"""Errors of a script, in one line, whichever generator ran it."""

from __future__ import annotations

from collections.abc import Mapping

_MOST = 3
"""Messages that are shown; a script that fails does so in one or two ways."""


def describe(users: Mapping[str, int]) -> str | None:
    """Return the errors with which a script failed users, most frequent first; None if there are none."""
    if not users:
        return None
    found = sorted(((count, error) for error, count in users.items()), reverse=True)
    shown = "; ".join(f"{error} ({count} users)" for count, error in found[:_MOST])
    return shown + (f" and {len(found) - _MOST} more" if len(found) > _MOST else "")
