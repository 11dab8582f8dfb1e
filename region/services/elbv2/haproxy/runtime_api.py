"""HAProxy's runtime API (the stats socket): commands and statistics."""

from __future__ import annotations

import csv
import io
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from region.services.elbv2.haproxy.errors import LoadBalancerError

TIMEOUT = 5.0
_RESPONSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
_FRONTENDS_AND_SERVERS = "show stat -1 5 -1"
_AT_ONCE = 40
"""So many commands fit one line of the runtime API (16 KiB) for sure."""


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One server of one backend in `show stat`."""

    backend: str
    server: str
    status: str
    check_status: str
    check_code: str
    sessions: int
    requests: int
    responses: tuple[tuple[str, int], ...]
    weight: int = 1
    connection_errors: int = 0

    @property
    def up(self) -> bool:
        """Whether HAProxy's health check counts it as up, draining or not."""
        return self.status.startswith(("UP", "DRAIN", "NOLB"))


@dataclass(frozen=True, slots=True)
class ListenerRow:
    """One frontend in `show stat`: its connections, and the bytes of both directions."""

    name: str
    current: int
    connections: int
    denied: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """What `show stat` tells."""

    servers: tuple[ServerRow, ...]
    listeners: tuple[ListenerRow, ...]


class RuntimeApi:
    """Client of one HAProxy process. Each call is one connection, bounded by TIMEOUT seconds."""

    def __init__(self, path: Path) -> None:
        """Use the stats socket at `path`."""
        self.path = path

    def query(self, command: str) -> str:
        """Return the answer to `command`.

        Raises:
            LoadBalancerError: If the process does not answer.
        """
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(TIMEOUT)
                connection.connect(str(self.path))
                connection.sendall(command.encode() + b"\n")
                connection.shutdown(socket.SHUT_WR)
                parts: list[bytes] = []
                while part := connection.recv(65536):
                    parts.append(part)
        except OSError as error:
            raise LoadBalancerError(f"HAProxy does not answer on {self.path}: {error}.") from error
        return b"".join(parts).decode(errors="replace").strip()

    def execute(self, command: str, expected: str = "") -> None:
        """Run a command that should answer `expected` (by default nothing).

        Raises:
            LoadBalancerError: If it answers anything else, or not at all.
        """
        answer = self.query(command)
        if answer != expected:
            raise LoadBalancerError(f"HAProxy refused {command!r}: {answer}")

    def execute_all(self, commands: Sequence[str]) -> None:
        """Run commands that answer nothing, many at a time.

        Raises:
            LoadBalancerError: If one of them answers something.
        """
        for start in range(0, len(commands), _AT_ONCE):
            some = commands[start : start + _AT_ONCE]
            if answer := self.query("; ".join(some)):
                raise LoadBalancerError(f"HAProxy refused one of {some}: {answer}")

    def statistics(self) -> Statistics:
        """Read the statistics of every server and frontend."""
        rows = list(_rows(self.query(_FRONTENDS_AND_SERVERS)))
        servers = [_server(row) for row in rows if row["svname"] not in {"FRONTEND", "BACKEND"}]
        listeners = [_listener(row) for row in rows if row["svname"] == "FRONTEND"]
        return Statistics(tuple(servers), tuple(listeners))


_WANTED = (
    *(
        "pxname",
        "svname",
        "scur",
        "stot",
        "bin",
        "bout",
        "dreq",
        "dcon",
        "econ",
        "status",
        "weight",
    ),
    *("check_status", "check_code", "conn_tot", *(f"hrsp_{name}" for name in _RESPONSES)),
)


def _rows(text: str) -> Iterator[dict[str, str]]:
    """Yield the wanted columns of each row; there are a hundred of them."""
    reader = csv.reader(io.StringIO(text.removeprefix("# ")))
    head = next(reader, [])
    places = [(name, head.index(name)) for name in _WANTED if name in head]
    for row in reader:
        if len(row) >= len(places):
            yield {name: row[place] for name, place in places}


def _server(row: dict[str, str]) -> ServerRow:
    return ServerRow(
        backend=row["pxname"],
        server=row["svname"],
        status=row["status"],
        check_status=row["check_status"].removeprefix("* "),
        check_code=row["check_code"],
        sessions=_number(row["scur"]),
        requests=_number(row["stot"]),
        responses=tuple((name, _number(row[f"hrsp_{name}"])) for name in _RESPONSES),
        weight=_number(row["weight"]),
        connection_errors=_number(row["econ"]),
    )


def _listener(row: dict[str, str]) -> ListenerRow:
    return ListenerRow(
        name=row["pxname"],
        current=_number(row["scur"]),
        connections=_number(row.get("conn_tot") or row["stot"]),
        denied=_number(row["dcon"]),
        bytes=_number(row["bin"]) + _number(row["bout"]),
    )


def _number(text: str) -> int:
    return int(text) if text else 0
