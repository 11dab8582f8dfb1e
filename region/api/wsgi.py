"""AWS requests in WSGI: which action they call, and how errors are returned."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
StartResponse = Callable[..., object]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

READ_ACTION = re.compile(
    r"^(Describe|Get|List|Head|BatchGet|BatchDescribe|Lookup|Filter|Search|Simulate|Query|Scan)"
)
RPC_PATH = re.compile(r"/service/[^/]+/operation/([A-Za-z0-9]+)")
"""The path of a call in Smithy's RPC v2 protocol, which CloudWatch's clients speak."""

REST = "REST"
REFUSED_PATHS = ("/moto-api",)
FORM = "application/x-www-form-urlencoded"


def read_body(environ: Environ) -> bytes:
    """Read a request's body from the socket and leave it in `environ` to be read again.

    This happens before the control plane's lock is taken, so that a slow client blocks nobody. A
    chunked body, which has no length, stays on the socket.
    """
    length = environ.get("CONTENT_LENGTH") or ""
    if not length.isdigit():
        return b""
    body: bytes = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def action_of(environ: Environ, body: bytes) -> str:
    """Return the AWS action that a request names, `REST` where method and path name it."""
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return str(target).rpartition(".")[2]
    operation = RPC_PATH.fullmatch(str(environ.get("PATH_INFO", "")))
    if operation:
        return operation.group(1)
    query = parse_qs(str(environ.get("QUERY_STRING", "")))
    if "Action" in query:
        return query["Action"][0]
    if str(environ.get("CONTENT_TYPE", "")).startswith(FORM):
        named = re.search(rb"(?:^|&)Action=([A-Za-z0-9]+)", body)
        if named:
            return named.group(1).decode()
    return REST


def changes_something(action: str, method: str) -> bool:
    """Return whether a successful request of this kind may have changed the region."""
    if action == REST:
        return method not in {"GET", "HEAD", "OPTIONS"}
    return READ_ACTION.match(action) is None


def service_of(environ: Environ) -> str:
    """Return the service that a signed request names in its credential scope, or an empty text."""
    scope = re.search(
        r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", str(environ.get("HTTP_AUTHORIZATION", ""))
    )
    return scope.group(1) if scope else ""


def error_response(
    environ: Environ, start_response: StartResponse, status: str, code: str, message: str
) -> list[bytes]:
    """Respond with an error in the format that the service's clients parse."""
    body, content_type = _error_body(environ, code, message)
    headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [body]


def _error_body(environ: Environ, code: str, message: str) -> tuple[bytes, str]:
    if environ.get("HTTP_X_AMZ_TARGET"):
        return json.dumps({"__type": code, "message": message}).encode(), "application/json"
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    service = service_of(environ)
    if service == "ec2":
        xml = f"<Response><Errors><Error>{inner}</Error></Errors></Response>"
    elif service in {"s3", ""}:
        xml = f"<Error>{inner}</Error>"
    else:
        xml = f"<ErrorResponse><Error>{inner}</Error></ErrorResponse>"
    return f'<?xml version="1.0" encoding="UTF-8"?>{xml}'.encode(), "text/xml"
