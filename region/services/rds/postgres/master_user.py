"""What the master user of a PostgreSQL cluster does for RDS: databases and passwords."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from region.services.rds.postgres.backup import Backup
from region.services.rds.postgres.errors import DatabaseError
from region.services.rds.postgres.settings import SOCKET_NUMBER, ClusterSpec

if TYPE_CHECKING:
    # Imported where it is used: it takes a while, and a region is ready without.
    import psycopg

MAINTENANCE_DATABASE = "postgres"


@dataclass(frozen=True)
class MasterUser:
    """The master user of a running cluster, on the server's own socket."""

    spec: ClusterSpec
    socket_directory: str

    def ensure_database(self, name: str, password: str) -> None:
        """Create database `name`, owned by the master user, unless it exists."""
        from psycopg import sql  # noqa: PLC0415

        with self._connect(password) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if known.fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def set_password(self, old: str, new: str) -> None:
        """Change the master user's password. The new one is sent hashed, as libpq does it."""
        from psycopg import sql  # noqa: PLC0415

        username = self.spec.master_username
        with self._connect(old) as connection:
            hashed = connection.pgconn.encrypt_password(
                new.encode(), username.encode(), b"scram-sha-256"
            ).decode()
            connection.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                    sql.Identifier(username), sql.Literal(hashed)
                )
            )

    @contextlib.contextmanager
    def backup(self, password: str) -> Generator[Backup]:
        """Have the server write whole pages while its files are copied; its label is there afterwards."""
        begun = Backup()
        with self._connect(password) as connection:
            connection.execute("SELECT pg_backup_start('snapshot', true)")
            yield begun
            found = connection.execute("SELECT labelfile FROM pg_backup_stop(false)").fetchone()
            begun.label = str(found[0]) if found else ""

    def accepts(self, password: str) -> bool:
        """Return whether the master user can log in with `password`."""
        try:
            with self._connect(password):
                return True
        except DatabaseError:
            return False

    def _connect(self, password: str) -> psycopg.Connection[tuple[object, ...]]:
        """Log in on the server's own socket, which needs no network."""
        from psycopg import Connection, rows  # noqa: PLC0415
        from psycopg.conninfo import make_conninfo  # noqa: PLC0415
        from psycopg.pq import ConnStatus, PGconn  # noqa: PLC0415

        settings = make_conninfo(
            host=self.socket_directory,
            port=SOCKET_NUMBER,
            user=self.spec.master_username,
            password=password,
            dbname=MAINTENANCE_DATABASE,
            connect_timeout=10,
        )
        # psycopg.connect would look up the name of an abstract socket, as if it were a host's.
        connected = PGconn.connect(settings.encode())
        if connected.status != ConnStatus.OK:
            reason = connected.get_error_message()
            raise DatabaseError(f"Database {self.spec.name} refused a login: {reason}")
        connection = Connection(connected, row_factory=rows.tuple_row)
        connection.autocommit = True
        return connection
