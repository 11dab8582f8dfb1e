"""What a machine reaches beside other machines: its metadata service, and its service manager.

Both are HTTP servers of the region that listen inside the region's network. Who calls is known by
the source address, which the network lets nobody forge. `systemctl` and `journalctl` of a machine
are small scripts that post to the control port; they send the machine's token, which only its root
can read.
"""

from __future__ import annotations

import hmac
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from http.server import HTTPServer
from typing import Any, Final, Protocol
from urllib.parse import parse_qs

from region.loopback.connections import LimitedConnections, TimedRequests
from region.machines.imds import Imds, Response
from region.machines.systemd.systemctl import Outcome
from region.network import API, CONTROL_PORT, METADATA, METADATA_PORT

TOKEN_HEADER: Final = "X-Haproof-Token"  # noqa: S105 - a header's name
_MAX_BODY_BYTES: Final = 64 * 1024
_MAX_ARGUMENTS: Final = 200

Control = Callable[[str, Sequence[str]], Outcome]


class Network(Protocol):
    """The network of the region, as far as a listener needs it."""

    def listen(self, address: str, port: int) -> socket.socket:
        """Return a listening TCP socket inside the network."""
        ...


@dataclass(frozen=True)
class Tenant:
    """What the listener serves for one machine.

    Attributes:
        control: Runs a command of the service manager, by name and arguments.
    """

    imds: Imds
    token: str
    control: Control


class Listener:
    """The HTTP servers of all machines."""

    def __init__(self, find: Callable[[str], Tenant | None]) -> None:
        """Serve what `find` returns for a private address, None if no machine has it."""
        self._find = find
        self._servers: list[tuple[HTTPServer, threading.Thread]] = []

    def start(self, network: Network) -> None:
        """Listen in the region's network."""
        self._serve(_Metadata, network.listen(METADATA, METADATA_PORT))
        self._serve(_Control, network.listen(API, CONTROL_PORT))

    def _serve(self, handler: type[_Handler], listening: socket.socket) -> None:
        server = _Server(listening, partial(handler, self._find))
        name = f"machines-{handler.__name__}"
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), name=name, daemon=True)
        thread.start()
        self._servers.append((server, thread))

    def close(self) -> None:
        """Stop listening; responses in progress are abandoned."""
        for server, thread in self._servers:
            server.shutdown()
            server.server_close()
            thread.join()
        self._servers.clear()


class _Server(LimitedConnections, HTTPServer):
    request_queue_size = 128

    def __init__(self, listening: socket.socket, handler: Callable[..., _Handler]) -> None:
        super().__init__(listening.getsockname(), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening


class _Handler(TimedRequests):
    timeout = 10

    def __init__(self, find: Callable[[str], Tenant | None], *connection: Any) -> None:
        self._find = find
        super().__init__(*connection)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - overridden name
        """Log nothing: requests carry tokens."""

    def tenant(self) -> Tenant | None:
        return self._find(str(self.client_address[0]))

    def send(self, response: Response) -> None:
        body = response.body.encode(errors="replace")
        self.send_response(response.status)
        for name, value in (response.headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class _Metadata(_Handler):
    def do_GET(self) -> None:  # noqa: N802 - the name that the base class looks up
        tenant = self.tenant()
        if tenant is None:
            self.send(Response(404))
        else:
            headers = dict(self.headers.items())
            self.send(tenant.imds.answer(self.command, self.path, headers))

    do_HEAD = do_PUT = do_POST = do_GET  # noqa: N815 - the names that the base class looks up


class _Control(_Handler):
    def do_POST(self) -> None:  # noqa: N802 - the name that the base class looks up
        tenant = self.tenant()
        given = self.headers.get(TOKEN_HEADER, "")
        if tenant is None or not hmac.compare_digest(given.encode(), tenant.token.encode()):
            self.send(Response(403))
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _MAX_BODY_BYTES:
            self.send(Response(400))
            return
        body = self.rfile.read(int(length)).decode(errors="replace")
        try:
            fields = parse_qs(body, keep_blank_values=True, max_num_fields=_MAX_ARGUMENTS)
        except ValueError:
            self.send(Response(400))
            return
        outcome = tenant.control(self.path.strip("/"), fields.get("a", []))
        size = len(outcome.stdout.encode(errors="replace"))
        text = f"{outcome.status} {size}\n{outcome.stdout}{outcome.stderr}"
        self.send(Response(200, text))
