"""PostgreSQL: a pool of connections, with the password from Secrets Manager."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from music_note.settings import Settings

SECRET_TIMEOUT_S = 60

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

UNLIMITED = sys.maxsize


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


class Database:
    """A fixed number of connections, each used by one request at a time.

    They are opened before the service listens: otherwise the first visitor would wait for the secret
    and for a TLS handshake, seconds on a t4g.nano, and everybody queued behind would wait too.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._credentials = Credentials(settings)
        self._pool: asyncpg.Pool | None = None

    async def open(self) -> None:
        """Open every connection now; before anything else.

        An unreachable database is not an error here: connections are opened again when needed.
        """
        most = self._settings.database_connections
        pool = self._pool = asyncpg.create_pool(
            # The pool's own minimum would make an unreachable database an error.
            min_size=0,
            max_size=most,
            max_queries=UNLIMITED,
            max_inactive_connection_lifetime=0,
            connect=lambda _dsn, **options: self.connect(**options),
            reset=_keep_as_it_is,
            command_timeout=TIMEOUT_S,
            # Slightly shorter than ours: otherwise the server would continue to work for a client
            # that has gone.
            server_settings={"statement_timeout": f"{TIMEOUT_S - 1}s"},
        )
        await pool
        try:
            async with contextlib.AsyncExitStack() as held:
                for _ in range(most):
                    connection = await held.enter_async_context(pool.acquire())
                    await connection.fetch(SELECT_HASH, "")
        except FAILURES as error:
            print(f"music-note: no database yet: {reason(error)}", file=sys.stderr)

    async def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            await self._pool.close()

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
        assert self._pool is not None, "open() comes first"  # noqa: S101
        async with self._pool.acquire() as connection:
            try:
                return await connection.fetch(statement, *values)
            except BROKEN as error:
                # The pool opens another one when it needs it. After a timeout it would first wait
                # for the server to confirm that the statement is cancelled.
                with contextlib.suppress(asyncpg.InterfaceError):  # closed already
                    connection.terminate()
                # A statement that timed out would time out again, at the same cost.
                if not repeat or isinstance(error, TimeoutError):
                    raise
        return await self._attempt(statement, values, repeat=False)

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


async def _keep_as_it_is(_connection: object) -> None:
    """Stand in for asyncpg's reset after each use, a query of its own; nothing here needs one."""


def reason(error: Exception) -> str:
    """Return an error's message; a timeout has none, so its name."""
    return str(error) or type(error).__name__
