"""PostgreSQL: a connection pool, with the password from Secrets Manager."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from typing import Any

from pg8000.exceptions import DatabaseError, InterfaceError
from pg8000.native import Connection

from music_note.settings import Settings

SECRET_TIMEOUT_S = 60
INVALID_PASSWORD = "28P01"  # noqa: S105
"""SQLSTATE `invalid_password`: the secret has been rotated since it was read."""

SELECT_HASH = "SELECT password_hash FROM visitor WHERE username = :name"
SELECT_SESSION_KEY = "SELECT value FROM setting WHERE name = 'session_key'"

TIMEOUT_S = 10
"""How long a statement may take; no visitor waits longer either."""

OUT_OF_SERVICE = ("08", "53", "57")
"""SQLSTATE classes: connection lost, no resources, cancelled by the operator or by a timeout."""

CONNECTION_ENDED = "57P"
"""Prefix of the SQLSTATEs with which a server closes connections, for example before a failover."""


class UnavailableError(Exception):
    """The database does not respond at the moment; the request can be retried later."""


class Credentials:
    """User and password of the database, read from Secrets Manager when first needed.

    RDS rotates a managed master password every seven days, so they are read again after a failed
    login.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._value: tuple[str, str] | None = None

    def get(self, *, refused: tuple[str, str] | None = None) -> tuple[str, str]:
        """Return user and password; fetch them again if the cached ones were `refused`."""
        with self._lock:
            if self._value is None or self._value == refused:
                self._value = self._fetch()
            return self._value

    def _fetch(self) -> tuple[str, str]:
        # The AWS CLI is part of Amazon Linux 2023; an SDK would be larger than the service.
        answer = subprocess.run(
            [
                *("aws", "secretsmanager", "get-secret-value", "--output", "text"),
                *("--region", self._settings.aws_region, "--query", "SecretString"),
                *("--secret-id", self._settings.database_secret_arn),
            ],
            capture_output=True,
            text=True,
            timeout=SECRET_TIMEOUT_S,
            check=False,
        )
        if answer.returncode:
            raise RuntimeError(f"cannot read the database's secret: {answer.stderr.strip()}")
        secret = json.loads(answer.stdout)
        return secret["username"], secret["password"]


class Slot:
    """A place in the pool: one connection and its prepared statements."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self._statements: dict[str, Any] = {}

    def prepared(self, statement: str) -> Any:
        """Return the prepared statement; the server parses it once per connection."""
        assert self.connection is not None  # noqa: S101
        if statement not in self._statements:
            self._statements[statement] = self.connection.prepare(statement)
        return self._statements[statement]

    def drop(self) -> None:
        """Discard a broken connection."""
        self.connection = None
        self._statements = {}


class Database:
    """A fixed number of connections, each used by one thread at a time.

    They are opened before the service listens: otherwise the first visitor would wait for the secret
    and for a TLS handshake, seconds on a t4g.nano, and everybody queued behind would wait too.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._credentials = Credentials(settings)
        self._slots: queue.LifoQueue[Slot] = queue.LifoQueue()
        for _ in range(settings.database_connections):
            self._slots.put(Slot())

    def open(self) -> None:
        """Open every connection now.

        An unreachable database is not an error here: connections are opened again when needed.
        """
        opened: list[Slot] = []
        try:
            for _ in range(self._settings.database_connections):
                opened.append(self._slots.get())
                self._connected(opened[-1]).prepared(SELECT_HASH)
        except (InterfaceError, DatabaseError, OSError) as error:
            print(f"music-note: no database yet: {error}", file=sys.stderr)
        finally:
            for slot in opened:
                self._slots.put(slot)

    def password_hash(self, username: str) -> str | None:
        """Return the stored hash of a visitor, or None if there is no such visitor."""
        rows = self.run(SELECT_HASH, name=username)
        return rows[0][0] if rows else None

    def session_key(self) -> str:
        """Return the key that signs sessions; it is the same on every instance."""
        return self.run(SELECT_SESSION_KEY)[0][0]

    def run(self, statement: str, *, repeat: bool = True, **parameters: Any) -> list[list[Any]]:
        """Run one statement; replace a connection that has broken since its last use once.

        With `repeat` False the statement is not sent again: it may already have been executed.

        Raises:
            UnavailableError: The database is unreachable or did not respond in time.
        """
        slot = self._slots.get()
        try:
            return self._attempt(slot, statement, parameters, repeat=repeat)
        except (InterfaceError, OSError) as error:
            raise UnavailableError(f"no database: {error}") from error
        except DatabaseError as error:
            state = _sqlstate(error)
            if state.startswith(CONNECTION_ENDED):
                slot.drop()
            if not state.startswith(OUT_OF_SERVICE):
                raise
            raise UnavailableError(f"the database gave up: {_message(error)}") from error
        finally:
            self._slots.put(slot)

    def _attempt(
        self, slot: Slot, statement: str, parameters: dict[str, Any], *, repeat: bool
    ) -> list[list[Any]]:
        was_used = slot.connection is not None
        try:
            return self._connected(slot).prepared(statement).run(**parameters)
        except (InterfaceError, OSError) as error:
            slot.drop()
            # A statement that timed out would time out again, at the same cost.
            if not (was_used and repeat) or isinstance(error.__cause__ or error, TimeoutError):
                raise
        return self._connected(slot).prepared(statement).run(**parameters)

    def _connected(self, slot: Slot) -> Slot:
        if slot.connection is None:
            slot.connection = self.connect()
            # The server's timeout is slightly shorter than ours: otherwise it would continue to work
            # for a client that has gone.
            slot.connection.run(f"SET statement_timeout = '{TIMEOUT_S - 1}s'")
        return slot

    def connect(self, timeout_s: float = TIMEOUT_S) -> Connection:
        """Open a connection whose statements may take `timeout_s` seconds."""
        credentials = self._credentials.get()
        try:
            return self._open(credentials, timeout_s)
        except DatabaseError as error:
            if _sqlstate(error) != INVALID_PASSWORD:
                raise
        return self._open(self._credentials.get(refused=credentials), timeout_s)

    def _open(self, credentials: tuple[str, str], timeout_s: float) -> Connection:
        user, password = credentials
        # Without `ssl_context` pg8000 acts like libpq's sslmode=prefer: encrypted if the server can.
        # That RDS accepts nothing else is a setting of the server (`rds.force_ssl`).
        return Connection(
            user,
            password=password,
            host=self._settings.database_host,
            port=self._settings.database_port,
            database=self._settings.database_name,
            timeout=timeout_s,
            application_name=f"music-note {self._settings.instance_id}",
        )


def _sqlstate(error: DatabaseError) -> str:
    details = error.args[0] if error.args else {}
    return details.get("C", "") if isinstance(details, dict) else ""


def _message(error: DatabaseError) -> str:
    details = error.args[0] if error.args else {}
    return str(details.get("M", "")) if isinstance(details, dict) else str(details)
