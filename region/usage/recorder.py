"""Records what the region's machines and its own processes use, second by second.

`<root>/usage.ndjson` has one JSON object per line; every line names the version of this format.
Lines of one sample have the same `at`. Counters grow from the start of what they count; after a
reboot an instance's start anew.

| key | in lines of | meaning |
|---|---|---|
| `version` | all | 2 |
| `at` | all | epoch seconds, by the computer's clock, which may be set meanwhile |
| `ticks` | all | the same moment in seconds of `CLOCK_MONOTONIC`, which is not: `time.monotonic()` |
| `kind` | all | `instance`, `load-balancer`, `database` or `region` |
| `name` | all | the instance's id, or which process it is |
| `cpu_seconds` | all | of the whole instance, or of the process and its children |
| `waited_seconds` | all but the region | for a CPU (`region/usage/cpu_waiting.py`); null: unknown |
| `zone` | instances | Availability Zone |
| `service_cpu_seconds` | instances | of its services: what its quota limits |
| `quota_cores` | instances | CPU seconds per second that its services may use; null: not limited |
| `throttled_seconds`, `nr_throttled`, `nr_periods` | instances | the services' control group |
| `memory_peak_bytes`, `oom_kills` | instances | of the whole instance |
| `memory_limit_bytes` | instances | what its type has |
| `vcpu_seconds` | instances | CPU seconds of this computer that are one of a vCPU at that moment |

The load test reads it where LOADTEST_TARGET_USAGE names it: on one computer, what stands for the target
is not a stranger that disturbs the measurement.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from region import daemons
from region.usage import process_cpu
from region.usage.cpu_waiting import CpuWaiting

VERSION = 2
INTERVAL_S = 1.0
KEEP_BYTES = 64 * 1024 * 1024
"""Beyond that the log starts over; a day of nine machines is about 250 MB."""
INSTANCE = "instance"
_LOAD_BALANCER = "haproxy"


class Pool(Protocol):
    """The part of a machine pool that the recorder needs."""

    cpu_factor: float
    """CPU seconds of this computer that are one of a vCPU, now."""

    def machines(self) -> Any:
        """Return all machines."""
        ...


class UsageRecorder:
    """Appends one line a second for each machine and process to `<root>/usage.ndjson`."""

    def __init__(self, root: Path, pool: Pool) -> None:
        """Record what `pool` uses."""
        self._file = usage_file(root)
        self._pool = pool
        self._waiting: dict[str, CpuWaiting] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="usage", daemon=True)

    def start(self, *, go_on: bool = False) -> None:
        """Start recording: in a new file, or behind what the region that was killed has recorded."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        if not go_on:
            self._file.unlink(missing_ok=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop recording; the file stays."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        # With the priority of all threads: where CPUs are scarce, one with a lower priority is put off for
        # seconds, machines' locks and the interpreter in its hands, and requests with it.
        due = time.monotonic() + INTERVAL_S
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            # A full disk must not take the region down with it.
            with contextlib.suppress(OSError):
                self._record()
            # Not relative to now: a late sample must not delay those after it.
            due = max(due + INTERVAL_S, time.monotonic())

    def _record(self) -> None:
        ticks = round(time.monotonic(), 3)
        common = {"version": VERSION, "at": round(time.time(), 3), "ticks": ticks}
        lines = [common | one for one in (*self._instances(), *self._processes())]
        mode = "w" if self._file.exists() and self._file.stat().st_size > KEEP_BYTES else "a"
        # A region outlives its machines and daemons.
        names = {one["name"] for one in lines}
        self._waiting = {name: one for name, one in self._waiting.items() if name in names}
        with self._file.open(mode, encoding="utf-8") as sink:
            sink.write("".join(f"{json.dumps(line)}\n" for line in lines))

    def _instances(self) -> Iterator[dict[str, Any]]:
        for machine in self._pool.machines():
            usage = machine.usage()
            yield {
                "kind": INSTANCE,
                "name": machine.spec.instance_id,
                "zone": machine.spec.availability_zone,
                "cpu_seconds": round(usage.cpu_seconds, 4),
                "waited_seconds": self._waited(machine.spec.instance_id, usage.pids),
                "service_cpu_seconds": round(usage.service_cpu_seconds, 4),
                "quota_cores": usage.quota_cores,
                "throttled_seconds": round(usage.throttled_seconds, 4),
                "nr_throttled": usage.nr_throttled,
                "nr_periods": usage.nr_periods,
                "memory_peak_bytes": usage.memory_peak_bytes,
                "memory_limit_bytes": machine.spec.type.memory_bytes,
                "oom_kills": usage.oom_kills,
                "vcpu_seconds": round(self._pool.cpu_factor, 4),
            }

    def _processes(self) -> Iterator[dict[str, Any]]:
        """Yield the lines of the region's process and of the daemons that it started."""
        yield {"kind": "region", "name": "region", "cpu_seconds": round(process_cpu.own(), 2)}
        for daemon in daemons.running():
            pids = process_cpu.tree(daemon.pid)
            used = process_cpu.used_by(pids)
            if used is not None:
                # The others are PostgreSQL and what encrypts its connections.
                kind = "load-balancer" if daemon.name == _LOAD_BALANCER else "database"
                name = f"{daemon.name}-{daemon.pid}"
                yield {
                    "kind": kind,
                    "name": name,
                    "cpu_seconds": round(used, 2),
                    "waited_seconds": self._waited(name, pids),
                }

    def _waited(self, name: str, pids: Iterable[int]) -> float | None:
        waited = self._waiting.setdefault(name, CpuWaiting()).add(pids)
        return None if waited is None else round(waited, 4)


def usage_file(root: Path) -> Path:
    """Return the file with the usage of the region in `root`."""
    return root / "usage.ndjson"


def instance_samples(root: Path) -> Iterator[dict[str, Any]]:
    """Yield the instances' lines of the region in `root`, oldest first; a broken line is left out."""
    try:
        text = usage_file(root).read_text(encoding="utf-8")
    except OSError:
        return
    for line in text.splitlines():
        with contextlib.suppress(ValueError, KeyError, TypeError):
            sample = json.loads(line)
            if sample["kind"] == INSTANCE and sample["version"] == VERSION:
                yield sample


def cpu_cores_used(root: Path, since: float, until: float) -> dict[str, float]:
    """Return the mean CPU of each instance, in cores, between two epoch times (seconds).

    Taken from the last sample before and the first after the interval, as far as they exist.
    """
    by_instance: dict[str, list[tuple[float, float]]] = {}
    for sample in instance_samples(root):
        pair = (float(sample["at"]), float(sample["cpu_seconds"]))
        by_instance.setdefault(sample["name"], []).append(pair)
    used: dict[str, float] = {}
    for instance, points in by_instance.items():
        inside = [p for p in points if since - INTERVAL_S * 1.5 <= p[0] <= until + INTERVAL_S * 1.5]
        if len(inside) >= 2:
            (start, first), (end, last) = inside[0], inside[-1]
            used[instance] = (last - first) / (end - start)
    return used
