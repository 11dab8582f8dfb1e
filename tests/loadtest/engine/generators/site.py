"""A site that answers in many ways and keeps what it was asked, to compare generators by that."""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote

DOCUMENT: dict[str, Any] = {
    "id": 7, "big": 12345678901234, "half": 1.5, "text": "to ken", "digits": "7", "yes": True,
    "quoted": 'a "b" & c', "list": [{"id": 3, "name": "é"}, {"id": "x"}], "object": {"a": [1, "b"]},
    "latin": "Ünal", "wide": "日本",
}  # fmt: skip
ASTRAY = "/50%/a%zz?b=%d"
PLAIN = "id=5\r\ntoken: ab-c\nNAME = Ünal;\n"
ANSWERED_HEADERS = {"X-Token": "tok 1", "X-Number": "42"}
COMPARED = ("content-type", "authorization", "cookie")
Visit = tuple[str, str]
"""The flow and the visitor's row."""
Asked = tuple[Any, ...]


class Site(ThreadingHTTPServer):
    """Its paths say what it answers: `/status/404`, `/to/302/ok/x`, `/cookie/name/value`, `/plain`.

    `/nowhere` redirects without saying to where; `/cut` and `/unpacked` say that they are compressed, and
    end too early or are not. `/astray` redirects to a path with a percent sign that encodes nothing.
    """

    request_queue_size = 200
    daemon_threads = True

    def __init__(self) -> None:
        """Listen on an address of the tests' own."""
        self.asked: dict[Visit, list[tuple[str, Asked]]] = defaultdict(list)
        self.targets = list[str]()
        """Of all requests, as they were sent."""
        super().__init__(("127.79.0.68", 0), _Handler)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.79.0.68:{self.server_port}"

    def visits(self) -> dict[Visit, set[tuple[Asked, ...]]]:
        """Return what the visitors of each flow and row asked, one after the other."""
        of_one: dict[Visit, dict[str, list[Asked]]] = defaultdict(lambda: defaultdict(list))
        for visit, requests in self.asked.items():
            for who, request in requests:
                of_one[visit][who].append(request)
        return {visit: {tuple(one) for one in found.values()} for visit, found in of_one.items()}


@contextmanager
def serving() -> Generator[Site]:
    """Serve while the block runs."""
    with Site() as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield site
        site.shutdown()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Site  # pyright: ignore[reportIncompatibleVariableOverride]

    def log_message(self, *_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        pass

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = self.path.partition("?")[0]
        if path != "/health":
            self.server.targets.append(self.path)
            visit = (self.headers.get("x-flow") or "?", self.headers.get("x-row") or "?")
            who = self.headers.get("x-who") or "?"
            self.server.asked[visit].append((who, self._asked(body)))
        self._say(path.removeprefix("/base"))

    def _asked(self, body: bytes) -> Asked:
        path, _, query = self.path.partition("?")
        kind = (self.headers.get("content-type") or "").partition(";")[0]
        sent = {
            name: _header(name, value)
            for name, value in self.headers.items()
            if name.lower() in COMPARED or name.lower().startswith("x-t-")
        }
        if not body:
            sent = {name: value for name, value in sent.items() if name.lower() != "content-type"}
        return (
            self.command,
            unquote(path),
            tuple(parse_qsl(query, keep_blank_values=True)),
            _body(kind, body.decode()),
            tuple(sorted((name.lower(), value) for name, value in sent.items())),
        )

    def _say(self, path: str) -> None:
        status, headers, body = 200, {**ANSWERED_HEADERS, "Content-Type": "application/json"}, ""
        if found := re.fullmatch(r"/status/(\d+)(/.*)?", path):
            status = int(found[1])
        elif found := re.fullmatch(r"/to/(\d+)(/.*)", path):
            status, headers["Location"] = int(found[1]), found[2]
            body = "nothing to see"
        elif found := re.fullmatch(r"/around/(\d+)(/.*)?", path):
            status, headers["Location"] = int(found[1]), self.path
        elif found := re.fullmatch(r"/cookie/(\w+)/(\w+)", path):
            headers["Set-Cookie"] = f"{found[1]}={found[2]}; Path=/"
        elif path == "/astray":
            status, headers["Location"] = 302, ASTRAY
        elif path == "/nowhere":
            status, headers["Location"] = 302, ""
        elif path in ("/cut", "/unpacked"):
            whole = gzip.compress(json.dumps(DOCUMENT).encode())
            broken = whole[:-20] if path == "/cut" else b"not compressed"
            self._send_bytes(status, {**headers, "Content-Encoding": "gzip"}, broken)
            return
        elif path == "/plain":
            headers["Content-Type"], body = "text/plain; charset=utf-8", PLAIN
        self._send(status, headers, body or json.dumps(DOCUMENT, ensure_ascii=False, indent=1))

    def _send(self, status: int, headers: dict[str, str], body: str) -> None:
        content = body.encode()
        if "gzip" in (self.headers.get("accept-encoding") or ""):
            content = gzip.compress(content)
            headers["Content-Encoding"] = "gzip"
        self._send_bytes(status, headers, content)

    def _send_bytes(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        bodiless = self.command == "HEAD" or status in (204, 304)
        for name, value in {
            **headers, "X-Instance-Id": "i-1", "Content-Length": str(len(content)),
        }.items():  # fmt: skip
            if not (bodiless and name in ("Content-Length", "Content-Encoding")):
                self.send_header(name, value)
        self.end_headers()
        if not bodiless:
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _answer  # noqa: N815


def _header(name: str, value: str) -> Any:
    match name.lower():
        case "content-type":
            return value.partition(";")[0]
        case "cookie":
            return tuple(sorted((key, one.value) for key, one in SimpleCookie(value).items()))
        case _:
            return value


def _body(kind: str, body: str) -> Any:
    match kind if body else "":
        case "application/json":
            return json.dumps(json.loads(body), sort_keys=True, ensure_ascii=False)
        case "application/x-www-form-urlencoded":
            return tuple(parse_qsl(body, keep_blank_values=True))
        case _:
            return body
