"""What hook scripts print: read from pipes of their own, line by line, as AWS's agent does.

Reference: hook_executor.rb, `ScriptLog` and `execute_script`. The agent reads a script's standard
output and error to their ends. A process that the script left behind holds them open, which fails
the event once the script's time is over.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

TAIL_CHARACTERS: Final = 2048
_LONGEST_LINE: Final = 64 * 1024
_STREAMS: Final = ("stdout", "stderr")
_POLL_SECONDS: Final = 0.1


class ScriptLog:
    """The log of one lifecycle event, whose last whole lines are its diagnostics."""

    def __init__(self, write: Callable[[str], None]) -> None:
        """Pass every finished line, with its time, to `write`."""
        self._write = write
        self._lock = threading.Lock()
        self._tail = deque[str]()

    def append(self, message: str) -> None:
        """Add one line, with or without its line feed."""
        # An unfinished last line is ended, so that the next entry begins a line of its own.
        line = message if message.endswith("\n") else f"{message}\n"
        with self._lock:
            self._write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}")
            self._tail.append(line)
            # Whole lines of less than 2 KiB together: the agent drops a longer one altogether.
            while sum(map(len, self._tail)) >= TAIL_CHARACTERS:
                self._tail.popleft()

    def tail(self) -> str:
        """Return the last lines, of less than 2 KiB together."""
        with self._lock:
            return "".join(self._tail)


class Output:
    """Two named pipes that a script writes to, and the threads that read them."""

    def __init__(self, log: ScriptLog, directory: Path) -> None:
        """Add each line to `log`, with the name of its stream in front.

        The pipes are in `directory`, which is made, and removed at the end; one that a killed
        region left is replaced.
        """
        self._log = log
        self._stop = threading.Event()
        self._directory = directory
        self._threads: dict[str, threading.Thread] = {}
        self._descriptors: dict[str, int] = {}

    def __enter__(self) -> Self:
        """Open the reading ends, so that nobody who opens a pipe has to wait."""
        shutil.rmtree(self._directory, ignore_errors=True)
        self._directory.mkdir(mode=0o700, parents=True)
        for stream in _STREAMS:
            os.mkfifo(self.path(stream), 0o600)
            self._descriptors[stream] = os.open(self.path(stream), os.O_RDONLY | os.O_NONBLOCK)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop reading: who writes on gets SIGPIPE, as when the agent closes its pipes."""
        self._stop.set()
        for thread in self._threads.values():
            thread.join()
        for descriptor in self._descriptors.values():
            os.close(descriptor)
        shutil.rmtree(self._directory, ignore_errors=True)

    def path(self, stream: str) -> Path:
        """Return the pipe for `stdout` or `stderr`, a path of the host."""
        return self._directory / stream

    def read(self) -> None:
        """Begin to read; the script must have opened both pipes."""
        for stream, descriptor in self._descriptors.items():
            thread = threading.Thread(target=self._read, args=(stream, descriptor), daemon=True)
            self._threads[stream] = thread
            thread.start()

    def left_open(self, deadline: float, alive: Callable[[], bool]) -> str | None:
        """Wait for the ends of both streams; return the one that stays open, or None.

        `deadline` is a time of `time.monotonic`; without `alive` nobody is left to close them.
        """
        for stream, thread in self._threads.items():
            while thread.is_alive():
                if time.monotonic() >= deadline or not alive():
                    return stream
                thread.join(_POLL_SECONDS)
        return None

    def drain(self) -> None:
        """Wait a moment for what a script that was ended has printed."""
        self.left_open(time.monotonic() + _POLL_SECONDS, lambda: True)

    def _read(self, stream: str, descriptor: int) -> None:
        pending = b""
        while not self._stop.is_set():
            ready, _, _ = select.select([descriptor], [], [], _POLL_SECONDS)
            if not ready:
                continue
            with contextlib.suppress(BlockingIOError):
                chunk = os.read(descriptor, _LONGEST_LINE)
                if not chunk:
                    break
                pending = self._lines(stream, pending + chunk)
        if pending:
            self._line(stream, pending)

    def _lines(self, stream: str, data: bytes) -> bytes:
        """Log the finished lines of `data` and return the rest; an endless line is cut."""
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._line(stream, line + b"\n")
        if len(rest) >= _LONGEST_LINE:
            self._line(stream, rest)
            return b""
        return rest

    def _line(self, stream: str, line: bytes) -> None:
        self._log.append(f"[{stream}]{line.decode(errors='replace')}")
