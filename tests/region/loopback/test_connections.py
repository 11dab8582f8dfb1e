"""No client takes the threads and descriptors of all others."""

from __future__ import annotations

import resource
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import HTTPServer

import pytest

from commandline.errors import UserError
from region.api.server import ControlPlane
from region.loopback import connections
from region.loopback.connections import LimitedConnections, TimedRequests, raise_descriptor_limit
from region.machines.listener import Listener
from tests.region.builders import until

MOST = 3
HELD = threading.Event()


class Handler(TimedRequests):
    timeout = 1

    def do_POST(self) -> None:  # noqa: N802 - the name that the base class looks up
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/hold":
            HELD.wait(10)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Server(LimitedConnections, HTTPServer):
    pass


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(connections, "PER_COMPUTER", MOST)
    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_port
        server.shutdown()


def status(port: int, source: str = "127.0.0.1", path: str = "/") -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=5, source_address=(source, 0))
    try:
        connection.request("POST", path, b"x")
        return connection.getresponse().status
    finally:
        connection.close()


def half_open(port: int) -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", port), timeout=5)
    opened.sendall(b"GET / HT")
    return opened


def ended(opened: socket.socket) -> bool:
    try:
        while opened.recv(1000):
            pass
    except ConnectionResetError:
        return True
    return True


def test_a_source_has_its_share_and_others_have_theirs(port: int) -> None:
    held = [half_open(port) for _ in range(MOST)]
    assert status(port, "127.0.0.2") == 204
    assert not _readable(held)
    # Whoever shares the address takes the place of the one that has sent nothing for longest.
    assert status(port) == 204
    _one_has_ended(held)
    assert [status(port) for _ in range(10)] == [204] * 10
    for one in held:
        one.close()


def _one_has_ended(held: list[socket.socket]) -> None:
    """Which one has waited for longest, the threads of the region know."""
    until(lambda: len(_readable(held)) == 1)
    assert all(map(ended, _readable(held)))


def _readable(connections: list[socket.socket]) -> list[socket.socket]:
    return select.select(connections, [], [], 0.1)[0]


def test_a_source_all_of_whose_requests_are_served_has_to_wait(port: int) -> None:
    HELD.clear()
    held = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(MOST)]
    for one in held:
        one.sendall(b"POST /hold HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
    time.sleep(0.3)
    assert ended(half_open(port))
    assert status(port, "127.0.0.2") == 204
    HELD.set()
    assert [one.recv(12) for one in held] == [b"HTTP/1.0 204"] * MOST
    for one in held:
        one.close()


@pytest.mark.parametrize("start", [b"", b"POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\n"])
def test_a_request_that_arrives_byte_by_byte_is_given_up(port: int, start: bytes) -> None:
    opened = socket.create_connection(("127.0.0.1", port), timeout=5)
    opened.sendall(start)
    with pytest.raises(OSError, match=r"Broken pipe|reset"):
        _dribble(opened)


def _dribble(opened: socket.socket) -> None:
    for _ in range(100):
        opened.sendall(b"x")
        time.sleep(0.1)


def test_the_api_gives_each_source_its_share(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "PER_COMPUTER", MOST)
    held = [half_open(plane.port) for _ in range(MOST)]
    assert status(plane.port, "127.0.0.2") == 403  # unsigned, but answered
    assert status(plane.port) == 403
    _one_has_ended(held)
    held += [half_open(plane.port) for _ in range(5 * MOST)]
    until(lambda: _threads() == MOST)
    for one in held:
        one.close()


def _threads() -> int:
    return len([t for t in threading.enumerate() if "process_request_thread" in t.name])


class Loopback:
    """Stands in for the region's network."""

    def __init__(self) -> None:
        self.ports: list[int] = []

    def listen(self, address: str, port: int) -> socket.socket:
        made = socket.create_server(("127.0.0.1", 0))
        self.ports.append(made.getsockname()[1])
        return made


def test_metadata_and_commands_give_each_instance_its_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "PER_COMPUTER", MOST)
    network, listener = Loopback(), Listener(lambda _: None)
    listener.start(network)
    try:
        for port, refused in zip(network.ports, (404, 403), strict=True):
            held = [half_open(port) for _ in range(MOST)]
            assert status(port, "127.0.0.2") == refused
            assert status(port) == refused
            _one_has_ended(held)
            for one in held:
                one.close()
    finally:
        listener.close()


def test_a_regions_process_may_open_as_many_files_as_it_may_allow_itself() -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    program = (
        "import resource; from region.loopback.connections import raise_descriptor_limit;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(7)[1]));"
        "raise_descriptor_limit(); print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == most


def test_too_few_open_files_are_refused_with_the_limit_to_raise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 1024))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    with pytest.raises(
        UserError, match=r"need up to 4,096 open files, and this shell allows 1,024: raise"
    ):
        raise_descriptor_limit()
    set_to = list[object]()
    monkeypatch.setattr(resource, "setrlimit", lambda *given: set_to.append(given[1]))
    raise_descriptor_limit()
    assert set_to == [(4096, 4096)]
