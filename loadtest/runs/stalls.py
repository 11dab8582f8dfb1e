"""Moments in which the generator's computer stalled, or nearly so: the journal `stalls.ndjson`.

`loadtest/engine/stall_watch.py` writes it and says what such a moment is. Each line has `version`, and
`from` and `to` in epoch ms. Moments do not overlap.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from loadtest.runs.journal import Journal

VERSION = 1


class Stall(NamedTuple):
    """One moment, epoch ms."""

    from_ms: float
    to_ms: float


def parse(line: str) -> Stall:
    """Parse one line of the journal.

    Raises:
        ValueError: The text is anything else.
    """
    try:
        raw: dict[str, Any] = json.loads(line)
        if raw["version"] != VERSION:
            raise ValueError(f"version {raw['version']}, this program reads {VERSION}")
        found = Stall(float(raw["from"]), float(raw["to"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a line of the watch for stalls: {error!r}") from error
    if found.to_ms < found.from_ms:
        raise ValueError("a moment that ends before it begins")
    return found


def read(path: Path) -> list[Stall]:
    """Return the moments, oldest first, as far as they can be read."""
    lines, found = Journal(path), list[Stall]()
    for line in lines:
        try:
            found.append(parse(line))
        except ValueError as error:
            lines.stop(str(error))
            break
    return sorted(found)
