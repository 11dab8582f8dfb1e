"""RDS rotates the master password: the service reads it again when it is refused, and only then."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from music_note import settings

database = pytest.importorskip("music_note.database", reason="run `make revision`")

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

    def connect(self, credentials: tuple[str, str], _timeout_s: float) -> Any:
        if self.broken:
            raise database.DatabaseError({"C": "53300", "M": "too many connections"})
        if credentials[1] != self.password:
            self.refusals += 1
            raise database.DatabaseError({"C": "28P01", "M": "password authentication failed"})
        return Connection()


class Connection:
    def __init__(self) -> None:
        self.lost = False

    def prepare(self, statement: str) -> Any:
        return self

    def run(self, *_statement: str, **_: Any) -> list[list[Any]]:
        if self.lost:
            raise database.InterfaceError("network error")
        return [["a"]]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server()
    monkeypatch.setattr(database.Credentials, "_fetch", server.fetch)
    # Bound methods: a class hands them out as they are, without the instance.
    monkeypatch.setattr(database.Database, "_open", server.connect)
    return server


def pool(connections: int = 1) -> Any:
    return database.Database(
        settings.load({**ENVIRONMENT, "DATABASE_CONNECTIONS": str(connections)})
    )


def test_a_rotated_password_is_read_again(server: Server) -> None:
    service = pool()
    service.connect()
    server.password = "second"
    service.connect()
    assert (server.reads, server.refusals) == (2, 1)
    service.connect()
    assert (server.reads, server.refusals) == (2, 1)


def test_open_connections_survive_a_rotation_and_lost_ones_are_reopened(server: Server) -> None:
    service = pool()
    service.open()
    server.password = "second"
    assert service.password_hash("mina") == "a"
    assert server.reads == 1
    slot = service._slots.get()
    slot.connection.lost = True
    slot._statements = {database.SELECT_HASH: slot.connection}
    service._slots.put(slot)
    assert service.password_hash("mina") == "a"
    assert (server.reads, server.refusals) == (2, 1)


def test_many_rejected_threads_read_the_secret_once(server: Server) -> None:
    service = pool()
    service.connect()
    server.password = "second"
    threads = [threading.Thread(target=service.connect) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.reads == 2


def test_a_secret_with_a_wrong_password_is_not_read_forever(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "password", "unknown to the secret")
    monkeypatch.setattr(database.Credentials, "_fetch", lambda _: ("app_admin", "stale"))
    with pytest.raises(database.DatabaseError, match="28P01"):
        pool().connect()
    assert server.refusals == 2


def test_other_errors_do_not_read_the_secret_again(server: Server) -> None:
    service = pool()
    service.connect()
    server.broken = True
    with pytest.raises(database.DatabaseError, match="53300"):
        service.connect()
    assert server.reads == 1
