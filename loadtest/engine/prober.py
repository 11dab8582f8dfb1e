"""The availability prober: requests the target's health path several times a second during the load.

It runs in its own thread with its own connections and timeouts, so it sees an outage within fractions
of a second, while the load's requests show it only after their own timeout. Every probe opens a new
connection, as a new visitor would.
"""

from __future__ import annotations

import asyncio
import errno
import re
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from commandline.steady_clock import SteadyClock
from loadtest.models import ProbeSettings
from loadtest.runs import journal
from loadtest.runs.probes import Probe

FLUSH_S = 1.0


class Prober:
    """Probes a target from `__enter__` to `__exit__` and records every probe."""

    def __init__(self, target: str, settings: ProbeSettings, path: Path) -> None:
        """Prepare to probe the URL `target` and record the probes in the journal `path`."""
        parts = urlsplit(target)
        self._host, self._secure = parts.hostname or "", parts.scheme == "https"
        self._port = parts.port or (443 if self._secure else 80)
        base = parts.path.rstrip("/")
        self._request = (
            f"GET {base}{settings.path} HTTP/1.1\r\nHost: {parts.netloc.rpartition('@')[2]}\r\n"
            "User-Agent: haproof-probe\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        ).encode("ascii", "replace")
        self._settings, self._path = settings, path
        self._clock = SteadyClock()
        self._lines: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="availability probe", daemon=True)
        self.failure: str | None = None
        """Why it stopped early, for instance a full disk; None if it did not."""

    def __enter__(self) -> Self:
        """Start probing."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and write what is left. Probes in flight are cancelled and do not count."""
        self._stop.set()
        self._thread.join(self._settings.timeout_s + FLUSH_S + 5)

    def _run(self) -> None:
        try:
            asyncio.run(self._probe())
        except OSError as error:
            self.failure = f"cannot write {self._path}: {error.strerror}"

    async def _probe(self) -> None:
        loop = asyncio.get_running_loop()
        in_flight, due, flush = set[asyncio.Task[None]](), loop.time(), loop.time() + FLUSH_S
        try:
            while not self._stop.is_set():
                task = asyncio.create_task(self._once())
                in_flight.add(task)
                task.add_done_callback(in_flight.discard)
                # Not relative to now: a late probe must not delay those after it.
                due = max(due + self._settings.interval_s, loop.time())
                await asyncio.sleep(due - loop.time())
                if loop.time() >= flush:
                    flush = loop.time() + FLUSH_S
                    self._write()
        finally:
            for task in tuple(in_flight):
                task.cancel()
            self._write()

    def _write(self) -> None:
        if self._lines:
            lines, self._lines = self._lines, []
            journal.append(self._path, "".join(lines))

    async def _once(self) -> None:
        at_ms, began = self._clock.ms(), time.perf_counter()
        status, error = None, None
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                status = await self._ask()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as why:
            error = _code(why)
        total_ms = (time.perf_counter() - began) * 1000
        self._lines.append(Probe(at_ms, total_ms, status, error).to_line())

    async def _ask(self) -> int:
        """Send the request, read the response up to its body and return the status."""
        context = ssl.create_default_context() if self._secure else None
        reader, writer = await asyncio.open_connection(self._host, self._port, ssl=context)
        try:
            writer.write(self._request)
            protocol, _, rest = (await reader.readuntil(b"\r\n")).partition(b" ")
            if not protocol.startswith(b"HTTP/"):
                raise ValueError("not an HTTP response")
            await reader.readuntil(b"\r\n\r\n")
            return int(rest[:3])
        finally:
            writer.close()


def _code(error: Exception) -> str:
    """Name the error as the load generator would."""
    match error:
        case TimeoutError():
            return "ETIMEDOUT"
        case socket.gaierror():
            return "ENOTFOUND"
        case asyncio.IncompleteReadError():
            return "ECONNRESET"
        case ssl.SSLError():
            return "EPROTO"
        case OSError():
            # For a host with several addresses, asyncio raises one error that only quotes each one's.
            numbers = [error.errno or 0, *map(int, re.findall(r"Errno (\d+)", str(error)))]
            return next((errno.errorcode[n] for n in numbers if n in errno.errorcode), "EIO")
        case _:
            return "EPROTO"
