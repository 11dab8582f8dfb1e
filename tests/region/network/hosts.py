"""Stand-ins for containers: a sleeping process with a network namespace, and what it can reach."""

from __future__ import annotations

import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from region.network.namespace import Namespace

SILENCE = 0.8
"""Seconds after which a packet counts as lost.

One that is admitted takes a fraction of a millisecond, unless the machine is busy. More than a second
would give TCP a second attempt.
"""


@dataclass(frozen=True)
class Host:
    id: str
    pid: int
    address: str
    subnet: str

    @property
    def namespace(self) -> Namespace:
        return Namespace(Path(f"/proc/{self.pid}/ns/net"))

    def serve(self, port: int) -> socket.socket:
        """Listen on all addresses. The kernel completes connections, nobody need accept them."""
        return self.namespace.inside(lambda: socket.create_server(("", port)))

    def connect(self, address: str, port: int) -> socket.socket:
        return self.namespace.inside(lambda: socket.create_connection((address, port), SILENCE))

    def reaches(self, address: str, port: int) -> bool:
        return answered(self.namespace, address, port)

    def shell(self, command: str) -> str:
        """Run a command and return what it prints."""

        def run() -> str:
            return subprocess.run(
                command.split(), capture_output=True, text=True, check=True
            ).stdout

        return self.namespace.inside(run)


def answered(namespace: Namespace, address: str, port: int, source: str = "") -> bool:
    """Return whether a connection is established; False if packets are lost, an error if refused."""

    def connect() -> bool:
        try:
            socket.create_connection(
                (address, port), SILENCE, (source, 0) if source else None
            ).close()
        except TimeoutError:
            return False
        return True

    return namespace.inside(connect)


@contextmanager
def asleep() -> Iterator[int]:
    """A process in a network namespace of its own."""
    process = subprocess.Popen(["unshare", "--net", "sleep", "300"])
    mine = Path("/proc/self/ns/net").readlink()
    try:
        until = time.monotonic() + 10
        while Path(f"/proc/{process.pid}/ns/net").readlink() == mine:
            assert time.monotonic() < until
            time.sleep(0.005)
        yield process.pid
    finally:
        process.kill()
        process.wait()


def datagram(source: str, destination: str, port: int) -> bytes:
    """An IP packet with a UDP datagram whose source address may be a lie."""
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 0, 1, 0, 64, 17, 0,
        IPv4Address(source).packed, IPv4Address(destination).packed,
    )  # fmt: skip
    return header + struct.pack("!HHHH", 4000, port, 12, 0) + b"hey!"
