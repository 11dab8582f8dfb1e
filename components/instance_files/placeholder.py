"""A placeholder that passes the health check until the first deployment replaces it.

Without it an Auto Scaling group with ELB health checks could never start: the first instances come
up before the deployment group exists, and Auto Scaling would replace them forever. Needs only the
interpreter of Amazon Linux 2023 (Python 3.9).
"""

from __future__ import annotations

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


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


if __name__ == "__main__":
    address = (os.environ["APP_HOST"], int(os.environ["APP_PORT"]))
    ThreadingHTTPServer(address, Placeholder).serve_forever()
