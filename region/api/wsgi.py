"""AWS requests in WSGI: which action they call, and how errors are returned."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Literal
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
StartResponse = Callable[..., object]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
Protocol = Literal["cbor", "ec2", "json", "query", "s3"]
"""Formats of requests and errors: Smithy RPC v2, EC2's Query, JSON, Query, and S3's REST."""

READ_ACTION = re.compile(
    r"^(Describe|Get|List|Head|BatchGet|BatchDescribe|Lookup|Filter|Search|Simulate|Query|Scan)"
)
RPC_PATH = re.compile(r"/service/[^/]+/operation/([A-Za-z0-9]+)")
"""The path of a call in Smithy's RPC v2 protocol, which CloudWatch's clients speak."""

_SCOPE = re.compile(r"Credential=[^/&]+/\d+/[^/]+/([^/]+)/aws4_request")
"""A credential scope, in a header or as a parameter of a presigned URL."""

_XML_SERVICES = frozenset({"s3", "s3express", "route53", "cloudfront"})
"""Services whose calls are methods and paths, with errors in XML; those of all others are in JSON."""

REST = "REST"
REFUSED_PATHS = ("/moto-api",)
FORM = "application/x-www-form-urlencoded"


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
    scope = _SCOPE.search(str(environ.get("HTTP_AUTHORIZATION", ""))) or _SCOPE.search(
        unquote(str(environ.get("QUERY_STRING", "")))
    )
    return scope.group(1) if scope else ""


def protocol_of(environ: Environ) -> Protocol:
    """Return the protocol of a request, in whose format its client reads errors."""
    if RPC_PATH.fullmatch(str(environ.get("PATH_INFO", ""))):
        return "cbor"
    if environ.get("HTTP_X_AMZ_TARGET") or "json" in str(environ.get("CONTENT_TYPE", "")):
        return "json"
    service = service_of(environ)
    if service in {"ec2", "s3"}:
        return "ec2" if service == "ec2" else "s3"
    asks = "Action=" in str(environ.get("QUERY_STRING", ""))
    form = str(environ.get("CONTENT_TYPE", "")).startswith(FORM)
    if asks or form:
        return "query"
    if service in _XML_SERVICES:
        return "query" if service == "route53" else "s3"
    return "json" if service else "s3"


def foreign_error(environ: Environ, body: bytes) -> tuple[str, str] | None:
    """Return code and message of an error in JSON that answers a call in another protocol, else None.

    moto's services ask each other, and an error of the one asked leaves in its own format.
    """
    if protocol_of(environ) == "json" or not body.startswith(b"{"):
        return None
    try:
        error = json.loads(body)
        return str(error["__type"]), str(error.get("message") or error.get("Message") or "")
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def error_response(
    environ: Environ, start_response: StartResponse, status: str, code: str, message: str
) -> list[bytes]:
    """Respond with an error in the format that the service's clients parse."""
    body, headers = _error(protocol_of(environ), code, message)
    start_response(status, [*headers, ("Content-Length", str(len(body)))])
    return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]


def _error(protocol: Protocol, code: str, message: str) -> tuple[bytes, Headers]:
    if protocol == "cbor":
        # Two entries: a map of that length, then texts.
        texts = ("__type", code, "message", message)
        body = b"\xa2" + b"".join(map(_cbor_text, texts))
        return body, [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
    if protocol == "json":
        body = json.dumps({"__type": code, "message": message}).encode()
        return body, [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)]
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if protocol == "ec2":
        xml = f"<Response><Errors><Error>{inner}</Error></Errors></Response>"
    elif protocol == "s3":
        xml = f"<Error>{inner}</Error>"
    else:
        xml = f"<ErrorResponse><Error>{inner}</Error></ErrorResponse>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>{xml}'.encode()
    return body, [("Content-Type", "text/xml")]


def _cbor_text(text: str) -> bytes:
    """Encode a text of less than 64 KiB (RFC 8949, major type 3)."""
    content = text.encode()
    length = len(content)
    if length < 24:
        return bytes([0x60 + length]) + content
    if length < 0x100:
        return bytes([0x78, length]) + content
    return b"\x79" + length.to_bytes(2, "big") + content
