"""The shell around moto's WSGI application: what an AWS request is, and how errors are told."""

import io
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

READ_ACTION = re.compile(
    r"^(Describe|Get|List|Head|BatchGet|BatchDescribe|Lookup|Filter|Search|Simulate|Query|Scan)"
)
RPC_PATH = re.compile(r"/service/[^/]+/operation/([A-Za-z0-9]+)")
"""The path of a call in Smithy's RPC v2 protocol, which CloudWatch's clients speak."""

REST = "REST"
REFUSED_PATHS = ("/moto-api",)
FORM = "application/x-www-form-urlencoded"


def read_body(environ: Environ) -> bytes:
    """Take a request's body off the socket and leave it in `environ` to be read again.

    Done before the control plane's lock is taken, so that a slow client holds nobody up. A
    chunked body, which has no length, stays on the socket.
    """
    length = environ.get("CONTENT_LENGTH") or ""
    if not length.isdigit():
        return b""
    body: bytes = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def action_of(environ: Environ, body: bytes) -> str:
    """The AWS action that a request names, or `REST` where method and path name it."""
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
    """Whether a successful request of this kind may have changed the region."""
    if action == REST:
        return method not in {"GET", "HEAD", "OPTIONS"}
    return READ_ACTION.match(action) is None


def service_of(environ: Environ) -> str:
    """The service that signed requests name in their credential scope, or ''."""
    scope = re.search(
        r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", str(environ.get("HTTP_AUTHORIZATION", ""))
    )
    return scope.group(1) if scope else ""


def error_response(
    environ: Environ, start_response: StartResponse, status: str, code: str, message: str
) -> list[bytes]:
    """Answer with an error in the form that the service's clients parse."""
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
