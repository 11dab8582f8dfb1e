"""RDS rotates the master password: the service reads it again when it is refused, and only then."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from music_note import settings

database = pytest.importorskip("music_note.database", reason="run `make revision`")
import asyncpg  # noqa: E402

from tests.app.test_service import ENVIRONMENT  # noqa: E402


class Server:
    """A PostgreSQL with one password, and the secret that names it."""

    def __init__(self) -> None:
        self.password = "first"
        self.reads = 0
        self.refusals = 0
        self.broken = False

    def fetch(self) -> tuple[str, str]:
        self.reads += 1
        return "app_admin", self.password

    async def connect(self, *, password: str, **_: Any) -> str:
        await asyncio.sleep(0)
        if self.broken:
            raise asyncpg.TooManyConnectionsError("too many connections")
        if password != self.password:
            self.refusals += 1
            raise asyncpg.InvalidPasswordError("password authentication failed")
        return "connection"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server()
    # A bound method: a class hands it out as it is, without the instance.
    monkeypatch.setattr(database.Credentials, "_fetch", server.fetch)
    monkeypatch.setattr(asyncpg, "connect", server.connect)
    return server


def service() -> Any:
    return database.Database(settings.load(ENVIRONMENT))


def test_a_rotated_password_is_read_again(server: Server) -> None:
    async def scenario() -> None:
        client = service()
        await client.connect()
        server.password = "second"
        await client.connect()
        assert (server.reads, server.refusals) == (2, 1)
        await client.connect()
        assert (server.reads, server.refusals) == (2, 1)

    asyncio.run(scenario())


def test_many_refused_connections_read_the_secret_once(server: Server) -> None:
    async def scenario() -> None:
        client = service()
        await client.connect()
        server.password = "second"
        await asyncio.gather(*(client.connect() for _ in range(8)))
        assert (server.reads, server.refusals) == (2, 8)

    asyncio.run(scenario())


def test_a_secret_with_a_wrong_password_is_not_read_forever(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.password = "unknown to the secret"
    monkeypatch.setattr(database.Credentials, "_fetch", lambda _: ("app_admin", "stale"))
    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(service().connect())
    assert server.refusals == 2


def test_other_errors_do_not_read_the_secret_again(server: Server) -> None:
    server.broken = True
    with pytest.raises(asyncpg.TooManyConnectionsError):
        asyncio.run(service().connect())
    assert server.reads == 1
