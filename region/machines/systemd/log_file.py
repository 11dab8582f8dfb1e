"""Reads the end of a log without reading all of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

# What is further back than this is not shown by systemctl and journalctl; the file has it all.
MOST_BYTES: Final = 4 * 1024**2


def size(path: Path) -> int:
    """Return a log's size in bytes, 0 if it does not exist."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def lines(path: Path, begin: int = 0, end: int | None = None) -> list[str]:
    """Return the lines between two positions in bytes, at most the last `MOST_BYTES` of them."""
    stop = size(path) if end is None else end
    start = max(begin, stop - MOST_BYTES)
    if stop <= start:
        return []
    with path.open("rb") as file:
        file.seek(start)
        text = file.read(stop - start).decode(errors="replace")
    found = text.split("\n")
    if start > begin:
        # The first line is cut off.
        del found[:1]
    if found and not found[-1]:
        found.pop()
    return found


def end_of_last_line(path: Path, begin: int = 0) -> int:
    """Return the position behind the last line that is complete, at least `begin`."""
    stop = size(path)
    if stop <= begin:
        return stop
    with path.open("rb") as file:
        start = max(begin, stop - MOST_BYTES)
        file.seek(start)
        return start + file.read(stop - start).rfind(b"\n") + 1
