"""Limits of the region's own servers, so that no client takes the threads and descriptors of all others.

Every instance reaches the region: metadata, commands, APIs. A connection costs the region a thread and
a descriptor, so each source address has only so many at a time, and a request has to arrive within a
time, however slowly its bytes come. The network lets nobody forge a source address.

All programs of the computer share one address. So who comes when its share is used up takes the place of
the connection that has kept the region waiting longest, and is closed only if all others are served.
"""

from __future__ import annotations

import io
import logging
import resource
import socket
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn
from typing import Any, Final

from typing_extensions import override

from commandline.errors import UserError

log = logging.getLogger(__name__)

PER_INSTANCE: Final = 64
"""Connections that one address of the region's network has at a time."""
PER_COMPUTER: Final = 1024
"""The same for the computer's loopback address, which Pulumi and all tools of its user share."""
FEWEST_DESCRIPTORS: Final = 4096
"""Connections of a published load's users while all of them wait, twice in the balancer, and others."""
_LOOPBACK: Final = "127."
_REPORT_SECONDS: Final = 60.0


class TooFewDescriptorsError(UserError):
    """The computer allows fewer open files than a region's services need under load."""


def raise_descriptor_limit() -> None:
    """Allow this process as many open files as it may allow itself.

    Raises:
        TooFewDescriptorsError: Those are fewer than FEWEST_DESCRIPTORS: a load balancer would turn away
            users for whom it has no connection, and the stack would have to answer for it.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most
    if most != resource.RLIM_INFINITY:
        wanted = max(most, FEWEST_DESCRIPTORS)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
    except (OSError, ValueError) as error:
        raise TooFewDescriptorsError(
            f"a region's services need up to {FEWEST_DESCRIPTORS:,} open files, and this shell allows "
            f"{most:,}: raise the limit (`ulimit -Hn`, /etc/security/limits.conf, a container's `--ulimit "
            "nofile`)"
        ) from error


class LimitedConnections(ThreadingMixIn):
    """A threading server that limits the connections of each source, see above."""

    daemon_threads = True
    # server_close() would otherwise wait for a request that waits for a service.
    block_on_close = False

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        """Make the server; nobody is connected yet."""
        self._connected: Counter[str] = Counter()
        # What the region waits for, by source: the one that has kept it waiting longest is the first.
        self._waiting: dict[str, dict[socket.socket, None]] = {}
        self._guard = threading.Lock()
        self._reported = float("-inf")
        super().__init__(*arguments, **settings)

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own, or close it."""
        source = str(client_address[0])
        with self._guard:
            full = self._connected[source] >= most_from(source)
            admitted = not full or self._make_room(source)
            if admitted:
                self._connected[source] += 1
        if full:
            self._report(source)
        if not admitted:
            self.shutdown_request(request)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:
            # No thread can be started now.
            self._left(source)
            self.shutdown_request(request)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]

    @override
    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._left(str(client_address[0]))

    def await_client(self, connection: socket.socket, source: str) -> None:
        """Note that the region begins to wait for what a client sends next."""
        with self._guard:
            self._waiting.setdefault(source, {})[connection] = None

    def has_sent(self, connection: socket.socket, source: str) -> None:
        """Note that it has sent something, or has left."""
        with self._guard:
            waiting = self._waiting.get(source, {})
            waiting.pop(connection, None)
            if not waiting:
                self._waiting.pop(source, None)

    def _make_room(self, source: str) -> bool:
        """End the connection of a source that has kept the region waiting longest, if there is one."""
        waiting = self._waiting.get(source)
        if not waiting:
            return False
        longest = next(iter(waiting))
        del waiting[longest]
        with suppress(OSError):
            # Its thread says so to whoever has sent half a request, and closes it.
            longest.shutdown(socket.SHUT_RD)
        return True

    def _left(self, source: str) -> None:
        with self._guard:
            self._connected[source] -= 1
            if not self._connected[source]:
                del self._connected[source]

    def _report(self, source: str) -> None:
        now = time.monotonic()
        if now - self._reported > _REPORT_SECONDS:
            self._reported = now
            log.warning("%s has too many connections; those that send nothing are closed", source)


def most_from(source: str) -> int:
    """Return how many connections an address may have at a time."""
    return PER_COMPUTER if source.startswith(_LOOPBACK) else PER_INSTANCE


class TimedRequests(BaseHTTPRequestHandler):
    """A handler that gives each request a time to arrive in, its body included.

    Attributes:
        timeout: Seconds, also those that a kept connection may be idle, and those of a response.
    """

    timeout = 30

    @override
    def setup(self) -> None:
        """Read the connection through a clock."""
        super().setup()
        limits = self.server if isinstance(self.server, LimitedConnections) else None
        source = str(self.client_address[0])
        self._clocked = _Clocked(self.connection, float(self.timeout or 30), source, limits)
        self.rfile = io.BufferedReader(self._clocked)

    @override
    def handle_one_request(self) -> None:
        """Start the clock and handle a request."""
        self._clocked.restart()
        super().handle_one_request()


class _Clocked(io.RawIOBase):
    """What a socket receives, until a deadline."""

    def __init__(
        self,
        connection: socket.socket,
        seconds: float,
        source: str,
        limits: LimitedConnections | None,
    ) -> None:
        self._connection = connection
        self._seconds = seconds
        self._source, self._limits = source, limits
        self._deadline = 0.0
        self.restart()

    def restart(self) -> None:
        """Allow the full time again."""
        self._deadline = time.monotonic() + self._seconds

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Any) -> int:
        """Receive into the buffer.

        Raises:
            TimeoutError: The time is over.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request did not arrive in time")
        self._connection.settimeout(left)
        if self._limits:
            self._limits.await_client(self._connection, self._source)
        try:
            return self._connection.recv_into(buffer)
        finally:
            if self._limits:
                self._limits.has_sent(self._connection, self._source)
            # For the response, which has a time of its own.
            self._connection.settimeout(self._seconds)
