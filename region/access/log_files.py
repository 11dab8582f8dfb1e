"""The log files of an instance: which there are, their last lines, and what is added to them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from region.access.inventory import AccessError

CONSOLE: Final = "console"
POLL: Final = 0.2
BLOCK: Final = 64 * 1024

_UNIT_NAME: Final = re.compile(r"[A-Za-z0-9:_.@\\-]{1,255}")


def units(directory: Path) -> list[str]:
    """List the units that have a log."""
    return sorted(file.stem for file in (directory / "log").glob("*.log"))


def log_file(directory: Path, unit: str, *, must_exist: bool) -> Path:
    """Return the console log, or a unit's log by its name with or without `.service`.

    Raises:
        AccessError: No unit can have this name or, if its log must exist, none has one.
    """
    if unit in {"", CONSOLE}:
        return directory / "console.log"
    known = units(directory)
    for name in (unit, unit.removesuffix(".service"), f"{unit}.service"):
        if name in known:
            return directory / "log" / f"{name}.log"
    if must_exist or not _UNIT_NAME.fullmatch(unit):
        with_logs = ", ".join([CONSOLE, *known])
        raise AccessError(f"{directory.name} has no log of a unit {unit!r}; it has: {with_logs}")
    return directory / "log" / f"{unit.removesuffix('.service')}.log"


def last_lines(file: Path, count: int | None) -> bytes:
    """Return the last `count` lines of a file, all of them for None; nothing if it is missing."""
    try:
        with file.open("rb") as stream:
            return _tail(stream, count)
    except FileNotFoundError:
        return b""


def _tail(stream: BinaryIO, count: int | None) -> bytes:
    """Return the last lines of a file and leave it positioned behind them."""
    if count is None:
        # The beginning of a long log may be a hole.
        with suppress(OSError):
            stream.seek(os.lseek(stream.fileno(), 0, os.SEEK_DATA))
        return stream.read()
    begin = end = stream.seek(0, os.SEEK_END)
    blocks: list[bytes] = []
    # One line end more than lines: the last one ends the last line.
    missing = count + 1
    while begin > 0 and missing > 0 and count:
        length = min(BLOCK, begin)
        begin -= length
        stream.seek(begin)
        blocks.insert(0, stream.read(length))
        missing -= blocks[0].count(b"\n")
    stream.seek(end)
    lines = b"".join(blocks).split(b"\n")
    # What follows the last line end is a line as well, unless it is empty.
    return b"\n".join(lines[-(count + (lines[-1] == b"")) :]) if count else b""


def follow(
    file: Path, count: int | None, exists: Callable[[], bool], poll: float = POLL
) -> Iterator[bytes]:
    """Yield the last lines of a file, then what is added to it, until `exists` is false.

    The file may come later, be truncated, or be replaced by a new one of its name: then the new
    content follows from its beginning.
    """
    stream: BinaryIO | None = None
    first = True
    try:
        while True:
            # Asked before the file is read, so that its last lines are not lost.
            more = exists()
            if stream is None:
                stream = _opened(file)
                if stream is not None and first:
                    yield _tail(stream, count)
            first = False
            if stream is not None:
                yield from _added(stream)
                if _replaced(stream, file):
                    yield from _added(stream)
                    stream.close()
                    stream = None
                    continue
            if not more:
                return
            time.sleep(poll)
    finally:
        if stream is not None:
            stream.close()


def _opened(file: Path) -> BinaryIO | None:
    try:
        return file.open("rb")
    except FileNotFoundError:
        return None


def _added(stream: BinaryIO) -> Iterator[bytes]:
    if os.fstat(stream.fileno()).st_size < stream.tell():
        stream.seek(0)
    while data := stream.read(BLOCK):
        yield data


def _replaced(stream: BinaryIO, file: Path) -> bool:
    """Return whether another file has the name now; one that was only removed is read on."""
    try:
        now = file.stat()
    except FileNotFoundError:
        return False
    mine = os.fstat(stream.fileno())
    return (now.st_dev, now.st_ino) != (mine.st_dev, mine.st_ino)
