"""What user data prints: all of it in the instance, its most recent part in the region's logs."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Final, Self

from region.machines import bounded_log

_BLOCK: Final = 64 * 1024
_POLL_SECONDS: Final = 0.1


class OutputCopy:
    """Follows a growing file of a machine into a log of the host while a program runs."""

    def __init__(self, source: Path, log: Path) -> None:
        """Copy what is added to `source`, a path that stays that very file, to `log`."""
        self._source = source
        self._log = log
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._tail = b""

    def __enter__(self) -> Self:
        """Begin at the present end of the file."""
        self._file = self._source.open("rb", buffering=0)
        self._file.seek(0, os.SEEK_END)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Copy what is left and end."""
        self._done.set()
        self._thread.join()
        self._file.close()

    def text(self) -> str:
        """Return the last 64 KiB of what was copied."""
        return self._tail.decode(errors="replace")

    def _follow(self) -> None:
        while not self._done.wait(_POLL_SECONDS):
            self._copy()
        self._copy()

    def _copy(self) -> None:
        size, position = os.fstat(self._file.fileno()).st_size, self._file.tell()
        if size < position:  # The program has truncated it.
            self._file.seek(0)
        elif size - position > _BLOCK:
            # A program may print faster than anybody could copy, and more than anybody reads.
            self._add(f"\n[{size - position - _BLOCK} bytes are in the instance only]\n".encode())
            self._file.seek(size - _BLOCK)
        data = self._file.read(_BLOCK)
        if data:
            self._add(data)

    def _add(self, data: bytes) -> None:
        bounded_log.append(self._log, data)
        self._tail = (self._tail + data)[-_BLOCK:]
