"""DB instances of the control plane as PostgreSQL clusters.

Creating, starting, stopping and deleting take seconds, so each is a job on a thread of its own,
and no job holds the control plane's lock while it works, nor waits for AWS's clock. After a restart of
the region the clusters that were available are started again from their data; those that a killed region
has left running are taken over.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from region import daemons
from region.api.server import ControlPlane
from region.services.rds import instances, scheduled_work, views
from region.services.rds.jobs import Jobs
from region.services.rds.log_export import LogExport
from region.services.rds.monitoring import Monitor
from region.services.rds.postgres.catalogue import catalogue
from region.services.rds.postgres.cluster import DIRECTORY
from region.services.rds.postgres.errors import DatabaseError
from region.services.rds.postgres.installed import available_versions
from region.services.rds.postgres.settings import ClusterSpec
from region.services.rds.records import DatabaseRecord, SnapshotRecord
from region.services.rds.server import Server
from region.services.rds.storage_autoscaling import StorageAutoscaling
from region.services.rds.views import View

log = logging.getLogger(__name__)

JOBS_AT_ONCE = 4
RETRY_AFTER = 15.0
CLEAN_UP_EVERY = 30.0
LONGEST_OUTAGE = 86_400.0
SNAPSHOTS = "database-snapshots"
"""The directory of the data of DB snapshots below a region's root."""
UP = frozenset({"available", "backing-up", "resetting-master-credentials", "modifying"})
"""States in which the database runs, apart from an outage that a change brings."""

Job = Callable[[View], None]


class DatabasesController:
    """Runs one PostgreSQL cluster per DB instance."""

    name = "databases"

    def __init__(
        self, plane: ControlPlane, make_server: Callable[[ClusterSpec, Path], Server]
    ) -> None:
        """Run the DB instances of `plane`, each as a server that `make_server` makes."""
        self._plane = plane
        self._snapshots = plane.config.root / SNAPSHOTS
        self._jobs = Jobs(plane, make_server, plane.config.root / DIRECTORY, self._snapshots)
        self._monitor = Monitor(plane)
        self._storage = StorageAutoscaling(plane)
        self._log_export = LogExport(plane)
        self._running: dict[str, Future[None]] = {}
        self._retry_at: dict[str, float] = {}
        self._cleaned_up_at = 0.0
        self._started = False
        self._pool = ThreadPoolExecutor(JOBS_AT_ONCE, thread_name_prefix="database")
        self._pool.submit(_read_catalogues)

    def reconcile(self) -> None:
        """Start the jobs that DB instances need, and measure those that run."""
        self._running = {name: job for name, job in self._running.items() if not job.done()}
        self._tick()
        found = self._views()
        if not self._started:
            self._started = True
            self._end_others({view.identifier for view in found})
        for view in found:
            job = self._job_for(view)
            if job is not None and view.identifier not in self._running:
                self._running[view.identifier] = self._pool.submit(self._guarded, job, view)
        self._storage.watch(self._monitor.measure(found, self._jobs.servers))
        self._log_export.ship(found, self._jobs.servers)
        self._clean_up()

    def close(self) -> None:
        """Wait for running jobs and stop every cluster; data is kept."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        servers = list(self._jobs.servers.values())
        with ThreadPoolExecutor(JOBS_AT_ONCE) as pool:
            list(pool.map(lambda server: server.stop(), servers))
        self._jobs.servers.clear()

    def _end_others(self, wanted: set[str]) -> None:
        """End what a region that died has left of databases that are deleted by now."""
        for directory in (self._plane.config.root / DIRECTORY).glob("*"):
            if directory.name not in wanted:
                daemons.sweep(directory)

    def _tick(self) -> None:
        config = self._plane.config
        with self._plane.lock:
            if scheduled_work.tick(self._plane.backend("rds"), config.seconds, datetime.now(UTC)):
                self._plane.notify()

    def _views(self) -> list[View]:
        """Read every DB instance; one that cannot be read keeps no other from its jobs."""
        found: list[View] = []
        with self._plane.lock:
            for database in list(self._plane.backend("rds").databases.values()):
                try:
                    found.append(views.read(database))
                except Exception as error:
                    name = database.db_instance_identifier
                    if not DatabaseRecord.of(database).failure:
                        log.exception("DB instance %s cannot be read", name)
                    instances.set_status(database, "failed", failure=f"It cannot be read: {error}")
        return found

    def _job_for(self, view: View) -> Job | None:
        if view.status == "deleting":
            return self._jobs.delete
        waits = time.monotonic() < self._retry_at.get(view.identifier, 0.0)
        if waits or _goes_on(view.resume_at):
            return None
        jobs: dict[str, Job] = {
            "creating": self._jobs.create,
            "starting": self._jobs.start,
            "failed": self._jobs.start,
            "stopping": self._jobs.stop,
            "rebooting": self._jobs.fail_over if view.failing_over else self._jobs.restart,
        }
        if view.status in UP:
            server = self._jobs.servers.get(view.identifier)
            down = server is None or not server.running()
            if view.cut_off:
                return None if down else self._jobs.cut_off
            # A change under way may have its outage: it starts the database itself.
            return self._jobs.start if down and not view.resume_at else self._job_while_up(view)
        return jobs.get(view.status)

    def _job_while_up(self, view: View) -> Job | None:
        if view.status == "modifying":
            return self._jobs.modify
        if view.snapshots or view.status == "backing-up":
            return self._jobs.back_up
        if view.password is not None and view.password != view.applied_password:
            return self._jobs.change_password
        if view.status == "resetting-master-credentials":
            return self._jobs.change_password
        return self._jobs.reload if view.reloadable is not None else None

    def _guarded(self, job: Job, view: View) -> None:
        try:
            job(view)
            self._retry_at.pop(view.identifier, None)
        except Exception as error:
            name = getattr(job, "__name__", "a job")
            if not isinstance(error, DatabaseError):
                log.exception("DB instance %s: %s failed", view.identifier, name)
            self._retry_at[view.identifier] = time.monotonic() + RETRY_AFTER
            self._jobs.failed(view, job, str(error))

    def _clean_up(self) -> None:
        """Remove the data of snapshots that do not exist any more."""
        if time.monotonic() < self._cleaned_up_at + CLEAN_UP_EVERY or self._running:
            return
        self._cleaned_up_at = time.monotonic()
        if not self._snapshots.is_dir():
            return
        with self._plane.lock:
            backend = self._plane.backend("rds")
            wanted = {SnapshotRecord.of(one).data for one in backend.database_snapshots.values()}
            wanted |= {DatabaseRecord.of(one).restore_from for one in backend.databases.values()}
        for directory in self._snapshots.iterdir():
            if directory.name not in wanted:
                shutil.rmtree(directory, ignore_errors=True)


def _goes_on(until: float) -> bool:
    """Return whether an outage lasts that ends at that moment of `time.monotonic()`.

    One that would last longer than any was begun before the computer was started again.
    """
    return 0 < until - time.monotonic() < LONGEST_OUTAGE


def _read_catalogues() -> None:
    """Have the installed versions list their parameters now, and not in the first call that asks."""
    try:
        for major in available_versions():
            catalogue(major)
    except DatabaseError as error:
        log.warning("%s", error)
