"""Logs on the host that others fill: the end is kept, and they never grow without limit."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

LARGEST: Final = 4 * 1024**2
LARGEST_OF_SERVICE: Final = 64 * 1024**2
_BLOCK_BYTES: Final = 512
_PAGE_BYTES: Final = 4096
_PUNCH_HOLE_KEEP_SIZE: Final = 0x02 | 0x01
_libc: Final = ctypes.CDLL(None, use_errno=True)
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


def trim(directory: Path, largest: int = LARGEST_OF_SERVICE) -> None:
    """Give back the disk of the beginnings of logs in `directory` that take more than `largest` bytes.

    For logs that programs write by themselves. Positions in them stay what they are: the beginning
    becomes a hole.
    """
    for log in directory.glob("*.log"):
        with suppress(FileNotFoundError), log.open("r+b") as file:
            found = os.fstat(file.fileno())
            if found.st_blocks * _BLOCK_BYTES > largest:
                # Where a file system makes no holes it stays as it is.
                _libc.fallocate(
                    file.fileno(), _PUNCH_HOLE_KEEP_SIZE, ctypes.c_int64(0),
                    ctypes.c_int64((found.st_size - largest // 2) // _PAGE_BYTES * _PAGE_BYTES),
                )  # fmt: skip


def tail(log: Path, most: int = CONSOLE_BYTES) -> bytes:
    """Return the last `most` bytes of a log; none if it is missing."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - most))
            return file.read(most)
    except FileNotFoundError:
        return b""
