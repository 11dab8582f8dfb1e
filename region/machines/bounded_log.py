"""Logs of the host that somebody else fills: they keep their ends, and never grow without limit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

LARGEST: Final = 4 * 1024**2
CONSOLE_BYTES: Final = 64 * 1024
"""How much of an instance's console EC2 keeps."""


def append(log: Path, data: bytes, largest: int = LARGEST) -> None:
    """Append to a log, whose directory exists; beyond `largest` bytes its first half is dropped.

    Whoever follows it finds a new file of that name then.
    """
    with log.open("ab") as file:
        file.write(data[-largest:])
        if file.tell() <= largest:
            return
    kept = tail(log, largest // 2)
    partial = log.with_name(f".{log.name}.new")
    partial.write_bytes(b"[the beginning was dropped]\n" + kept.partition(b"\n")[2])
    partial.replace(log)


def tail(log: Path, most: int = CONSOLE_BYTES) -> bytes:
    """Return the last `most` bytes of a log; none if it is missing."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - most))
            return file.read(most)
    except FileNotFoundError:
        return b""
