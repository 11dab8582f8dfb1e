"""What requests and connections leave to the garbage collector: the real server, real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
import struct
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
from music_note import garbage, passwords, settings

from tests.app.doubles import ENVIRONMENT, Memory

uvicorn = pytest.importorskip("uvicorn", reason="the revision's libraries: run `make revision`")
import uvloop  # noqa: E402
from music_note import connection, web  # noqa: E402

COUNT = 300
FEW = 30
"""Objects that may be collected after COUNT requests: not one for each."""

ADDRESS = "127.0.0.1"
RESET = struct.pack("ii", 1, 0)


@contextlib.contextmanager
def switched_off() -> Generator[None]:
    """No automatic collection: what is there afterwards nothing else has collected."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def serving(work: Callable[[int], object]) -> None:
    """Run `work`, which gets the port, in a thread while the service runs in this one."""
    configuration = settings.load({**ENVIRONMENT, "APP_PORT": "0"})
    memory: Any = Memory({"mina": passwords.hash_password("secret", iterations=2)})
    app = web.create_app(configuration, memory)

    async def run() -> None:
        with socket.create_server((ADDRESS, 0)) as listening:
            server = uvicorn.Server(
                uvicorn.Config(
                    app,
                    http=connection.Connection,
                    ws="none",
                    lifespan="off",
                    log_level="critical",
                    timeout_keep_alive=120,  # a collection takes seconds on a busy computer
                )
            )
            task = asyncio.create_task(server.serve([listening]))
            try:
                await asyncio.to_thread(work, listening.getsockname()[1])
            finally:
                server.should_exit = True
                await task

    uvloop.run(run())


def request(method: str, path: str, form: object = None) -> bytes:
    body = json.dumps(form).encode() if form is not None else b""
    head = f"{method} {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def exchange(client: socket.socket, data: bytes) -> bytes:
    client.sendall(data)
    return client.recv(65536)


REQUESTS = {
    "index page": (request("GET", "/"), b"200"),
    "login": (request("POST", "/login", {"username": "mina", "password": "secret"}), b"200"),
    "wrong password": (request("POST", "/login", {"username": "mina", "password": "x"}), b"401"),
    "not a login": (request("POST", "/login", []), b"400"),
    "no session": (request("GET", "/notes"), b"401"),
    "no such path": (request("GET", "/absent"), b"404"),
    "health check": (request("GET", "/health"), b"200"),
}


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_request_leaves_nothing_to_collect(kind: str) -> None:
    data, status = REQUESTS[kind]
    found: list[int] = []

    def requests(port: int) -> None:
        with socket.create_connection((ADDRESS, port)) as client:
            assert exchange(client, data).startswith(b"HTTP/1.1 " + status)
            with switched_off():
                for _ in range(COUNT):
                    exchange(client, data)
                found.append(gc.collect())

    serving(requests)
    assert found[0] <= FEW


def closed(client: socket.socket) -> None:
    client.close()


def reset(client: socket.socket) -> None:
    """As load balancers close connections to targets."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    client.close()


@pytest.mark.parametrize("end", [closed, reset])
@pytest.mark.parametrize("answered", [True, False], ids=["answered", "gone before"])
def test_a_connection_leaves_nothing_behind(
    end: Callable[[socket.socket], None], answered: bool
) -> None:
    data = REQUESTS["login"][0]

    def visit(port: int) -> None:
        client = socket.create_connection((ADDRESS, port))
        if answered:
            exchange(client, data)
        else:
            client.sendall(data)
        end(client)

    found: list[int] = []

    def visits(port: int) -> None:
        visit(port)  # what is created once
        with switched_off():
            for _ in range(COUNT):
                visit(port)
            deadline = time.monotonic() + 60
            while living() and time.monotonic() < deadline:
                time.sleep(0.05)
            found.extend((living(), gc.collect()))

    serving(visits)
    held, collected = found
    assert held == 0, "held by something, and garbage once that lets go"
    assert collected <= FEW


def living() -> int:
    """How many connections are in memory, whether they are open or not."""
    return sum(isinstance(item, connection.Connection) for item in gc.get_objects())


@pytest.fixture
def collections() -> Iterator[list[tuple[int, int]]]:
    """The automatic collections of a test: generation, and how many objects it has to visit."""
    found: list[tuple[int, int]] = []

    def collecting(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            generation = info["generation"]
            found.append((generation, sum(len(gc.get_objects(n)) for n in range(generation + 1))))

    thresholds = gc.get_threshold()
    garbage.keep_collections_small()
    gc.callbacks.append(collecting)
    yield found
    gc.callbacks.remove(collecting)
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_automatic_collections_are_small(collections: list[tuple[int, int]]) -> None:
    """With many visitors waiting, who are objects that live long enough to be collected last."""

    def crowd(port: int) -> None:
        clients = [socket.create_connection((ADDRESS, port)) for _ in range(200)]
        for client in clients:
            exchange(client, REQUESTS["index page"][0])
        for client in clients:
            client.close()

    serving(crowd)
    assert collections, "200 connections are more objects than a generation takes"
    assert {generation for generation, _ in collections} <= {0, 1}
    # The callback is called when the threshold has been exceeded, with the objects of a few calls.
    assert max(visited for _, visited in collections) <= 2 * garbage.YOUNG * garbage.MIDDLE


def test_the_full_collection_waits_for_a_moment_with_few_connections(
    collections: list[tuple[int, int]],
) -> None:
    connections = garbage.FEW_CONNECTIONS + 1

    async def scenario() -> tuple[int, int]:
        nonlocal connections
        task = asyncio.create_task(garbage.collect_when_idle(0.01, lambda: connections))
        await asyncio.sleep(0.1)
        crowded = len(collections)
        connections = garbage.FEW_CONNECTIONS
        await asyncio.sleep(0.1)
        task.cancel()
        return crowded, len(collections)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(garbage, "RETRY_S", 0.01)
        crowded, idle = asyncio.run(scenario())
    assert all(generation < 2 for generation, _ in collections[:crowded])
    assert any(generation == 2 for generation, _ in collections[crowded:idle])


def test_a_fleet_never_collects_at_the_same_moment() -> None:
    periods = {garbage.period_of(f"i-{number:017x}") for number in range(6)}
    assert len({round(period) for period in periods}) == 6
    assert all(garbage.PERIOD_S <= period <= 2 * garbage.PERIOD_S for period in periods)
