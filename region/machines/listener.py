"""The machine pool's HTTP listener on the loopback device: metadata and `systemctl` of all machines.

`/imds/<instance>/latest/…` is the metadata service, `/systemctl/<instance>` takes the calls of the
`systemctl` that comes first in a machine's PATH. The latter requires the machine's own token, which
only its processes have: whoever can call it can start programs as this user.
"""

from __future__ import annotations

import hmac
import json
import shlex
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from region.machines.imds import Imds, Response
from region.machines.systemd.systemctl import Outcome

TOKEN_VARIABLE = "HAPROOF_SYSTEMCTL_TOKEN"  # noqa: S105 - a variable's name
URL_VARIABLE = "HAPROOF_SYSTEMCTL_URL"
_TOKEN_HEADER = "X-Haproof-Token"  # noqa: S105 - a header's name
_MAX_BODY_BYTES = 64 * 1024

_SHIM = """#!/bin/sh
exec {python} -IS {program} "$@"
"""
_PROGRAM = """import json, os, sys, urllib.error, urllib.request
request = urllib.request.Request(
    os.environ[{url!r}],
    json.dumps(sys.argv[1:]).encode(),
    {{{header!r}: os.environ[{token!r}]}},
)
try:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
    answer = json.load(opener.open(request))
except (OSError, ValueError) as error:
    sys.exit(f"systemctl: the local region does not answer: {{error}}")
sys.stdout.write(answer["stdout"])
sys.stderr.write(answer["stderr"])
sys.exit(answer["status"])
"""


def install_shim(directory: Path, python: str) -> None:
    """Write the `systemctl` command into `directory`, run by the interpreter `python`."""
    directory.mkdir(parents=True, exist_ok=True)
    program = directory / "systemctl.py"
    program.write_text(
        _PROGRAM.format(url=URL_VARIABLE, token=TOKEN_VARIABLE, header=_TOKEN_HEADER)
    )
    shim = directory / "systemctl"
    shim.write_text(
        _SHIM.format(python=shlex.quote(python), program=shlex.quote(str(program.resolve())))
    )
    shim.chmod(0o755)


@dataclass(frozen=True)
class Tenant:
    """What the listener serves for one machine."""

    imds: Imds
    token: str
    systemctl: Callable[[Sequence[str]], Outcome]


class Listener:
    """The HTTP server of all machines."""

    def __init__(self, find: Callable[[str], Tenant | None]) -> None:
        """Serve what `find` returns for an instance id, None if it does not run."""
        self._find = find
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        listener = self

        class Handler(_Handler):
            find = staticmethod(listener._find)

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="machines-listener", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening; responses in progress are abandoned."""
        if self._server and self._thread:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
        self._server = self._thread = None

    def metadata_url(self, instance_id: str) -> str:
        """Return a machine's AWS_EC2_METADATA_SERVICE_ENDPOINT."""
        return f"{self._base()}/imds/{instance_id}"

    def systemctl_url(self, instance_id: str) -> str:
        """Return the URL that a machine's `systemctl` calls."""
        return f"{self._base()}/systemctl/{instance_id}"

    def _base(self) -> str:
        if self._server is None:
            raise RuntimeError("The listener has not been started; call start() first.")
        return f"http://127.0.0.1:{self._server.server_address[1]}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # server_close() would otherwise wait for a systemctl call that waits for a service.
    block_on_close = False
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    find: Callable[[str], Tenant | None]

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - overridden name
        """Log nothing: requests carry tokens."""

    def _serve(self) -> None:
        service, _, rest = self.path.lstrip("/").partition("/")
        instance_id, _, path = rest.partition("/")
        tenant = self.find(instance_id)
        if tenant is None:
            response = Response(404)
        elif service == "imds":
            response = tenant.imds.answer(self.command, f"/{path}", dict(self.headers.items()))
        elif service == "systemctl" and self.command == "POST":
            response = self._systemctl(tenant)
        else:
            response = Response(404)
        self._send(response)

    def _systemctl(self, tenant: Tenant) -> Response:
        given = self.headers.get(_TOKEN_HEADER, "")
        if not hmac.compare_digest(given.encode(), tenant.token.encode()):
            return Response(403)
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _MAX_BODY_BYTES:
            return Response(400)
        try:
            arguments = json.loads(self.rfile.read(int(length)))
        except ValueError:
            return Response(400)
        if not isinstance(arguments, list):
            return Response(400)
        outcome = tenant.systemctl([str(argument) for argument in arguments])
        body = {"status": outcome.status, "stdout": outcome.stdout, "stderr": outcome.stderr}
        return Response(200, json.dumps(body), content_type="application/json")

    def _send(self, response: Response) -> None:
        body = response.body.encode()
        self.send_response(response.status)
        for name, value in (response.headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
