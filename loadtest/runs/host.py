"""The generator's computer and a target on it, second by second.

`host.ndjson` is written by the load test. All counters grow: CPU seconds since the computer or the
process started.

| key | meaning |
|---|---|
| `version` | 1 |
| `at` | epoch ms |
| `cpus` | CPUs that the computer has |
| `idle`, `steal` | of all CPUs; `idle` includes waiting for the disk, the hypervisor took `steal` |
| `per_cpu_idle` | the same of each CPU |
| `running` | processes and threads that run or wait for a CPU at this moment; null where unknown |
| `ours` | `runner` (the load test, with its probe), `generator` (Artillery), `engine` (what started it) |
| `quota_cores` | the smallest CPU quota of a control group that holds the load test; null: none |
| `throttled` | seconds in which that control group was stopped by its quota |
| `clock_moved` | seconds by which the clock was set since the watch began, in newer lines; not in `at` |

`target.ndjson` is the run's part of what LOADTEST_TARGET_USAGE names: whoever plays the target on the
same computer appends a line per second and part, with `version` 2, `at` (epoch seconds), `ticks` (in
newer lines, the same by `CLOCK_MONOTONIC`: with it `at` is put on the run's own clock), `kind`, `name`,
`cpu_seconds`; lines of the kind `instance` also have `service_cpu_seconds` and `quota_cores`,
newer ones `memory_peak_bytes`, `memory_limit_bytes`, `vcpu_seconds` and `nr_throttled`. `waited_seconds`,
in newer lines of all kinds but the region, is how long its processes have waited for a CPU of this
computer, all together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from loadtest.runs.journal import Journal

VERSION = 1
TARGET_VERSION = 2
INSTANCE = "instance"

Sample = TypeVar("Sample")


@dataclass(frozen=True)
class HostSample:
    """The counters of the computer at one moment; CPU in seconds since some start."""

    at_ms: float
    cpus: int
    idle_s: float
    steal_s: float
    per_cpu_idle_s: tuple[float, ...]
    running: int | None
    ours_s: Mapping[str, float]
    quota_cores: float | None
    throttled_s: float
    clock_moved_s: float = 0.0
    """By how much the computer's clock has been set since the watch began; negative: back."""

    def to_line(self) -> str:
        """Format it as a line of `host.ndjson`."""
        line = {
            "version": VERSION,
            "at": round(self.at_ms, 1),
            "cpus": self.cpus,
            "idle": round(self.idle_s, 3),
            "steal": round(self.steal_s, 3),
            "per_cpu_idle": [round(one, 3) for one in self.per_cpu_idle_s],
            "running": self.running,
            "ours": {name: round(used, 3) for name, used in self.ours_s.items()},
            "quota_cores": self.quota_cores,
            "throttled": round(self.throttled_s, 4),
            "clock_moved": round(self.clock_moved_s, 3),
        }
        return json.dumps(line) + "\n"


@dataclass(frozen=True)
class TargetSample:
    """The counters of one part of the target. `quota_cores` limits `service_s`; None: no limit."""

    at_ms: float
    kind: str
    name: str
    cpu_s: float
    service_s: float = 0.0
    quota_cores: float | None = None
    memory_share: float | None = None
    """The most memory that it ever used, as a share of what it has; None where that is not recorded."""
    vcpu_s: float | None = None
    """CPU seconds of this computer that are one of its vCPU; None where that is not recorded."""
    waited_s: float | None = None
    """How long its processes have waited for a CPU, all together; None where that is not recorded."""
    throttled: int = 0
    """In how many periods its quota has stopped it."""


def parse_host(line: str) -> HostSample:
    """Parse one line of `host.ndjson`.

    Raises:
        ValueError: The text is anything else.
    """
    try:
        raw: dict[str, Any] = json.loads(line)
        _require(raw["version"], VERSION)
        return HostSample(
            float(raw["at"]),
            int(raw["cpus"]),
            float(raw["idle"]),
            float(raw["steal"]),
            tuple(float(one) for one in raw["per_cpu_idle"]),
            None if raw["running"] is None else int(raw["running"]),
            {str(name): float(used) for name, used in raw["ours"].items()},
            None if raw["quota_cores"] is None else float(raw["quota_cores"]),
            float(raw["throttled"]),
            float(raw.get("clock_moved", 0.0)),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a sample of the computer: {error!r}") from error


def parse_target(line: str) -> TargetSample:
    """Parse one line of `target.ndjson`.

    Raises:
        ValueError: The text is anything else.
    """
    try:
        raw: dict[str, Any] = json.loads(line)
        _require(raw["version"], TARGET_VERSION)
        used = float(raw["cpu_seconds"])
        quota, vcpu = raw.get("quota_cores"), raw.get("vcpu_seconds")
        return TargetSample(
            float(raw["at"]) * 1000,
            str(raw["kind"]),
            str(raw["name"]),
            used,
            float(raw.get("service_cpu_seconds", used)),
            None if quota is None else float(quota),
            _memory_share(raw),
            None if vcpu is None else float(vcpu),
            None if raw.get("waited_seconds") is None else float(raw["waited_seconds"]),
            int(raw.get("nr_throttled", 0)),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a sample of the target: {error!r}") from error


def _memory_share(raw: Mapping[str, Any]) -> float | None:
    peak, limit = raw.get("memory_peak_bytes"), raw.get("memory_limit_bytes")
    return float(peak) / float(limit) if peak and limit else None


def _require(version: object, known: int) -> None:
    if version != known:
        raise ValueError(f"version {version}, this program reads {known}")


def read_host(path: Path) -> list[HostSample]:
    """Return the samples of the computer, oldest first, as far as they can be read."""
    lines = Journal(path)
    return sorted(_parsed(lines, parse_host), key=lambda one: one.at_ms)


def read_target(path: Path) -> list[TargetSample]:
    """Return the samples of the target, oldest first, as far as they can be read."""
    lines = Journal(path)
    return sorted(_parsed(lines, parse_target), key=lambda one: one.at_ms)


def _parsed(lines: Journal, parse: Callable[[str], Sample]) -> Iterator[Sample]:
    for line in lines:
        try:
            yield parse(line)
        except ValueError as error:
            lines.stop(str(error))
            return
