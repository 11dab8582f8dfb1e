"""HAProxy's runtime API (the stats socket): commands and statistics."""

from __future__ import annotations

import csv
import io
import socket
from dataclasses import dataclass
from pathlib import Path

from region.services.elbv2.haproxy.model import LoadBalancerError

TIMEOUT = 5.0
_RESPONSES = ("1xx", "2xx", "3xx", "4xx", "5xx")


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

    @property
    def up(self) -> bool:
        """Whether HAProxy's health check counts it as up, draining or not."""
        return self.status.startswith(("UP", "DRAIN", "NOLB"))


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

    def servers(self) -> list[ServerRow]:
        """Read the statistics of every server."""
        text = self.query("show stat -1 4 -1").removeprefix("# ")
        return [_row(row) for row in csv.DictReader(io.StringIO(text)) if row.get("svname")]


def _row(row: dict[str, str]) -> ServerRow:
    return ServerRow(
        backend=row["pxname"],
        server=row["svname"],
        status=row["status"],
        check_status=row["check_status"].removeprefix("* "),
        check_code=row["check_code"],
        sessions=_number(row["scur"]),
        requests=_number(row["stot"]),
        responses=tuple((name, _number(row[f"hrsp_{name}"])) for name in _RESPONSES),
    )


def _number(text: str) -> int:
    return int(text) if text else 0
