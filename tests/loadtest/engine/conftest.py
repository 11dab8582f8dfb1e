"""A server that misbehaves as planned, for the tests that run real Artillery."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Self

import pytest

from loadtest.analysis import host_conditions
from loadtest.analysis.host_conditions import HostLimits

ANSWER = (
    b"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"
    b"X-App-Version: 0123456789ab\r\nX-Instance-Id: i-0a\r\n"
    b"X-Availability-Zone: ap-northeast-2a\r\n"
    b"\r\nok"
)


@pytest.fixture(autouse=True)
def a_quiet_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else runs beside these tests: they are about requests, not about the computer."""
    anything = HostLimits(foreign=1e9, stolen=1e9, exhausted_s=1e9, throttled_s=1e9, watched=0.0)
    monkeypatch.setattr(host_conditions, "LIMITS", anything)


class Oracle:
    """Serves 127.79.0.x. `plan` maps the ordinal of a request (from 1) to what to do with it:

    `503`, `302` (to the same place), `hang` (no answer, ever), `reset` (RST after the request was
    read), `stall` (headers, then nothing); everything else is answered 200.
    """

    def __init__(self, plan: dict[int, str] | None = None, address: str = "127.79.0.10") -> None:
        self._plan = plan or {}
        self._lock = threading.Lock()
        self._count = 0
        self._open: list[socket.socket] = []
        self.did: Counter[str] = Counter()
        self.bodies: list[bytes] = []
        self.used: set[socket.socket] = set()
        """Connections that requests of the plan came over."""
        self._listener = socket.create_server((address, 0), backlog=4096)
        self.url = f"http://{address}:{self._listener.getsockname()[1]}"
        self._closing = False

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.close()

    def _accept(self) -> None:
        while not self._closing:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while (request := self._read(connection)) is not None:
                if request.startswith(b"GET /health "):
                    # The availability probe: not a request of the plan.
                    connection.sendall(ANSWER % b"200 OK")
                    continue
                with self._lock:
                    self._count += 1
                    self.used.add(connection)
                    action = self._plan.get(self._count, "200")
                    self.did[action] += 1
                    self.bodies.append(request.partition(b"\r\n\r\n")[2])
                if not self._act(connection, action):
                    return

    @staticmethod
    def _read(connection: socket.socket) -> bytes | None:
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = connection.recv(65536)
            if not chunk:
                return None
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            ),
            0,
        )
        while len(body) < length:
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body

    def _act(self, connection: socket.socket, action: str) -> bool:
        match action:
            case "hang":
                while not self._closing:
                    time.sleep(0.2)
            case "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
                return False
            case "stall":
                connection.sendall(ANSWER.replace(b"ok", b"") % b"200 OK")
                while not self._closing:
                    time.sleep(0.2)
            case "302":
                found = ANSWER.replace(b"\r\n\r\n", b"\r\nLocation: /\r\n\r\n")
                connection.sendall(found % b"302 Found")
            case "503":
                connection.sendall(ANSWER % b"503 Service Unavailable")
            case _:
                connection.sendall(ANSWER % b"200 OK")
        return True


@pytest.fixture
def oracle() -> Iterator[Callable[[dict[int, str]], Oracle]]:
    """Starts servers that misbehave as planned; all are closed when the test ends."""
    with contextlib.ExitStack() as stack:
        yield lambda plan: stack.enter_context(Oracle(plan))
