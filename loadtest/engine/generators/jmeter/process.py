"""A run of JMeter: reads its results as they are written, and stops it once every visitor has left."""

from __future__ import annotations

import re
import socket
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from loadtest.array_types import Times
from loadtest.engine.generators.base import Load
from loadtest.engine.generators.jmeter.results import Results, Row, request_line
from loadtest.engine.generators.process import GeneratorProcess
from loadtest.engine.generators.recorded_process import RecordedProcess
from loadtest.engine.generators.recorder import Recorder
from loadtest.runs import paths

RESULTS = "results.jtl"
_SUMMARY = re.compile(rb"summary =\s+(\d+) in ")
_READ_S = 0.1
_STOP = b"StopTestNow"
"""What JMeter listens for; it then counts what it did and ends. Nobody is left when it is sent."""


class Visits:
    """What JMeter's results say about visitors, told to the recorder and counted."""

    def __init__(self, recorder: Recorder, planned_s: Times) -> None:
        """Compare arrivals with `planned_s`, in seconds after the first phase began."""
        self._recorder, self._planned_s = recorder, planned_s
        self._seen, self._left = set[int](), set[int]()
        self._began_ms: float | None = None
        self.counters = Counter[str]()

    @property
    def all_left(self) -> bool:
        """Whether every planned visitor has come and gone."""
        return len(self._left) >= len(self._planned_s)

    def add(self, row: Row) -> None:
        """Take a row of the results."""
        self._arrive(row)
        if not row.completed:
            self._recorder.take(request_line(row))
            if row.status is not None:
                self.counters[f"http.codes.{row.status}"] += 1
            if row.error is not None:
                self.counters[f"errors.{row.error}"] += 1
        if row.completed or not row.right:
            self._leave(row)

    def _arrive(self, row: Row) -> None:
        if row.visitor in self._seen:
            return
        self._seen.add(row.visitor)
        self.counters["vusers.created"] += 1
        due_ms = float(self._planned_s[row.visitor - 1]) * 1000
        if self._began_ms is None:
            # JMeter does not say when its schedule began. It began when the first one was on time.
            self._began_ms = row.arrived_ms - due_ms
            self._recorder.take(f"began {self._began_ms:.3f}\n".encode())
        late_ms = max(0.0, row.arrived_ms - self._began_ms - due_ms)
        self._recorder.take(f"a {late_ms:.3f}\n".encode())

    def _leave(self, row: Row) -> None:
        if row.visitor in self._left:
            return
        self._left.add(row.visitor)
        self.counters["vusers.completed" if row.right else "vusers.failed"] += 1
        self._recorder.take(f"e {int(row.right)}\n".encode())


class JMeterProcess(RecordedProcess):
    """JMeter without its window."""

    def __init__(
        self,
        command: Sequence[str],
        load: Load,
        variables: Mapping[str, str],
        *,
        port: int,
        log: str,
        title: str,
        remedy: str,
    ) -> None:
        """Start it; it listens for its end at the UDP port of this computer.

        Raises:
            GeneratorError: It cannot be started; the message ends with the `remedy`.
        """
        self._port, self._totals = port, load.directory / paths.TOTALS
        self._requests, self._results = 0, Results()
        self._visits: Visits | None = None
        super().__init__(command, load, variables, log=log, title=title, remedy=remedy)
        self._visits = Visits(self.recorder, load.profile.schedule())
        self._ended = threading.Event()
        self._reading = threading.Thread(
            target=self._read, args=(load.directory / RESULTS,), name="results", daemon=True
        )
        self._reading.start()

    def take(self, raw: bytes) -> bool:
        """Note what JMeter counted; everything belongs into the log."""
        if (total := _SUMMARY.search(raw)) is not None:
            self._requests = int(total[1])
        return False

    def poll(self) -> int | None:
        """Return its exit status once it has ended and its results are read; None before."""
        status = super().poll()
        if status is not None:
            self._finish()
        return status

    def stop(self) -> None:
        """End it, read what it left, and write that down."""
        GeneratorProcess.stop(self)
        self._finish()
        super().stop()

    def _finish(self) -> None:
        if self._ended.is_set():
            return
        self._ended.set()
        self._reading.join()
        self._reader.join(_READ_S * 50)
        assert self._visits is not None  # noqa: S101 - set before the reading began
        sent = max(0, self._requests - self._results.warm_ups)
        counters = {"http.requests": sent, **self._visits.counters}
        paths.write_json(self._totals, {"counters": counters})

    def _read(self, file: Path) -> None:
        assert self._visits is not None  # noqa: S101
        offset, told = 0, False
        while True:
            last = self._ended.wait(_READ_S)
            try:
                offset += self._read_from(file, offset)
            except (OSError, ValueError, KeyError) as error:
                self.complain(f"cannot read JMeter's results: {error}")
                return
            if last:
                return
            if self._visits.all_left and not told:
                told = True
                self._end()

    def _read_from(self, file: Path, offset: int) -> int:
        if not file.exists():
            return 0
        with file.open("rb") as text:
            text.seek(offset)
            data = text.read()
        # Never in the middle of a character.
        whole = data[: data.rfind(b"\n") + 1]
        assert self._visits is not None  # noqa: S101
        for row in self._results.feed(whole.decode("utf-8", "replace")):
            self._visits.add(row)
            if row.elsewhere:
                self.complain(
                    f"{row.line['endpoint']} redirects to {row.elsewhere}: JMeter only follows to the "
                    "stack's own host, from the root, without `..`, `//` and characters that a URL has to "
                    "encode; run it with `--generator artillery`"
                )
            if row.without_location and not row.completed:
                self.complain(
                    f"{row.line['endpoint']} redirects without a `Location`, which JMeter takes for an "
                    "error; run it with `--generator artillery`"
                )
            if row.unsendable:
                self.complain(
                    f"{row.line['endpoint']}: a captured value has the character "
                    f"U+{ord(row.unsendable[0]):04X}, which JMeter would send otherwise than Artillery in "
                    "a URL or header; run it with `--generator artillery`"
                )
        return len(whole)

    def _end(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(_STOP, ("127.0.0.1", self._port))


def free_port() -> int:
    """Return a UDP port of this computer that nobody uses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
