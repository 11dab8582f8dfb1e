"""AWS services that moto does not have: the region answers them itself.

    register("arc-zonal-shift", answer)

The service's calls are those whose signature names it. `answer` is called with the control plane's
lock held; it returns what the call answers with, or raises `ServiceError`. REST and JSON only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import parse_qs, unquote

from region.api import calls, paging, wsgi


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a REST service.

    Attributes:
        path: The parts of the path, decoded.
        query: The first value of each parameter.
        body: The JSON of the body.
    """

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])


class ServiceError(Exception):
    """An error of a service; `details` are further members of it."""

    def __init__(self, status: int, code: str, message: str, **details: object) -> None:
        super().__init__(message)
        self.status, self.code, self.details = status, code, details


Answer = Callable[[Call], tuple[int, Mapping[str, object]]]
"""Returns the status and the members of the answer."""

_services: dict[str, Answer] = {}


def register(service: str, answer: Answer) -> None:
    """Answer the calls of a service, by the name in their signatures, in place of what answered before."""
    _services[service] = answer


def beside(moto: wsgi.Application) -> wsgi.Application:
    """Return an application that answers the services registered here, and leaves others to moto."""

    def application(environ: wsgi.Environ, start_response: wsgi.StartResponse) -> Any:
        service = wsgi.service_of(environ)
        answer = _services.get(service)
        if answer is None:
            return moto(environ, start_response)
        return [_answered(answer, service, environ, start_response)]

    return application


def _answered(
    answer: Answer, service: str, environ: wsgi.Environ, start_response: wsgi.StartResponse
) -> bytes:
    try:
        call = _call(environ)
        status, members = answer(call)
        if call.query:
            operation = calls.read(environ, b"", service).operation
            members = paging.cut({**members}, service, operation, call.query)
        headers: wsgi.Headers = []
    except ServiceError as error:
        status, members = error.status, {"message": str(error), **error.details}
        headers = [("x-amzn-ErrorType", error.code)]
    except paging.InvalidPageError as error:
        status, members = 400, {"message": error.message, "reason": "invalidToken"}
        headers = [("x-amzn-ErrorType", error.code)]
    body = json.dumps(members).encode()
    headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(f"{status} {HTTPStatus(status).phrase}", headers)
    return body


def _call(environ: wsgi.Environ) -> Call:
    content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    try:
        body: object = json.loads(content or b"{}")
    except ValueError as error:
        raise ServiceError(400, "ValidationException", f"The body is not JSON: {error}.") from error
    # An ARN in a path has encoded slashes, which the server has decoded in PATH_INFO.
    path = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ["PATH_INFO"])
    return Call(
        str(environ["REQUEST_METHOD"]),
        tuple(unquote(part) for part in path.partition("?")[0].strip("/").split("/")),
        {
            name: values[0]
            for name, values in parse_qs(str(environ.get("QUERY_STRING", ""))).items()
        },
        cast("dict[str, Any]", body) if isinstance(body, dict) else {},
    )
