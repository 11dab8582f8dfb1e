"""The metrics of DB instances: AWS/RDS, once a minute of AWS, measured at the processes of PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from region.api.server import ControlPlane
from region.services.cloudwatch.metrics import Datum, publish
from region.services.rds import periods
from region.services.rds.classes import class_of
from region.services.rds.server import Server
from region.services.rds.views import View

NAMESPACE = "AWS/RDS"
_GIBIBYTE = 1024**3
_LEAST = 1.0
"""Seconds between two measurements at any speed: each looks at every file of every cluster."""
_CLIENT = "[local]"
"""Part of the title of a process of PostgreSQL that serves a client, which the TLS proxy connects."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a cluster uses.

    Attributes:
        at: When it was measured (monotonic).
        cpu_seconds: By processes that live.
        memory: Their memory in bytes, without what they share.
    """

    at: float
    cpu_seconds: float
    memory: int
    connections: int
    storage: int


class Monitor:
    """Publishes the metrics of all clusters. Used by one thread."""

    def __init__(self, plane: ControlPlane) -> None:
        """Publish to `plane`'s CloudWatch."""
        self._plane = plane
        self._due_at = 0.0
        self._before: dict[str, Usage] = {}

    def measure(self, found: Iterable[View], servers: Mapping[str, Server]) -> dict[str, int]:
        """Publish a minute's metrics, if a minute of AWS has passed; return the bytes then stored."""
        if time.monotonic() < self._due_at:
            return {}
        period = self._plane.config.seconds(periods.MONITORING.seconds)
        self._due_at = time.monotonic() + max(period, _LEAST)
        usages: dict[str, Usage] = {}
        for view in found:
            server = servers.get(view.identifier)
            if server is None or not server.running():
                continue
            usage = usage_of(server.processes(), server.directory)
            usages[view.identifier] = usage
            publish(self._plane, data(view, usage, self._before.get(view.identifier)))
        self._before = usages
        return {name: usage.storage for name, usage in usages.items()}


def usage_of(processes: list[int], directory: Path) -> Usage:
    """Measure the processes of a cluster, its server first, and the size of its files."""
    alive: list[psutil.Process] = []
    for pid in processes[:1]:
        try:
            server = psutil.Process(pid)
            alive += [server, *server.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
    cpu, memory, connections = 0.0, 0, 0
    for process in alive:
        try:
            with process.oneshot():
                times = process.cpu_times()
                cpu += times.user + times.system
                found = process.memory_info()
                memory += found.rss - found.shared
                connections += any(_CLIENT in part for part in process.cmdline())
        except psutil.Error:
            continue
    return Usage(time.monotonic(), cpu, memory, connections, size_of(directory))


def size_of(directory: Path) -> int:
    """Return the bytes that the files below a directory take."""
    total = 0
    for file in directory.rglob("*"):
        try:
            total += file.stat().st_blocks * 512
        except OSError:
            continue
    return total


def data(view: View, usage: Usage, before: Usage | None) -> list[Datum]:
    """Return the metrics of one DB instance; CPU needs two measurements."""
    about = {"DBInstanceIdentifier": view.identifier}
    offered = class_of(view.spec.instance_class)
    found = [
        Datum(NAMESPACE, "DatabaseConnections", about, float(usage.connections), "Count"),
        Datum(
            NAMESPACE,
            "FreeableMemory",
            about,
            float(max(0, offered.memory_bytes - usage.memory)),
            "Bytes",
        ),
        Datum(
            NAMESPACE,
            "FreeStorageSpace",
            about,
            float(max(0, view.allocated_gib * _GIBIBYTE - usage.storage)),
            "Bytes",
        ),
        Datum(NAMESPACE, "SwapUsage", about, 0.0, "Bytes"),
    ]
    if before is not None and usage.at > before.at:
        # Processes that have ended take their time along.
        spent = max(0.0, usage.cpu_seconds - before.cpu_seconds)
        share = spent / (usage.at - before.at) / offered.vcpus
        found.append(Datum(NAMESPACE, "CPUUtilization", about, min(100.0, 100 * share), "Percent"))
    return found
