"""Messages between coordinator and workers: JSON objects in the bucket."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Plan(_Message):
    """What a worker is to do, beside the files of its share: `plan.json`."""

    worker: int
    target: str
    artillery: str
    """The version that has to be in its image."""
    threads: int
    variables: dict[str, str]
    """Environment variables that the script may read."""
    beat_s: float
    """Seconds between two pieces of records."""
    poll_s: float
    """Seconds between two looks at the coordinator's object."""
    abandoned_s: float
    """After so long without a beat of the coordinator it ends."""
    limit_s: float
    """After so long it ends in any case."""


class Coordinator(_Message):
    """What the coordinator says: `coordinator.json`."""

    beat: int
    begin_ms: dict[int, float] = {}
    """When each worker begins, epoch ms; empty until all are ready."""
    stop: bool = False


class Clock(_Message):
    """How far a worker's clock is from UTC at most, and who says so."""

    source: Literal["amazon-time-sync", "dates"]
    """Amazon Time Sync by the task's metadata; else the dates of S3's answers."""
    error_ms: float
    synchronised: bool


class Use(_Message):
    """CPU time and memory of the generator so far."""

    at_ms: float
    cpu_seconds: float
    rss_bytes: int


class Status(_Message):
    """A worker's own status, in each archive: `status.json`."""

    state: Literal["starting", "ready", "running", "ended"]
    clock: Clock | None = None
    use: Use | None = None
    complaint: str | None = None
    last_lines: str = ""
    exit_code: int | None = None
    """The generator's, once it has ended."""
    sizes: dict[str, int] = {}
    """File -> bytes sent so far."""
    sha256: dict[str, str] = {}
    """File -> digest of all of it; in the last piece."""
    stolen: float | None = None
    """Share of the CPU time that the hypervisor took, since the worker began; in the last piece."""
