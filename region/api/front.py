"""The way of a request through the API: who calls, which operation with what, whether the region has it.

Everything here happens before the control plane's lock is taken, and without it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from region.api import (
    bodies,
    callers,
    calls,
    constraints,
    preconditions,
    resource_names,
    support,
    texts,
    wsgi,
)
from region.api.bodies import BusyError, Intake, TooLargeError
from region.api.guard import Caller, Guard, Refusal
from region.api.saving import NotSavedError
from region.api.tokens import Tokens

log = logging.getLogger(__name__)

Execute = Callable[[wsgi.Environ, wsgi.StartResponse, str], list[bytes]]
"""Execute a request of an action and respond to it."""

_INSTEAD: Final = {
    "CreateDocument": " Send the document's commands with AWS-RunShellScript.",
    "StartSession": " For a shell in an instance: python -m rehearsal shell INSTANCE",
}
"""What does the same in another way."""
_ACCOUNT_HEADER: Final = "HTTP_X_MOTO_ACCOUNT_ID"
_BAD_REQUEST: Final = "400 Bad Request"
_FORBIDDEN: Final = "403 Forbidden"
_FAILURE: Final = "500 Internal Server Error"
_NOT_IMPLEMENTED: Final = "501 Not Implemented"


class _RefusedError(Exception):
    """A request that is answered with an error of its service."""

    def __init__(self, status: str, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Front:
    """The WSGI application of the API: refuses requests, or has them executed."""

    def __init__(self, guard: Guard, execute: Execute) -> None:
        """Let `guard` say who may call, and `execute` do what is asked."""
        self._guard = guard
        self._execute = execute
        self._intake = Intake()
        self._tokens = Tokens()

    def __call__(self, environ: wsgi.Environ, start_response: wsgi.StartResponse) -> list[bytes]:
        """Answer a request; every failure has the form of its service."""
        try:
            caller = self._caller(environ)
            service = caller.claim.service or "s3"
            with self._intake.body_of(environ, service) as sent:
                self._verify(caller, environ, sent)
                body = _decoded(environ, sent, service)
                bodies.check_call(service, wsgi.action_of(environ, body), len(sent))
                _check_texts(environ, body)
                with callers.calling(caller.holder):
                    return self._perform(environ, start_response, body)
        except _RefusedError as refused:
            found = refused
        except TooLargeError as error:
            found = _RefusedError("413 Content Too Large", error.code, str(error))
        except BusyError as error:
            found = _RefusedError(
                "503 Slow Down", "SlowDown", f"Please reduce your request rate: {error}"
            )
        return wsgi.error_response(environ, start_response, found.status, found.code, found.message)

    def _caller(self, environ: wsgi.Environ) -> Caller:
        caller = self._guard.examine(environ)
        if isinstance(caller, Refusal):
            raise _RefusedError(_FORBIDDEN, caller.code, caller.message)
        return caller

    def _verify(self, caller: Caller, environ: wsgi.Environ, body: bytes) -> None:
        """Refuse a request whose caller may not make it."""
        wrong = self._guard.verify(caller, environ, body)
        if wrong is not None:
            raise _RefusedError(_FORBIDDEN, wrong.code, wrong.message)
        path = str(environ.get("PATH_INFO", ""))
        if path.startswith(wsgi.REFUSED_PATHS):
            message = f"{path} is not an AWS call: stop the region instead of resetting it."
            raise _RefusedError(_FORBIDDEN, "AccessDenied", message)
        environ.pop(_ACCOUNT_HEADER, None)

    def _perform(
        self, environ: wsgi.Environ, start_response: wsgi.StartResponse, body: bytes
    ) -> list[bytes]:
        action = wsgi.action_of(environ, body)
        what = f"{action} {environ.get('PATH_INFO', '')}"
        instead = _INSTEAD.get(action, "")
        call: calls.Call | None = None
        try:
            call = _require_supported(environ, body, instead)
            answer = self._tokens.answer(
                call, start_response, lambda begin: self._execute(environ, begin, action)
            )
        except _RefusedError:
            raise
        except NotImplementedError as error:
            named = call.operation if call is not None else action
            message = f"The local region does not implement {named} ({error}).{instead}"
            raise _RefusedError(_NOT_IMPLEMENTED, "NotImplemented", message) from error
        except UnicodeError as error:
            log.exception("%s has a text that cannot be used", what)
            message = "The request has a text that cannot be encoded."
            raise _unreadable(environ, message) from error
        except NotSavedError as error:
            message = f"{action} took effect, but a restart may forget it: {error}"
            raise _RefusedError(_FAILURE, "InternalFailure", message) from error
        except Exception as error:
            log.exception("%s failed", what)
            message = f"{action} failed in the local region: {type(error).__name__}: {error}"
            raise _RefusedError(_FAILURE, "InternalFailure", message) from error
        if isinstance(answer, constraints.Violation):
            raise _RefusedError(_BAD_REQUEST, answer.code, answer.message)
        return answer


def _unreadable(environ: wsgi.Environ, message: str) -> _RefusedError:
    """Return the answer to a request that does not follow its protocol."""
    return _RefusedError(_BAD_REQUEST, texts.CODES[wsgi.protocol_of(environ)], message)


def _decoded(environ: wsgi.Environ, body: bytes, service: str) -> bytes:
    try:
        return bodies.decoded(environ, body, service)
    except ValueError as error:
        raise _unreadable(environ, str(error)) from error


def _check_texts(environ: wsgi.Environ, body: bytes) -> None:
    """Refuse a request with invalid text."""
    if objection := texts.objection(environ, body):
        raise _unreadable(environ, objection)


def _require_supported(environ: wsgi.Environ, body: bytes, instead: str) -> calls.Call | None:
    """Return the call that a request makes, None where it need not be known.

    Refuse what the region does not do, what AWS's model rules out, and what is only a trial.

    Raises:
        _RefusedError: It is one of these.
    """
    service = calls.service_of(environ, body)
    declared = support.of(service)
    checked = declared or service in constraints.SERVICES
    call = calls.read(environ, body, service) if checked else None
    try:
        refusal = declared.refusal(call) if declared and call else support.unknown_service(service)
        broken = _violation(call) if call and not refusal else None
        trial = service == "ec2" and call and call.parameters.get("DryRun")
        foreign = call is not None and preconditions.is_of_another_owner(call)
    except ValueError as error:
        raise _unreadable(environ, str(error)) from error
    if refusal:
        raise _RefusedError(_NOT_IMPLEMENTED, "NotImplemented", f"{refusal}{instead}")
    if broken:
        raise _RefusedError(_BAD_REQUEST, broken.code, broken.message)
    if foreign:
        raise _RefusedError(_FORBIDDEN, "AccessDenied", "Access Denied")
    if trial:
        message = "Request would have succeeded, but DryRun flag is set."
        raise _RefusedError("412 Precondition Failed", "DryRunOperation", message)
    return call


def _violation(call: calls.Call) -> constraints.Violation | None:
    return (
        constraints.violation(call)
        or resource_names.violation(call)
        or preconditions.violation(call)
    )
