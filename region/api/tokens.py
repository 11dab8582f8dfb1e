"""Calls that are repeated with their client token: answered as before, and not done again.

Amazon EC2 API reference, "Ensuring idempotency". Answers are remembered until the region stops, the newest
thousand of them; RunInstances, whose token an instance keeps, remembers for good.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from region.api import wsgi
from region.api.calls import Call
from region.api.constraints import Violation

_MOST: Final = 1000
_OWN: Final = frozenset({"RunInstances"})
_OK: Final = "200"


@dataclass(frozen=True, slots=True)
class _Answer:
    request: str
    status: str
    headers: wsgi.Headers
    body: list[bytes]


class Tokens:
    """The answers to calls with a token."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[str, str], _Answer] = OrderedDict()
        self._lock = threading.Lock()

    def answer(
        self,
        call: Call | None,
        start_response: wsgi.StartResponse,
        execute: Callable[[wsgi.StartResponse], list[bytes]],
    ) -> list[bytes] | Violation:
        """Answer a call, with what `execute` answers or with what the same call was answered before.

        A `Violation` if the token is that of a call with other parameters.
        """
        key = _key(call)
        if call is None or key is None:
            return execute(start_response)
        request = json.dumps(call.parameters, sort_keys=True, default=str)
        with self._lock:
            known = self._answers.get(key)
        if known is None:
            return self._first(key, request, start_response, execute)
        if known.request != request:
            return Violation(
                "IdempotentParameterMismatch",
                "The client token you have provided is associated with a resource that has already been "
                "created with different parameters.",
            )
        start_response(known.status, known.headers)
        return known.body

    def _first(
        self,
        key: tuple[str, str],
        request: str,
        start_response: wsgi.StartResponse,
        execute: Callable[[wsgi.StartResponse], list[bytes]],
    ) -> list[bytes]:
        begun: list[tuple[str, wsgi.Headers]] = []

        def begin(status: str, headers: wsgi.Headers, *given: Any) -> object:
            begun.append((status, headers))
            return start_response(status, headers, *given)

        body = execute(begin)
        if begun and begun[-1][0].startswith(_OK):
            with self._lock:
                self._answers[key] = _Answer(request, *begun[-1], body)
                while len(self._answers) > _MOST:
                    self._answers.popitem(last=False)
        return body


def _key(call: Call | None) -> tuple[str, str] | None:
    """Return what calls that are the same have in common; None for a call that may be repeated."""
    if call is None or call.service != "ec2" or call.operation in _OWN:
        return None
    token = call.parameters.get("ClientToken")
    return (call.operation, str(token)) if token else None
