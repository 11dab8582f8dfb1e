"""The notes on a real PostgreSQL: seeding, the search and the switch of its index."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from music_note import settings

from region.services.rds.postgres.cluster import Cluster
from region.services.rds.postgres.settings import ClusterSpec
from tests.app.doubles import ENVIRONMENT
from tests.region.fakes import HostNetwork

database = pytest.importorskip(
    "music_note.database", reason="the revision's libraries: run `make revision`"
)
from music_note import migration, notes, passwords  # noqa: E402

pytestmark = pytest.mark.region

ADDRESS = "127.78.40.2"
PASSWORD = "not-in-any-log"
VISITORS = 2_000
FLEET = 6


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Cluster]:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port = probe.getsockname()[1]
    directory = tmp_path_factory.mktemp("databases") / "db"
    found = Cluster(
        ClusterSpec("db", ADDRESS, port, master_username="keeper"), directory, HostNetwork()
    )
    found.create(PASSWORD)
    found.start()
    yield found
    found.destroy()


@pytest.fixture
def configured(cluster: Cluster, request: pytest.FixtureRequest, monkeypatch) -> settings.Settings:
    """An empty database, and the service's settings for it."""
    name = request.node.name.lower()[:60]
    cluster.ensure_database(name, PASSWORD)
    monkeypatch.setattr(database.Credentials, "_fetch", lambda _: ("keeper", PASSWORD))
    return settings.load(
        {
            **ENVIRONMENT,
            "DATABASE_HOST": ADDRESS,
            "DATABASE_PORT": str(cluster.spec.port),
            "DATABASE_NAME": name,
            "SEED_USERS": str(VISITORS),
        }
    )


def ask(configured: settings.Settings, statement: str, *parameters: object) -> list[Any]:
    with psycopg.connect(
        host=configured.database_host,
        port=configured.database_port,
        dbname=configured.database_name,
        user="keeper",
        password=PASSWORD,
        sslmode="require",
        autocommit=True,
    ) as connection:
        return connection.execute(statement.encode(), parameters).fetchall()


def indexed(configured: settings.Settings) -> bool:
    rows = ask(configured, "SELECT indexdef FROM pg_indexes WHERE indexname = 'note_by_piece'")
    return bool(rows)


def with_index(configured: settings.Settings, on: bool) -> settings.Settings:
    return dataclasses.replace(configured, search_index=on)


@contextlib.asynccontextmanager
async def opened(configured: settings.Settings, connections: int = 1) -> AsyncGenerator[Any]:
    store = database.Database(dataclasses.replace(configured, database_connections=connections))
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def using(configured: settings.Settings, work: Callable[[Any], Awaitable[Any]]) -> Any:
    """Run `work` with the service's own database."""

    async def run() -> Any:
        async with opened(configured) as store:
            return await work(store)

    return asyncio.run(run())


async def plan(store: Any, prefix: str) -> str:
    """How the server runs a search, as the service's own prepared statement."""
    rows = await store.run("EXPLAIN " + notes.SELECT_FOUND, prefix, "", 0, notes.LIMIT_DEFAULT)
    return "\n".join(row[0] for row in rows)


def test_many_instances_migrate_at_once_and_the_index_setting_is_applied(configured):
    for on in (True, False, True):
        with ThreadPoolExecutor(FLEET) as instances:
            said = set(instances.map(migration.migrate, [with_index(configured, on)] * FLEET))
        assert indexed(configured) is on
        word = "with" if on else "without"
        total = VISITORS * migration.NOTES_PER_VISITOR
        assert said == {
            f"{VISITORS} visitors and {total} notes in the database, {word} a search index"
        }
    per_visitor = ask(configured, "SELECT DISTINCT count(*) FROM note GROUP BY owner")
    assert per_visitor == [(migration.NOTES_PER_VISITOR,)]
    statistics = "SELECT reltuples FROM pg_class WHERE relname = 'note'"
    assert ask(configured, statistics) == [(total,)], "the planner knows nothing of the seeded rows"


def test_visitors_added_later_get_notes_and_nobody_gets_them_twice(configured):
    migration.migrate(dataclasses.replace(configured, seed_users=10))
    ask(configured, "INSERT INTO note (owner, piece, body) VALUES ('visitor-000003', 'x', 'y')"
        " RETURNING id")  # fmt: skip
    migration.migrate(dataclasses.replace(configured, seed_users=15))
    migration.migrate(dataclasses.replace(configured, seed_users=5))
    counts = dict(ask(configured, "SELECT owner, count(*) FROM note GROUP BY owner"))
    each = migration.NOTES_PER_VISITOR
    expected = {f"visitor-{n:06d}": each for n in range(1, 16)} | {"visitor-000003": each + 1}
    assert counts == expected
    stored = [row[0] for row in ask(configured, "SELECT password_hash FROM visitor")]
    assert len(stored) == 15
    assert all(passwords.verify(migration.DEMO_PASSWORD, one) for one in set(stored))


def test_another_algorithm_or_cost_of_the_demo_password_replaces_its_hashes(configured):
    def hashes() -> set[str]:
        return {row[0] for row in ask(configured, "SELECT password_hash FROM visitor")}

    few = dataclasses.replace(configured, seed_users=5)
    migration.migrate(few)
    first = hashes()
    migration.migrate(few)
    assert hashes() == first, "nothing to replace"
    ask(configured, "UPDATE visitor SET password_hash = 'pbkdf2_sha256$2$salt$x' RETURNING 1")
    migration.migrate(few)
    (second,) = hashes()
    assert second.startswith("pbkdf2_sha512$2$")
    migration.migrate(dataclasses.replace(few, password_iterations=3))
    (third,) = hashes()
    assert third.startswith("pbkdf2_sha512$3$")
    assert passwords.verify(migration.DEMO_PASSWORD, third)


def test_the_search_uses_the_index_and_finds_the_same_without(configured):
    prefix = "chopin, étude"

    async def everything(store: Any, limit: int) -> list[dict[str, Any]]:
        found = notes.Notes(store)
        page = await found.search(prefix, limit, None)
        listed = list(page.notes)
        while page.after is not None:
            page = await found.search(prefix, limit, page.after)
            listed += page.notes
        return listed

    async def indexed_search(store: Any) -> list[dict[str, Any]]:
        # Often enough for the server to turn to a generic plan, if it wants to.
        listed = [await everything(store, 7) for _ in range(3)]
        assert "Index Scan using note_by_piece" in await plan(store, prefix)
        return listed[-1]

    async def plain_search(store: Any) -> list[dict[str, Any]]:
        assert "Seq Scan on note" in await plan(store, prefix)
        return await everything(store, 50)

    migration.migrate(with_index(configured, True))
    fast = using(configured, indexed_search)
    migration.migrate(with_index(configured, False))
    assert using(configured, plain_search) == fast
    sql = "SELECT count(*) FROM note WHERE piece ILIKE 'chopin, étude%%'"
    assert ask(configured, sql) == [(len(fast),)]
    assert len(fast) > 7
    assert len({note["id"] for note in fast}) == len(fast)
    keys = [note["piece"].lower().encode() for note in fast]
    assert keys == sorted(keys)


def test_notes_are_written_listed_and_read(configured):
    migration.migrate(dataclasses.replace(configured, seed_users=3))

    async def visit(store: Any) -> None:
        found = notes.Notes(store)
        made = await found.create("visitor-000002", "100% _wild_", "'; DROP TABLE note; --")
        assert await found.read(made["id"]) == made
        assert await found.read(made["id"] + 1) is None
        first = await found.own("visitor-000002", 2, None)
        assert first.notes[0]["id"] == made["id"]
        rest = await found.own("visitor-000002", 50, first.after)
        listed = [note["id"] for note in (*first.notes, *rest.notes)]
        assert listed == sorted(listed, reverse=True)
        assert len(listed) == migration.NOTES_PER_VISITOR + 1
        assert rest.after is None
        assert [note["id"] for note in (await found.search("100% _", 5, None)).notes] == [
            made["id"]
        ]
        assert (await found.search("100_", 5, None)).notes == []

    using(configured, visit)


CONNECTIONS = """
FROM pg_stat_activity WHERE application_name LIKE 'music%%'
"""
END = f"SELECT pg_terminate_backend(pid) {CONNECTIONS}"


def test_every_connection_is_opened_at_the_start_and_encrypted(configured):
    migration.migrate(dataclasses.replace(configured, seed_users=1))

    async def scenario() -> None:
        async with opened(configured, 3) as store:
            there = await asyncio.to_thread(ask, configured, f"SELECT count(*) {CONNECTIONS}")
            assert there == [(3,)]
            # Seen from here: the server has its encryption before it.
            connection = store._idle.get_nowait()
            assert connection._transport.get_extra_info("cipher")
            store._idle.put_nowait(connection)

    asyncio.run(scenario())


def test_a_connection_that_ended_between_statements_is_replaced(configured):
    migration.migrate(dataclasses.replace(configured, seed_users=1))

    async def visit(store: Any) -> None:
        found = notes.Notes(store)
        await asyncio.to_thread(ask, configured, END)
        assert (await found.own("visitor-000001", 1, None)).notes
        await asyncio.to_thread(ask, configured, END)
        await asyncio.sleep(0.2)  # a note is not sent twice, so the end has to be known
        assert await found.create("visitor-000001", "piece", "text")

    using(configured, visit)


@pytest.mark.parametrize("repeat", [True, False])
def test_a_broken_statement_is_sent_again_if_allowed(configured, repeat):
    migration.migrate(dataclasses.replace(configured, seed_users=1))
    # The first attempt waits until it is interrupted.
    slow = "SELECT pg_sleep(CASE nextval('attempt') WHEN 1 THEN 30 ELSE 0 END)"
    running = f"SELECT 1 {CONNECTIONS} AND state = 'active'"

    async def interrupted(store: Any) -> list[Any]:
        await store.run("CREATE SEQUENCE attempt")
        statement = asyncio.create_task(store.run(slow, repeat=repeat))
        while not await asyncio.to_thread(ask, configured, running):
            await asyncio.sleep(0.02)
        await asyncio.to_thread(ask, configured, END)
        return await asyncio.gather(statement, return_exceptions=True)

    (found,) = using(configured, interrupted)
    assert isinstance(found, database.UnavailableError) is not repeat
    assert ask(configured, "SELECT last_value FROM attempt") == [(2 if repeat else 1,)]


def test_a_database_that_is_away_is_no_error_at_the_start_and_used_once_it_is_there(
    configured, capsys
):
    migration.migrate(dataclasses.replace(configured, seed_users=1))
    with socket.socket() as unused:
        unused.bind((ADDRESS, 0))
        away = dataclasses.replace(configured, database_port=unused.getsockname()[1])

        async def scenario(store: Any) -> None:
            assert "no database yet" in capsys.readouterr().err
            with pytest.raises(database.UnavailableError):
                await store.run("SELECT 1")
            store._settings = configured
            assert [tuple(row) for row in await store.run("SELECT 1")] == [(1,)]

        using(away, scenario)


def test_a_rotated_password_is_read_again_and_used(configured, monkeypatch):
    """With a real server: what it refuses is an SQLSTATE, and after TLS."""
    migration.migrate(dataclasses.replace(configured, seed_users=1))
    known = iter([("keeper", "outdated"), ("keeper", PASSWORD)])
    monkeypatch.setattr(database.Credentials, "_fetch", lambda _: next(known))

    async def visit(store: Any) -> None:
        assert await store.password_hash("visitor-000001")

    using(configured, visit)
    assert next(known, None) is None


def test_a_slow_statement_is_cancelled_on_the_server(configured, monkeypatch):
    migration.migrate(dataclasses.replace(configured, seed_users=1))
    monkeypatch.setattr(database, "TIMEOUT_S", 2)

    async def visit(store: Any) -> None:
        with pytest.raises(database.UnavailableError, match="statement timeout"):
            await store.run("SELECT pg_sleep(30)")
        assert [tuple(row) for row in await store.run("SELECT 1")] == [(1,)]

    using(configured, visit)


def test_a_server_that_does_not_respond_is_given_up_and_its_connection_replaced(
    configured, monkeypatch
):
    migration.migrate(dataclasses.replace(configured, seed_users=1))
    monkeypatch.setattr(database, "TIMEOUT_S", 2)

    async def visit(store: Any) -> None:
        await store.run("SET statement_timeout = 0")
        before = await store.run("SELECT pg_backend_pid()")
        with pytest.raises(database.UnavailableError, match="TimeoutError"):
            await store.run("SELECT pg_sleep(30)")
        assert await store.run("SELECT pg_backend_pid()") != before

    using(configured, visit)
