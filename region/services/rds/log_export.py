"""PostgreSQL's log to CloudWatch Logs, for DB instances that export it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from moto.logs.models import LogsBackend

from region.api.server import ControlPlane
from region.services.rds.log_patches import LOG_FILE
from region.services.rds.server import Server
from region.services.rds.views import View

log = logging.getLogger(__name__)
_EVERY = 2.0
_AT_ONCE = 256 * 1024
_KEPT = 10_000
"""Lines of one log that stay: all of them are in the region's memory."""


class LogExport:
    """Ships what is written to logs from now on. Used by one thread."""

    def __init__(self, plane: ControlPlane) -> None:
        """Ship to `plane`'s CloudWatch Logs."""
        self._plane = plane
        self._due_at = 0.0
        self._shipped: dict[Path, int] = {}

    def ship(self, found: Iterable[View], servers: Mapping[str, Server]) -> None:
        """Put new lines into `/aws/rds/instance/<identifier>/postgresql`."""
        if time.monotonic() < self._due_at:
            return
        self._due_at = time.monotonic() + _EVERY
        for view in found:
            server = servers.get(view.identifier)
            if server is not None and view.ships_log:
                self._ship(view.identifier, server.directory / LOG_FILE)

    def _ship(self, identifier: str, path: Path) -> None:
        try:
            size = path.stat().st_size
            start = self._shipped.get(path)
            if start is None:
                start = size if self._began_before(identifier) else 0
            if start > size:
                start = 0  # the server has begun a new one
            with path.open("rb") as file:
                file.seek(start)
                data = file.read(_AT_ONCE)
        except OSError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._shipped[path] = start + len(whole)
        lines = [line for line in whole.decode(errors="replace").splitlines() if line.strip()]
        if lines:
            try:
                self._put(identifier, lines)
            except Exception as error:  # the group was deleted in between, for example
                log.warning("the log of DB instance %s was not shipped: %s", identifier, error)

    def _began_before(self, identifier: str) -> bool:
        """Return whether an earlier process of the region shipped the log up to now."""
        group, stream = _names(identifier)
        with self._plane.lock:
            groups = self._plane.backend("logs").groups
            return group in groups and stream in groups[group].streams

    def _put(self, identifier: str, lines: list[str]) -> None:
        group, stream = _names(identifier)
        now = int(time.time() * 1000)
        with self._plane.lock:
            backend: LogsBackend = self._plane.backend("logs")
            if group not in backend.groups:
                backend.create_log_group(group, {})
            if stream not in backend.groups[group].streams:
                backend.create_log_stream(group, stream)
            backend.put_log_events(
                group, stream, [{"timestamp": now, "message": line} for line in lines]
            )
            del backend.groups[group].streams[stream].events[:-_KEPT]
            self._plane.notify()


def _names(identifier: str) -> tuple[str, str]:
    return f"/aws/rds/instance/{identifier}/postgresql", f"{identifier}.0"
