"""Records the CPU and memory use of the region's machines, for the report of a load test."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

INTERVAL_S = 1.0
KEEP_BYTES = 64 * 1024 * 1024
"""Beyond that the log starts anew; a day of nine machines is about 150 MB."""


class Pool(Protocol):
    """The part of a machine pool that the recorder needs."""

    def machines(self) -> Any:
        """Return all machines."""
        ...


class UsageRecorder:
    """Appends one line a second for each machine to `<root>/usage.ndjson`."""

    def __init__(self, root: Path, pool: Pool) -> None:
        self._file = usage_file(root)
        self._pool = pool
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="usage", daemon=True)

    def start(self) -> None:
        """Start recording, in a new file for this region's life."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.unlink(missing_ok=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop recording; the file stays."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stopping.wait(INTERVAL_S):
            # A full disk must not take the region down with it.
            with contextlib.suppress(OSError):
                self._record()

    def _record(self) -> None:
        now = time.time()
        lines: list[str] = []
        for machine in self._pool.machines():
            usage = machine.usage()
            lines.append(
                json.dumps(
                    {
                        "at": round(now, 3),
                        "instance": machine.spec.instance_id,
                        "zone": machine.spec.availability_zone,
                        "cpu_seconds": round(usage.cpu_seconds, 4),
                        "throttled_seconds": round(usage.throttled_seconds, 4),
                        "memory_peak_bytes": usage.memory_peak_bytes,
                        "oom_kills": usage.oom_kills,
                    }
                )
            )
        if not lines:
            return
        mode = "w" if self._file.exists() and self._file.stat().st_size > KEEP_BYTES else "a"
        with self._file.open(mode, encoding="utf-8") as sink:
            sink.write("\n".join(lines) + "\n")


def usage_file(root: Path) -> Path:
    """Return the file with the machines' usage of the region in `root`."""
    return root / "usage.ndjson"


def samples(root: Path) -> Iterator[dict[str, Any]]:
    """Yield all records of the region in `root`, oldest first; a truncated line is left out."""
    try:
        text = usage_file(root).read_text(encoding="utf-8")
    except OSError:
        return
    for line in text.splitlines():
        with contextlib.suppress(ValueError):
            yield json.loads(line)


def cpu_cores_used(root: Path, since: float, until: float) -> dict[str, float]:
    """Return the mean CPU of each instance, in cores, between two epoch times (seconds).

    Taken from the last sample before and the first after the interval, as far as they exist.
    """
    by_instance: dict[str, list[tuple[float, float]]] = {}
    for sample in samples(root):
        pair = (float(sample["at"]), float(sample["cpu_seconds"]))
        by_instance.setdefault(sample["instance"], []).append(pair)
    used: dict[str, float] = {}
    for instance, points in by_instance.items():
        inside = [p for p in points if since - INTERVAL_S * 1.5 <= p[0] <= until + INTERVAL_S * 1.5]
        if len(inside) >= 2:
            (start, first), (end, last) = inside[0], inside[-1]
            used[instance] = (last - first) / (end - start)
    return used
