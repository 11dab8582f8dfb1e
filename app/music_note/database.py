"""PostgreSQL: a pool of connections, with the password from Secrets Manager."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from music_note import secret
from music_note.settings import Settings

SELECT_HASH = "SELECT password_hash FROM visitor WHERE username = $1"
SELECT_SESSION_KEY = "SELECT value FROM setting WHERE name = 'session_key'"

TIMEOUT_S = 10
"""How long a statement may take; no visitor waits longer either."""

OUT_OF_SERVICE = ("08", "53", "57")
"""SQLSTATE classes: connection lost, no resources, cancelled by the operator or by a timeout."""

UNREACHABLE = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What asyncpg raises without a word from the server. A timeout is an OSError; an InternalClientError
comes of a connection that the server has just given notice to."""

FAILURES = (asyncpg.PostgresError, *UNREACHABLE)
"""What connecting and statements raise."""

BROKEN = (
    *(asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError, asyncpg.CrashShutdownError),
    *UNREACHABLE,
)
"""Those after which a connection is of no more use, as at a failover."""


class UnavailableError(Exception):
    """The database does not respond at the moment; the request can be retried later."""


class Credentials:
    """User and password of the database, read from Secrets Manager when first needed.

    RDS rotates a managed master password every seven days, so they are read again after a failed
    login.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = asyncio.Lock()
        self._value: tuple[str, str] | None = None

    async def get(self, *, refused: tuple[str, str] | None = None) -> tuple[str, str]:
        """Return user and password; fetch them again if the cached ones were `refused`."""
        async with self._lock:
            if self._value is None or self._value == refused:
                self._value = await asyncio.to_thread(self._fetch)
            return self._value

    def _fetch(self) -> tuple[str, str]:
        try:
            found = secret.read(self._settings.aws_region, self._settings.database_secret_arn)
            return found["username"], found["password"]
        except (secret.SecretError, KeyError) as error:
            raise RuntimeError(f"cannot read the database's secret: {error}") from error


class Database:
    """A fixed number of connections, each used by one request at a time.

    They are opened before the service listens: otherwise the first visitor would wait for the secret
    and for a TLS handshake, seconds on a t4g.nano, and everybody queued behind would wait too.

    Not asyncpg's pool: it starts a task whenever a connection is returned, which costs about as much
    CPU as the query.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._credentials = Credentials(settings)
        self._idle: asyncio.LifoQueue[asyncpg.Connection | None] = asyncio.LifoQueue()
        for _ in range(settings.database_connections):
            self._idle.put_nowait(None)

    async def open(self) -> None:
        """Open every connection now, before anything is run.

        An unreachable database is not an error here: connections are opened again when needed.
        """
        opened = [self._idle.get_nowait() for _ in range(self._settings.database_connections)]
        try:
            for place in range(len(opened)):
                connection = opened[place] = await self._connect()
                await connection.fetch(SELECT_HASH, "")
        except FAILURES as error:
            print(f"music-note: no database yet: {reason(error)}", file=sys.stderr)
        finally:
            for connection in opened:
                self._idle.put_nowait(connection)

    async def close(self) -> None:
        """Close every connection, after everything has run."""
        while not self._idle.empty():
            connection = self._idle.get_nowait()
            if connection is not None:
                await connection.close()

    async def password_hash(self, username: str) -> str | None:
        """Return the stored hash of a visitor, or None if there is no such visitor."""
        rows = await self.run(SELECT_HASH, username)
        return rows[0][0] if rows else None

    async def session_key(self) -> str:
        """Return the key that signs sessions; it is the same on every instance."""
        return (await self.run(SELECT_SESSION_KEY))[0][0]

    async def run(
        self, statement: str, *values: Any, repeat: bool = True
    ) -> Sequence[Sequence[Any]]:
        """Run one statement; replace a connection that breaks meanwhile once.

        With `repeat` False the statement is not sent again: it may already have been executed.

        Raises:
            UnavailableError: The database is unreachable or did not respond in time.
        """
        try:
            return await self._attempt(statement, values, repeat=repeat)
        except UNREACHABLE as error:
            raise UnavailableError(f"no database: {reason(error)}") from error
        except asyncpg.PostgresError as error:
            if not str(getattr(error, "sqlstate", "")).startswith(OUT_OF_SERVICE):
                raise
            raise UnavailableError(f"the database gave up: {error}") from error

    async def _attempt(
        self, statement: str, values: Sequence[Any], *, repeat: bool
    ) -> Sequence[Sequence[Any]]:
        connection = await self._idle.get()
        try:
            if connection is None or connection.is_closed():
                connection = await self._connect()
            try:
                return await connection.fetch(statement, *values)
            except BROKEN as error:
                connection.terminate()
                # A statement that timed out would time out again, at the same cost.
                if not repeat or isinstance(error, TimeoutError):
                    raise
        finally:
            self._idle.put_nowait(connection)
        return await self._attempt(statement, values, repeat=False)

    async def _connect(self) -> asyncpg.Connection:
        # The server's timeout is slightly shorter than ours: otherwise it would continue to work
        # for a client that has gone.
        timeout = {"statement_timeout": f"{TIMEOUT_S - 1}s"}
        return await self.connect(command_timeout=TIMEOUT_S, server_settings=timeout)

    async def connect(
        self, *, server_settings: Mapping[str, str] | None = None, **options: Any
    ) -> asyncpg.Connection:
        """Open a connection with asyncpg's `options`; read the secret again if it is outdated."""
        named = {"application_name": f"music-note {self._settings.instance_id}"}
        options["server_settings"] = named | dict(server_settings or {})
        credentials = await self._credentials.get()
        try:
            return await self._open(credentials, **options)
        except asyncpg.InvalidPasswordError:
            credentials = await self._credentials.get(refused=credentials)
        return await self._open(credentials, **options)

    async def _open(self, credentials: tuple[str, str], **options: Any) -> asyncpg.Connection:
        user, password = credentials
        return await asyncpg.connect(
            user=user,
            password=password,
            host=self._settings.database_host,
            port=self._settings.database_port,
            database=self._settings.database_name,
            # Encrypted if the server can. That RDS accepts nothing else is a setting of the server
            # (`rds.force_ssl`).
            ssl="prefer",
            timeout=TIMEOUT_S,
            # A prepared statement is kept as long as its connection.
            max_cached_statement_lifetime=0,
            **options,
        )


def reason(error: Exception) -> str:
    """Return an error's message; a timeout has none, so its name."""
    return str(error) or type(error).__name__
