"""The availability probe: asks the target for its health path a few times a second, beside the load.

It runs in a thread of its own with its own connections and time-outs, so that it sees an outage in
fractions of a second, where the load's answers only tell of it after their own time-out. Every probe
opens a new connection, as a new visitor would.
"""

from __future__ import annotations

import asyncio
import errno
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from loadtest.models import Outage, ProbeRecord, ProbeSettings
from loadtest.outcomes import Outcome, classify
from loadtest.runs import journal
from loadtest.runs.journal import Journal

FLUSH_S = 1.0


@dataclass(frozen=True)
class Probe:
    """One probe: when it began (epoch ms), how long it took (ms) and what came of it."""

    at_ms: float
    total_ms: float
    status: int | None
    error: str | None

    @property
    def outcome(self) -> Outcome:
        """The class that it counts in, by the names of the load's own errors."""
        expected = self.status is not None and 200 <= self.status < 400
        return classify(self.status, expected, self.error)


class Prober:
    """Probes a target from `__enter__` to `__exit__`, and writes down every probe."""

    def __init__(self, target: str, settings: ProbeSettings, path: Path) -> None:
        """`target` is a URL, `path` the journal that the probes are written to."""
        parts = urlsplit(target)
        self._host, self._secure = parts.hostname or "", parts.scheme == "https"
        self._port = parts.port or (443 if self._secure else 80)
        base = parts.path.rstrip("/")
        self._request = (
            f"GET {base}{settings.path} HTTP/1.1\r\nHost: {parts.netloc.rpartition('@')[2]}\r\n"
            "User-Agent: haproof-probe\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        ).encode("ascii", "replace")
        self._settings, self._path = settings, path
        self._lines: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="availability probe", daemon=True)
        self.failure: str | None = None
        """Why it gave up, for instance a full disk; None if it did not."""

    def __enter__(self) -> Self:
        """Starts to probe."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stops, and writes what is left. Probes under way are given up and do not count."""
        self._stop.set()
        self._thread.join(self._settings.timeout_s + FLUSH_S + 5)

    def _run(self) -> None:
        try:
            asyncio.run(self._probe())
        except OSError as error:
            self.failure = f"cannot write {self._path}: {error.strerror}"

    async def _probe(self) -> None:
        loop = asyncio.get_running_loop()
        under_way, due, flush = set[asyncio.Task[None]](), loop.time(), loop.time() + FLUSH_S
        try:
            while not self._stop.is_set():
                task = asyncio.create_task(self._once())
                under_way.add(task)
                task.add_done_callback(under_way.discard)
                # Not from now on: a late probe must not move those after it.
                due = max(due + self._settings.interval_s, loop.time())
                await asyncio.sleep(due - loop.time())
                if loop.time() >= flush:
                    flush = loop.time() + FLUSH_S
                    self._write()
        finally:
            for task in tuple(under_way):
                task.cancel()
            self._write()

    def _write(self) -> None:
        if self._lines:
            lines, self._lines = self._lines, []
            journal.append(self._path, "".join(lines))

    async def _once(self) -> None:
        at_ms, began = time.time() * 1000, time.perf_counter()
        status, error = None, None
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                status = await self._ask()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as why:
            error = _code(why)
        line = {
            "at": round(at_ms, 3),
            "total": round((time.perf_counter() - began) * 1000, 3),
            "status": status,
            "error": error,
        }
        self._lines.append(json.dumps(line) + "\n")

    async def _ask(self) -> int:
        """Sends the request and reads the answer up to its body; returns its status."""
        context = ssl.create_default_context() if self._secure else None
        reader, writer = await asyncio.open_connection(self._host, self._port, ssl=context)
        try:
            writer.write(self._request)
            protocol, _, rest = (await reader.readuntil(b"\r\n")).partition(b" ")
            if not protocol.startswith(b"HTTP/"):
                raise ValueError("not an answer of HTTP")
            await reader.readuntil(b"\r\n\r\n")
            return int(rest[:3])
        finally:
            writer.close()


def _code(error: Exception) -> str:
    """The error by the name that the load generator has for it."""
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
            # A host of several addresses fails with one error that only quotes those of each.
            numbers = [error.errno or 0, *map(int, re.findall(r"Errno (\d+)", str(error)))]
            return next((errno.errorcode[n] for n in numbers if n in errno.errorcode), "EIO")
        case _:
            return "EPROTO"


def parse_probe(line: str) -> Probe:
    """Reads one line of the journal; raises ValueError for any other text."""
    try:
        raw: dict[str, Any] = json.loads(line)
        return Probe(float(raw["at"]), float(raw["total"]), raw["status"], raw["error"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a line of the probe: {error!r}") from error


def read(path: Path) -> list[Probe]:
    """The probes of a journal, in order of their start, as far as it can be read."""
    return sorted(_probes(Journal(path)), key=lambda probe: probe.at_ms)


def _probes(lines: Journal) -> Iterator[Probe]:
    for line in lines:
        try:
            yield parse_probe(line)
        except ValueError as error:
            lines.stop(str(error))
            return


def summarise(
    probes: list[Probe], settings: ProbeSettings, began_ms: float, ended_ms: float
) -> ProbeRecord:
    """Counts the probes that began in that stretch of time (epoch ms), and finds the outages."""
    counted = [probe for probe in probes if began_ms <= probe.at_ms <= ended_ms]
    outcomes = [probe.outcome for probe in counted]
    return ProbeRecord(
        **settings.model_dump(),
        sent=len(counted),
        outcomes={outcome: outcomes.count(outcome) for outcome in Outcome},
        outages=list(_outages(counted, began_ms)),
    )


def _outages(probes: list[Probe], began_ms: float) -> Iterator[Outage]:
    since: float | None = None
    for probe in probes:
        good = probe.outcome is Outcome.GOOD
        if good and since is not None:
            yield _outage(since, probe.at_ms, began_ms)
            since = None
        elif not good and since is None:
            since = probe.at_ms
    if since is not None:
        last = probes[-1]
        yield _outage(since, last.at_ms + last.total_ms, began_ms)


def _outage(since_ms: float, until_ms: float, began_ms: float) -> Outage:
    return Outage(
        start_s=round((since_ms - began_ms) / 1000, 3),
        duration_s=round((until_ms - since_ms) / 1000, 3),
    )
