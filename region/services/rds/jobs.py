"""What is done to one DB instance at a time. Every method may take seconds, and none waits for AWS's clock.

What takes a period of AWS (a failover) is two jobs: the first says when the second one is due.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from moto.rds.models import DBInstance

from region.api.server import ControlPlane
from region.services.rds import (
    events,
    instances,
    master_secret,
    modifications,
    modify_patches,
    periods,
    scheduled_work,
    snapshot_patches,
    views,
)
from region.services.rds.postgres.errors import DatabaseError
from region.services.rds.postgres.settings import ClusterSpec
from region.services.rds.records import DatabaseRecord
from region.services.rds.server import Server
from region.services.rds.views import View

log = logging.getLogger(__name__)
ROTATION_DAYS = 7
_LEADS_TO_AVAILABLE = frozenset({"creating", "starting", "failed", "available"})


class Jobs:
    """The work of the controller; `servers` are the clusters by the DB instance's identifier."""

    def __init__(
        self,
        plane: ControlPlane,
        make_server: Callable[[ClusterSpec, Path], Server],
        root: Path,
        snapshots: Path,
    ) -> None:
        """Keep clusters below `root` and the data of DB snapshots below `snapshots`."""
        self._plane = plane
        self._make = make_server
        self._root, self._snapshots = root, snapshots
        self.servers: dict[str, Server] = {}

    def create(self, view: View) -> None:
        """Create the cluster, from a snapshot's data if it is restored, and back it up."""
        server = self._fresh(view)
        if server.exists():
            server.destroy()  # left over from a creation that was interrupted
        self._run(view, server)
        password, applied = view.password, view.restore_password
        if password and applied and password != applied:
            # Of its own, not that of the instance that the snapshot was taken of.
            server.set_password(applied, password)
        with self._database(view) as database:
            if database is None:
                return
            record = DatabaseRecord.of(database)
            record.applied_password = password or record.applied_password
            events.record(database.backend, database, events.CREATED)
            if database.manage_master_user_password:
                password = record.applied_password
                if password and password == master_secret.wanted_password(database):
                    master_secret.password_is_set(database, password)
                self._schedule_rotation(database)
            if view.backups and database.status == "creating":
                record.listening = True
                scheduled_work.begin_backup(database)
            else:
                instances.set_status(database, "available")

    def start(self, view: View) -> None:
        """Start the cluster; a failed one as well. One that a killed region has left goes on."""
        server = self._fresh(view)
        if view.status in {"starting", "failed"} or not server.running():
            self._run(view, server)
        with self._database(view) as database:
            if database is None:
                return
            if view.status == "starting":
                DatabaseRecord.of(database).stopped_at = 0.0
                events.record(database.backend, database, events.STARTED)
            if database.status in _LEADS_TO_AVAILABLE:
                instances.set_status(database, "available")

    def restart(self, view: View) -> None:
        """Reboot: everything pending of the parameter group takes effect."""
        self._run_anew(view)
        with self._database(view) as database:
            if database is not None:
                events.record(database.backend, database, events.SHUT_DOWN, events.RESTARTED)
                instances.set_status(database, "available")

    def fail_over(self, view: View) -> None:
        """Fail over to the standby: an outage, then the zones are swapped."""
        if not view.resume_at:
            self._begin_failover(view)
            return
        self._run(view, self._fresh(view))
        with self._database(view) as database:
            if database is not None:
                self._swap_zones(database)
                events.record(database.backend, database, events.RESTARTED)
                instances.set_status(database, "available")

    def _begin_failover(self, view: View) -> None:
        again = periods.FAILOVER_AGAIN.seconds
        if time.time() < view.failed_over_at + self._plane.config.seconds(again):
            with self._database(view) as database:
                if database is not None:
                    DatabaseRecord.of(database).failing_over = False
                    events.record(database.backend, database, events.FAILOVER_ABANDONED)
                    instances.set_status(database, "available")
            return
        self._outage(view, periods.FAILOVER.seconds, events.FAILOVER_STARTED)

    def cut_off(self, view: View) -> None:
        """Make it unreachable: it is started again from its data once it can be reached."""
        self._server(view).crash()

    def modify(self, view: View) -> None:
        """Apply the changes that are due."""
        restarts = modifications.restarts(view.applying)
        fails_over = view.multi_az and "db_instance_class" in view.applying
        if not view.resume_at:
            self._say(view, *_begun(view))
            # The standby gets the new class first, and a failover makes it the primary.
            if fails_over:
                self._outage(view, periods.FAILOVER.seconds, events.FAILOVER_STARTED)
                return
            if view.applying.get("multi_az"):
                self._resume_after(view, periods.CONVERSION.seconds)
                return
        changed = self._apply(view)
        if changed is None:
            return
        if restarts:
            self._run_anew(changed)
        with self._database(view) as database:
            if database is None:
                return
            if fails_over:
                self._swap_zones(database)
            DatabaseRecord.of(database).resume_at = 0.0
            finished = [*([events.RESTARTED] if restarts else []), *_ended(view)]
            events.record(database.backend, database, *finished)
            instances.set_status(database, "available")

    def _apply(self, view: View) -> View | None:
        with self._database(view) as database:
            if database is None or database.status != "modifying":
                return None
            modify_patches.finish(database)
            return views.read(database)

    def change_password(self, view: View) -> None:
        """Give the master user the password that he is to have."""
        wanted, applied = view.password, view.applied_password
        if wanted is not None and applied is not None and wanted != applied:
            self._server(view).set_password(applied, wanted)
        with self._database(view) as database:
            if database is None:
                return
            if wanted is not None:
                DatabaseRecord.of(database).applied_password = wanted
                master_secret.password_is_set(database, wanted)
                if wanted != applied:
                    events.record(database.backend, database, events.PASSWORD_RESET)
            if database.manage_master_user_password:
                self._schedule_rotation(database)
            if database.status == "resetting-master-credentials":
                instances.set_status(database, "available")

    def reload(self, view: View) -> None:
        """Put dynamic parameters into force."""
        in_force = view.reloadable or {}
        self._server(view).reload(view.with_parameters(in_force))
        with self._database(view) as database:
            if database is not None:
                DatabaseRecord.of(database).parameters = in_force

    def back_up(self, view: View) -> None:
        """Give the snapshots their data."""
        self._copy(view)
        with self._database(view) as database:
            if database is None or database.status != "backing-up":
                return
            if any(name.identifier.startswith("rds:") for name in view.snapshots):
                events.record(database.backend, database, events.BACKUP_FINISHED)
            instances.set_status(database, "available")

    def stop(self, view: View) -> None:
        """Stop the cluster; its endpoint stays."""
        self._copy(view)
        self._server(view).stop()
        with self._database(view) as database:
            if database is not None:
                DatabaseRecord.of(database).stopped_at = time.time()
                events.record(database.backend, database, events.STOPPED)
                instances.set_status(database, "stopped")

    def delete(self, view: View) -> None:
        """Take the final snapshot, if one is wanted, and remove the cluster."""
        if self._server(view).exists():
            self._copy(view)
        self._server(view).destroy()
        self.servers.pop(view.identifier, None)
        with self._plane.lock:
            backend = self._plane.backend("rds")
            if view.identifier in backend.databases:
                instances.finish_deletion(backend, view.identifier)
                self._plane.notify()

    def failed(self, view: View, job: Callable[[View], None], why: str) -> None:
        """Record that a job failed. Where the database still runs it stays available."""
        with self._database(view) as database:
            if database is None:
                return
            harmless = job in (self.change_password, self.reload, self.back_up)
            server = self.servers.get(view.identifier)
            if job in (self.back_up, self.stop, self.delete):
                for snapshot in view.snapshots:
                    found = database.backend.database_snapshots.get(snapshot.identifier)
                    if found is not None and found.status == "creating":
                        found.status = "failed"
            if harmless and server is not None and server.running():
                if database.status in {"backing-up", "resetting-master-credentials"}:
                    instances.set_status(database, "available")
            else:
                record = DatabaseRecord.of(database)
                record.resume_at, record.failing_over = 0.0, False
                instances.set_status(database, "failed", failure=why)
        log.error("DB instance %s: %s", view.identifier, why)

    # ---------------------------------------------------------------------------------------------

    def _run(self, view: View, server: Server) -> None:
        """Start a server with the parameters of its group, and record what is in force then."""
        password = view.applied_password or view.restore_password or view.password
        if password is None:
            raise DatabaseError(
                f"Database {view.identifier} cannot start: its master password cannot be read."
            )
        if not server.exists():
            if view.restore_from:
                server.restore(self._snapshots / view.restore_from)
            else:
                server.create(password)
        server.start()
        if view.database_name:
            server.ensure_database(view.database_name, password)
        with self._database(view) as database:
            if database is not None:
                record = DatabaseRecord.of(database)
                record.directory, record.restore_from = str(server.directory), ""
                instances.started(database, password, dict(view.spec.parameters), view.group)

    def _run_anew(self, view: View) -> None:
        """Stop the server that runs, and start one with the settings of now."""
        old = self.servers.get(view.identifier)
        if old is not None:
            old.stop()
        self._run(view, self._fresh(view))

    def _outage(self, view: View, period: float, kind: events.Kind) -> None:
        self._say(view, kind)
        self._server(view).crash()
        self._resume_after(view, period)

    def _resume_after(self, view: View, period: float) -> None:
        with self._database(view) as database:
            if database is not None:
                wait = self._plane.config.seconds(period)
                DatabaseRecord.of(database).resume_at = time.monotonic() + wait

    def _swap_zones(self, database: DBInstance) -> None:
        record = DatabaseRecord.of(database)
        database.availability_zone, record.second_zone = (
            record.second_zone or database.availability_zone,
            database.availability_zone,
        )
        record.failing_over, record.resume_at = False, 0.0
        record.failed_over_at = time.time()
        events.record(database.backend, database, events.FAILOVER_COMPLETED, events.FAILOVER_DNS)

    def _copy(self, view: View) -> None:
        for pending in view.snapshots:
            self._server(view).back_up(self._snapshots / pending.data, view.applied_password)
            with self._plane.lock:
                snapshots = self._plane.backend("rds").database_snapshots
                if pending.identifier in snapshots:
                    snapshot_patches.finish(snapshots[pending.identifier], view.applied_password)
                    self._plane.notify()

    def _schedule_rotation(self, database: DBInstance) -> None:
        wait = self._plane.config.seconds(periods.ROTATION.seconds)
        master_secret.schedule_rotation(database, time.time() + wait, ROTATION_DAYS)

    def _server(self, view: View) -> Server:
        if view.identifier not in self.servers:
            return self._fresh(view)
        return self.servers[view.identifier]

    def _fresh(self, view: View) -> Server:
        """Return a server with the settings of now, unless one runs."""
        known = self.servers.get(view.identifier)
        if known is None or not known.running():
            if known is not None:
                known.stop()  # a part of it may be left
            self.servers[view.identifier] = self._make(view.spec, self._root / view.identifier)
        return self.servers[view.identifier]

    def _say(self, view: View, *kinds: events.Kind) -> None:
        with self._database(view) as database:
            if database is not None:
                events.record(database.backend, database, *kinds)

    @contextmanager
    def _database(self, view: View) -> Generator[DBInstance | None]:
        """Hold the lock, and give the DB instance unless it is gone; others learn of the change."""
        with self._plane.lock:
            yield self._plane.backend("rds").databases.get(view.identifier)
            self._plane.notify()


def _begun(view: View) -> list[events.Kind]:
    kinds = {
        "db_instance_class": events.CLASS_STARTED,
        "allocated_storage": events.STORAGE_STARTED,
    }
    found = [kind for name, kind in kinds.items() if name in view.applying]
    if "multi_az" in view.applying:
        multi = view.applying["multi_az"]
        found.append(events.MULTI_AZ_STARTED if multi else events.SINGLE_AZ_STARTED)
    return found


def _ended(view: View) -> list[events.Kind]:
    kinds = {
        "db_instance_class": events.CLASS_FINISHED,
        "allocated_storage": events.STORAGE_FINISHED,
    }
    found = [kind for name, kind in kinds.items() if name in view.applying]
    if "multi_az" in view.applying:
        multi = view.applying["multi_az"]
        found.append(events.MULTI_AZ_FINISHED if multi else events.SINGLE_AZ_FINISHED)
    if modifications.RETENTION in view.applying:
        on = view.applying[modifications.RETENTION]
        found.append(events.BACKUPS_ENABLED if on else events.BACKUPS_DISABLED)
    return found
