"""DB instances of the control plane as PostgreSQL clusters.

Creating, starting, stopping and deleting take seconds, so each is a job on a thread of its own,
and no job holds the control plane's lock while it works. After a restart of the region the clusters
that were available are started again from their data.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from moto.rds.models import DBInstance

from region.api.server import ControlPlane
from region.services.rds import instances
from region.services.rds.postgres.cluster import DIRECTORY
from region.services.rds.postgres.errors import DatabaseError
from region.services.rds.postgres.settings import DEFAULT_PORT, ClusterSpec
from region.services.rds.records import DatabaseRecord, InstanceStatus

log = logging.getLogger(__name__)

JOBS_AT_ONCE = 4
RETRY_AFTER = 15.0


class Server(Protocol):
    """A database server; region.services.rds.postgres.cluster has the real one."""

    def exists(self) -> bool:
        """Return whether it has data."""
        ...

    def running(self) -> bool:
        """Return whether it runs."""
        ...

    def create(self, password: str) -> None:
        """Create its data directory."""
        ...

    def start(self) -> None:
        """Start it."""
        ...

    def stop(self) -> None:
        """Stop it."""
        ...

    def destroy(self) -> None:
        """Stop it and delete its data."""
        ...

    def ensure_database(self, name: str, password: str) -> None:
        """Create a database unless it exists."""
        ...

    def set_password(self, old: str, new: str) -> None:
        """Change the master user's password."""
        ...


@dataclass(frozen=True, slots=True)
class _InstanceView:
    """A DB instance as a job needs it, read under the lock."""

    identifier: str
    status: str
    spec: ClusterSpec
    database_name: str | None
    password: str = field(repr=False)
    applied_password: str | None = field(repr=False)


class DatabasesController:
    """Runs one PostgreSQL cluster per DB instance."""

    name = "databases"

    def __init__(
        self, plane: ControlPlane, make_server: Callable[[ClusterSpec, Path], Server]
    ) -> None:
        """Run the DB instances of `plane`, each as a server that `make_server` makes."""
        self._plane = plane
        self._make = make_server
        self._root = plane.config.root / DIRECTORY
        self._servers: dict[str, Server] = {}
        self._jobs: dict[str, Future[None]] = {}
        self._retry_at: dict[str, float] = {}
        self._pool = ThreadPoolExecutor(JOBS_AT_ONCE, thread_name_prefix="database")

    def reconcile(self) -> None:
        """Start the jobs that DB instances need."""
        self._jobs = {name: job for name, job in self._jobs.items() if not job.done()}
        for view in self._views():
            job = self._job_for(view)
            if job is not None and view.identifier not in self._jobs:
                self._jobs[view.identifier] = self._pool.submit(self._guarded, job, view)

    def close(self) -> None:
        """Wait for running jobs and stop every cluster; data is kept."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        with ThreadPoolExecutor(JOBS_AT_ONCE) as pool:
            list(pool.map(lambda server: server.stop(), self._servers.values()))
        self._servers.clear()

    def _views(self) -> list[_InstanceView]:
        with self._plane.lock:
            databases = self._plane.backend("rds").databases.values()
            return [_view(database) for database in databases]

    def _job_for(self, view: _InstanceView) -> Callable[[_InstanceView], None] | None:
        if time.monotonic() < self._retry_at.get(view.identifier, 0.0) and (
            view.status != "deleting"
        ):
            return None
        jobs: dict[str, Callable[[_InstanceView], None]] = {
            "creating": self._create,
            "starting": self._start,
            "failed": self._start,
            "rebooting": self._restart,
            "modifying": self._restart,
            "stopping": self._stop,
            "deleting": self._delete,
        }
        if view.status in jobs:
            return jobs[view.status]
        if view.status != "available":
            return None
        server = self._servers.get(view.identifier)
        if server is None or not server.running():
            return self._start
        return self._change_password if view.password != view.applied_password else None

    def _guarded(self, job: Callable[[_InstanceView], None], view: _InstanceView) -> None:
        try:
            job(view)
            self._retry_at.pop(view.identifier, None)
        except Exception as error:
            if not isinstance(error, DatabaseError):
                log.exception("DB instance %s: %s failed", view.identifier, job.__name__)
            self._retry_at[view.identifier] = time.monotonic() + RETRY_AFTER
            self._set_status(view.identifier, "failed", failure=str(error))

    def _create(self, view: _InstanceView) -> None:
        server = self._server(view)
        if server.exists():
            server.destroy()  # left over from a creation that was interrupted
        self._start(view)

    def _start(self, view: _InstanceView) -> None:
        server = self._server(view)
        password = view.applied_password or view.password
        if not server.exists():
            password = view.password
            server.create(password)
        server.start()
        if view.database_name:
            server.ensure_database(view.database_name, password)
        self._set_status(view.identifier, "available", password=password)

    def _restart(self, view: _InstanceView) -> None:
        old = self._servers.pop(view.identifier, None)
        if old is not None:
            old.stop()
        self._start(view)

    def _stop(self, view: _InstanceView) -> None:
        self._server(view).stop()
        self._set_status(view.identifier, "stopped")

    def _delete(self, view: _InstanceView) -> None:
        self._server(view).destroy()
        self._servers.pop(view.identifier, None)
        with self._plane.lock:
            backend = self._plane.backend("rds")
            if view.identifier in backend.databases:
                instances.finish_deletion(backend, view.identifier)
                self._plane.notify()

    def _change_password(self, view: _InstanceView) -> None:
        if view.applied_password is not None:
            self._server(view).set_password(view.applied_password, view.password)
        self._set_status(view.identifier, "available", password=view.password)

    def _server(self, view: _InstanceView) -> Server:
        if view.identifier not in self._servers:
            self._servers[view.identifier] = self._make(view.spec, self._root / view.identifier)
        return self._servers[view.identifier]

    def _set_status(
        self,
        identifier: str,
        status: InstanceStatus,
        *,
        password: str | None = None,
        failure: str = "",
    ) -> None:
        with self._plane.lock:
            database = self._plane.backend("rds").databases.get(identifier)
            if database is None:
                return
            instances.set_status(database, status, password=password, failure=failure)
            self._plane.notify()
        if failure:
            log.error("DB instance %s: %s", identifier, failure)


def _view(database: DBInstance) -> _InstanceView:
    record = DatabaseRecord.of(database)
    deleting = database.status == "deleting"
    return _InstanceView(
        identifier=database.db_instance_identifier,
        status=database.status,
        spec=ClusterSpec(
            name=database.db_instance_identifier,
            address=record.address,
            port=int(database.port or DEFAULT_PORT),
            major=int(str(database.engine_version).partition(".")[0]),
            instance_class=database.db_instance_class,
            master_username=str(database.master_username),
            parameters={} if deleting else instances.parameters_of(database),
        ),
        database_name=database.db_name,
        password="" if deleting else instances.master_password(database),
        applied_password=record.applied_password,
    )
