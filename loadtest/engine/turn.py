"""A stack's turn at the load, for stacks that share a computer and would disturb each other.

Whoever brings several stacks up side by side sets the environment variable `LOADTEST_TURN` to the
path of a Unix socket and listens on it. A load test that begins with a release says so on a connection
of its own, with the line `releasing <stack>`. When it may load, it connects, sends the line
`ready <stack>` and blocks until it receives the line `begin`; it keeps the connection until its run is
saved. Without the variable nothing waits.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Generator

from loadtest.errors import TurnError

VARIABLE = "LOADTEST_TURN"
READY = "ready"
RELEASING = "releasing"
BEGIN = b"begin\n"


def announce_release(stack: str) -> None:
    """Say that the release of `stack` begins, if the environment asks for it and somebody listens."""
    path = os.environ.get(VARIABLE)
    # Nobody there: `turn` tells what to do about it, before it matters.
    with contextlib.suppress(OSError):
        if path:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.connect(path)
                connection.sendall(f"{RELEASING} {stack}\n".encode())


@contextlib.contextmanager
def turn(stack: str, print_line: Callable[[str], None]) -> Generator[None]:
    """Wait until `stack` may be loaded, if the environment asks for it, and hold the turn.

    Raises:
        TurnError: Nobody listens on the socket, or whoever did has ended.
    """
    path = os.environ.get(VARIABLE)
    if not path:
        yield
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(path)
            connection.sendall(f"{READY} {stack}\n".encode())
        except OSError as error:
            raise TurnError(
                f"{VARIABLE} names the socket {path}, and nobody listens there "
                f"({error.strerror or error}): the rehearsal that set it has ended; run `unset "
                f"{VARIABLE}`, then the load test again"
            ) from error
        print_line("ready: waiting for this stack's turn at the load")
        if _received(connection) != BEGIN:
            raise TurnError(
                "the load test was not given its turn: the rehearsal that listens on "
                f"{path} ended this stack's part"
            )
        yield


def _received(connection: socket.socket) -> bytes:
    """Return the next line, or what came before the connection was closed."""
    line = b""
    # An interruption of the other side is the end of the connection, like any other end.
    with contextlib.suppress(ConnectionError):
        while not line.endswith(b"\n") and (data := connection.recv(len(BEGIN))):
            line += data
    return line
