"""The requests of `benchmarks.service`, with the headers that Artillery and the load balancer send."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable

VISITORS = 1_000
RATE = 250 / 6
"""Requests a second of one of six instances in the hold of the published load."""

HEADERS = (
    "Host: 127.20.0.9\r\nuser-agent: Artillery (https://artillery.io)\r\naccept: */*\r\n"
    "accept-encoding: gzip, deflate, br\r\n"
)
FORWARDED = "x-forwarded-proto: http\r\nx-forwarded-port: 80\r\nx-forwarded-for: 127.0.0.1\r\n"


def request(method: str, path: str, body: str = "", *, extra: str = "") -> bytes:
    """Return a request as the load balancer sends it."""
    length = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\n{HEADERS}{length}{extra}\r\n{body}".encode()


def login(number: int, extra: str = "") -> bytes:
    """Return the login of one of the visitors."""
    form = {"username": f"visitor-{1 + number % VISITORS:06d}", "password": "music-note-demo"}
    return request("POST", "/login", json.dumps(form), extra=extra)


def exchange(connection: socket.socket, data: bytes) -> None:
    """Send a request and read its response, which must be a 200."""
    connection.sendall(data)
    received = connection.recv(65536)
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += connection.recv(65536)
    if not received.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"the service responded with {received[:200]!r}")
    head = received[:end].lower()
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    while len(received) < end + 4 + length:
        received += connection.recv(65536)


def connect(address: tuple[str, int]) -> socket.socket:
    """Open a connection."""
    connection = socket.create_connection(address, 10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def indexes(address: tuple[str, int], count: int) -> None:
    """Open the index page `count` times, over one connection, as from the load balancer."""
    with connect(address) as connection:
        data = request("GET", "/", extra=FORWARDED)
        for _ in range(count):
            exchange(connection, data)


def logins(address: tuple[str, int], count: int) -> None:
    """Log in `count` times, over one connection, as from the load balancer."""
    with connect(address) as connection:
        for number in range(count):
            exchange(connection, login(number, FORWARDED))


def visits(address: tuple[str, int], count: int) -> None:
    """Let `count` visitors open a connection, the index page, and log in: without a load balancer."""
    index = request("GET", "/")
    for number in range(count):
        with connect(address) as connection:
            exchange(connection, index)
            exchange(connection, login(number))


def scenario(address: tuple[str, int], count: int) -> None:
    """Send `count` requests of the published scenario at the rate that one of six instances gets.

    Between two requests the processor does other work, so that each finds its caches cold.
    """
    index = request("GET", "/", extra=FORWARDED)
    with connect(address) as connection:
        due = time.perf_counter()
        for number in range(count):
            due += 1 / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            exchange(connection, login(number, FORWARDED) if number % 2 else index)


def reset(address: tuple[str, int], count: int) -> None:
    """Open the index page `count` times, each on a connection that is reset after the response.

    That was every request from the load balancer while it kept no connections.
    """
    index = request("GET", "/", extra=FORWARDED)
    for _ in range(count):
        with connect(address) as connection:
            exchange(connection, index)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def check(address: tuple[str, int], count: int) -> None:
    """Check the health `count` times, as the load balancer does: each with its own connection."""
    text = "GET /health HTTP/1.1\r\nhost: 127.20.0.9\r\nuser-agent: ELB-HealthChecker/2.0\r\n"
    for _ in range(count):
        with connect(address) as connection:
            exchange(connection, f"{text}connection: close\r\n\r\n".encode())


SCENARIO = "published scenario, 42 requests/s"
RESET = "index page, connection reset"
VISIT = "visit without a load balancer"
KINDS: dict[str, Callable[[tuple[str, int], int], None]] = {
    SCENARIO: scenario,
    "index page": indexes,
    "login": logins,
    VISIT: visits,
    RESET: reset,
    "health check": check,
}
