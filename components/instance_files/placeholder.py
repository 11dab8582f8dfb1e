"""A placeholder that passes the health check until the first deployment replaces it.

Without it an Auto Scaling group with ELB health checks could never start: the first instances come
up before the deployment group exists, and Auto Scaling would replace them forever. Once a deployment
has begun, it ends and leaves the port to the application, which need not know of it. Needs only the
interpreter of Amazon Linux 2023 (Python 3.9).
"""

from __future__ import annotations

import contextlib
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

POLL_S = 0.1


class Placeholder(BaseHTTPRequestHandler):
    """Responds with 200 on the health path and 503 elsewhere, because nothing is released yet."""

    server_version = "haproof-placeholder"
    timeout = 10

    def do_GET(self) -> None:
        """Respond to one request."""
        healthy = self.path.split("?")[0] == os.environ["HEALTH_PATH"]
        body = b"placeholder\n" if healthy else b"nothing is released here yet\n"
        self.send_response(200 if healthy else 503)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Instance-Id", os.environ.get("INSTANCE_ID", ""))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - the name that the base class looks up

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing: health checks would fill the journal of a 512 MiB instance."""


class Server(ThreadingHTTPServer):
    """Ends once a deployment has begun."""

    def service_actions(self) -> None:
        """Look for a deployment, between two requests or every `POLL_S`."""
        if deployed(sys.argv[1]):
            # At once: the application may start any moment, and there is nothing to finish.
            os._exit(0)


def deployed(root: str) -> bool:
    """Return whether a deployment to this instance has begun, however it ended.

    `root` is the CodeDeploy agent's directory, which has one per deployment: GROUP/d-ID. What is older
    than this file came with the image, as this file is written at an instance's first boot.
    """
    booted = Path(__file__).stat().st_mtime
    for found in Path(root).glob("*/d-*"):
        # The agent removes old ones, and its notes about running ones, at any time.
        with contextlib.suppress(FileNotFoundError):
            if found.stat().st_mtime >= booted:
                return True
    return False


if __name__ == "__main__":
    if deployed(sys.argv[1]):
        sys.exit(0)  # After a reboot.
    address = (os.environ["APP_HOST"], int(os.environ["APP_PORT"]))
    Server(address, Placeholder).serve_forever(POLL_S)
