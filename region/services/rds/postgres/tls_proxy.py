"""The TLS proxy of a database endpoint, a small process of its own.

The PostgreSQL binaries of the wheel are built without TLS, but RDS offers it and, since PostgreSQL
15, requires it. So this process listens on the endpoint, does what the server would do with an
SSLRequest (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL) and
forwards the decrypted bytes to the server's socket. Run as a script; standard library only.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import resource
import signal
import socket
import ssl
import struct
import sys
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
GSS_REQUEST = struct.pack("!ii", 8, 80877104)
NEGOTIATION_TIMEOUT = 60.0
BACKLOG = 256
MOST_NEGOTIATING = 128
"""Connections of one address that have not said yet what they want; further ones are closed."""
CHUNK = 65536
READY = "ready"


@dataclass(frozen=True, slots=True)
class TlsProxy:
    """Where to listen and where to forward connections to.

    Attributes:
        listening: The socket of the endpoint, which listens already.
        unencrypted: A file; while it exists, connections without TLS are accepted.
    """

    listening: socket.socket
    server_socket: str
    unencrypted: Path
    context: ssl.SSLContext
    negotiating: Counter[str] = field(default_factory=Counter[str])

    async def serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        """Handle one client connection to its end."""
        with contextlib.suppress(OSError, ssl.SSLError, asyncio.IncompleteReadError, TimeoutError):
            first = await self._first(client, answer)
            if first:
                await self._relay(first, client, answer)
        answer.close()
        with contextlib.suppress(OSError, ssl.SSLError):
            await answer.wait_closed()

    async def _first(
        self, client: asyncio.StreamReader, answer: asyncio.StreamWriter
    ) -> bytes | None:
        """Negotiate within a time; return None at once where the client does so too often."""
        source = str(answer.get_extra_info("peername")[0])
        if self.negotiating[source] >= MOST_NEGOTIATING:
            return None
        self.negotiating[source] += 1
        try:
            return await asyncio.wait_for(self._negotiate(client, answer), NEGOTIATION_TIMEOUT)
        finally:
            self.negotiating[source] -= 1

    async def _negotiate(
        self, client: asyncio.StreamReader, answer: asyncio.StreamWriter
    ) -> bytes | None:
        """Answer encryption requests; return the first bytes for the server, None to hang up."""
        while True:
            head = await client.readexactly(8)
            if head == GSS_REQUEST:
                answer.write(b"N")
                await answer.drain()
            elif head == SSL_REQUEST:
                answer.write(b"S")
                await answer.drain()
                await answer.start_tls(self.context)
                return await client.readexactly(8)
            elif not self.unencrypted.exists():
                peer = answer.get_extra_info("peername")[0]
                answer.write(refusal(f'no pg_hba.conf entry for host "{peer}", no encryption'))
                await answer.drain()
                return None
            else:
                return head

    async def _relay(
        self, first: bytes, client: asyncio.StreamReader, answer: asyncio.StreamWriter
    ) -> None:
        try:
            server, request = await asyncio.open_unix_connection(self.server_socket)
        except OSError:
            answer.write(refusal("the database system is starting up", code="57P03"))
            await answer.drain()
            return
        request.write(first)
        try:
            await _until_one_ends(_copy(client, request), _copy(server, answer))
        finally:
            request.close()


def refusal(message: str, code: str = "28000") -> bytes:
    """Return an ErrorResponse message of severity FATAL and SQLSTATE `code`."""
    fields = [("S", "FATAL"), ("V", "FATAL"), ("C", code), ("M", message)]
    body = b"".join(f"{key}{value}".encode() + b"\0" for key, value in fields) + b"\0"
    return b"E" + struct.pack("!i", len(body) + 4) + body


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, ssl.SSLError):
        while chunk := await source.read(CHUNK):
            target.write(chunk)
            await target.drain()


async def _until_one_ends(*copies: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.create_task(copy) for copy in copies]
    _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)


async def run(proxy: TlsProxy) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await asyncio.start_server(proxy.serve, sock=proxy.listening, backlog=BACKLOG)
    print(READY, flush=True)
    await stop.wait()
    server.close()


def main(arguments: list[str]) -> int:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen-fd", type=int, required=True, help="a listening socket")
    parser.add_argument("--server-socket", required=True, help="@name for an abstract socket")
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument(
        "--unencrypted", type=Path, required=True, help="a file: accept unencrypted connections"
    )
    given = parser.parse_args(arguments)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(given.certificate, given.key)
    socket_path = given.server_socket
    if socket_path.startswith("@"):
        socket_path = "\0" + socket_path[1:]
    proxy = TlsProxy(socket.socket(fileno=given.listen_fd), socket_path, given.unencrypted, context)
    try:
        asyncio.run(run(proxy))
    except OSError as error:
        print(f"cannot serve: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
