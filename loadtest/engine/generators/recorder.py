"""Records what a generator prints while it runs: requests, beats, phases, and its script's errors.

Generators that have no recorder inside of them print one line per fact on their standard output:

| line | meaning |
|---|---|
| `{"vu": …}` | a request that ended, as a line of `requests.ndjson` (`loadtest/runs/recording.py`) |
| `began 1790000012345.6` | when the first phase began or will begin, epoch ms |
| `a 0.7` | a user arrived, so many ms after the moment that was planned |
| `e 1` | a user ended: 1 completed, 0 failed |
| `s text` | the script itself failed a user: a URL without a host, a pause that is none |
| `haproof: text` | the generator cannot continue, and why |

Everything else goes into the generator's log. Requests are kept as they come and appended every 200 ms
as a gzip member, so that recording costs next to nothing and loses nothing of what was printed.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from commandline.steady_clock import SteadyClock
from loadtest.analysis.columns import quantile
from loadtest.profiles import Profile
from loadtest.runs import journal, paths
from loadtest.runs.recording import Usage

FLUSH_S = 0.2
BEAT_S = 1.0
_REQUEST = b'{"vu"'


class Recorder:
    """Writes `requests.ndjson.gz` and `generator.ndjson` of one run."""

    def __init__(
        self,
        directory: Path,
        profile: Profile,
        cpus: int,
        usage: Callable[[], Usage | None],
        complain: Callable[[str], None],
    ) -> None:
        """Prepare to record.

        Args:
            directory: Where the run's files are.
            profile: Whose phases are noted as they begin.
            cpus: CPUs that the generator can use.
            usage: Measures what it has used; None once it has ended.
            complain: Takes the reason why nothing can be recorded any more.
        """
        self._requests = directory / f"{paths.REQUESTS}.gz"
        self._generator = directory / paths.GENERATOR
        self._phases, self._cpus = profile.record().phases, cpus
        self._usage, self._complain = usage, complain
        self._clock = SteadyClock()
        self._lock = threading.Lock()
        self._lines = list[bytes]()
        self._late = list[float]()
        self._users = self._ended = self._phases_begun = 0
        self._began_ms: float | None = None
        self._before: Usage | None = None
        self.script_errors = Counter[str]()
        """What the script did wrong, and to how many users."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Start writing."""
        self._thread.start()

    def close(self) -> None:
        """Write what is left; idempotent."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(FLUSH_S + 5)

    def take(self, raw: bytes) -> bool:
        """Take a line; False if it is not a record."""
        if raw.startswith(_REQUEST):
            with self._lock:
                self._lines.append(raw)
            return True
        kind, _, value = raw.rstrip(b"\n").partition(b" ")
        match kind:
            case b"a":
                with self._lock:
                    self._users += 1
                    self._late.append(float(value))
            case b"e":
                with self._lock:
                    self._ended += 1
            case b"s":
                self.script_errors[value.decode("utf-8", "replace")] += 1
            case b"began":
                self._began_ms = float(value)
            case _:
                return False
        return True

    def _run(self) -> None:
        beat = time.monotonic() + BEAT_S
        try:
            while not self._stop.wait(FLUSH_S):
                self._write()
                self._note_phases()
                if time.monotonic() >= beat:
                    beat += BEAT_S
                    self._beat()
            self._write()
        except OSError as error:
            self._complain(f"cannot write {error.filename or self._requests}: {error.strerror}")

    def _write(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, []
        if lines:
            journal.append(self._requests, b"".join(lines).decode("utf-8", "replace"))

    def _note_phases(self) -> None:
        if self._began_ms is None:
            return
        while self._phases_begun < len(self._phases):
            phase = self._phases[self._phases_begun]
            at_ms = self._began_ms + phase.start_s * 1000
            if self._clock.ms() < at_ms:
                return
            self._event(event="phase", index=self._phases_begun, name=phase.name, at=at_ms)
            self._phases_begun += 1

    def _beat(self) -> None:
        with self._lock:
            late, self._late = self._late, []
            # Together: asking for the CPU takes a while, in which users end.
            users, in_flight = self._users, self._users - self._ended
        now = self._usage()
        busy = 0.0
        if now is not None and self._before is not None:
            seconds = (now.at_ms - self._before.at_ms) / 1000
            busy = (now.cpu_seconds - self._before.cpu_seconds) / (seconds * self._cpus)
        self._before = now
        self._event(
            event="beat",
            at=round(self._clock.ms(), 3),
            worker=1,
            users=users,
            in_flight=in_flight,
            lag_p99=round(quantile(np.array(late), 0.99), 3) if late else 0.0,
            lag_max=round(max(late, default=0.0), 3),
            busy=round(min(1.0, busy), 3),
        )

    def _event(self, **line: str | float | None) -> None:
        # One write in append mode, like everybody who writes there: lines stay whole.
        with self._generator.open("ab", buffering=0) as file:
            file.write(f"{json.dumps(line)}\n".encode())
