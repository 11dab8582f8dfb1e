"""The classes into which every request falls, and Artillery's error codes behind them.

This is how a timeout is counted; the time limit itself is `http.timeout` in `scenario/builtin/`.
"""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The result of a request; exactly one per request."""

    GOOD = "good"
    SLOW = "slow"
    SERVER_ERROR = "5xx"
    CLIENT_ERROR = "4xx"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    RESET = "reset"
    OTHER = "other"


ANSWERED = frozenset({Outcome.GOOD, Outcome.SLOW, Outcome.SERVER_ERROR, Outcome.CLIENT_ERROR})
AS_EXPECTED = frozenset({Outcome.GOOD, Outcome.SLOW})
"""Answers that the scenario expects, in time or late: they fail no user."""
FAILED = frozenset(Outcome) - AS_EXPECTED
"""Everything else: one such request fails its user."""

TIMEOUT_CODES = frozenset(
    {
        "ETIMEDOUT",  # http.timeout: no answer after the request was sent
        "ESOCKETTIMEDOUT",
        "ERR_SOCKET_TIMEOUT",  # the agent: while connecting, or a response that stalled
        "UND_ERR_CONNECT_TIMEOUT",
        "UND_ERR_HEADERS_TIMEOUT",
        "UND_ERR_BODY_TIMEOUT",
    }
)
"""All of Artillery's names for a timeout; which one appears depends on the state of the request."""

REFUSED_CODES = frozenset({"ECONNREFUSED"})
RESET_CODES = frozenset({"ECONNRESET", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE"})

UNEXPECTED_STATUS = "UNEXPECTED_STATUS_"
"""Prefix of the errors with which the recorder fails a user who got an unexpected status."""

MISMATCH = "Failed capture or match"
"""Artillery's error for a response that lacks what the scenario captures or matches."""


def classify(
    status: int | None, expected: bool | None, error: str | None, *, late: bool = False
) -> Outcome:
    """Classify a request by its HTTP status, whether that was expected, and its error code.

    An error outweighs a status: a response that broke off is not an answer. `late` means that the
    first byte took longer than the run's threshold, which makes a good answer a slow one.
    """
    if error is not None:
        if error in TIMEOUT_CODES:
            return Outcome.TIMEOUT
        if error in REFUSED_CODES:
            return Outcome.REFUSED
        return Outcome.RESET if error in RESET_CODES else Outcome.OTHER
    if expected:
        return Outcome.SLOW if late else Outcome.GOOD
    if status is not None and status >= 500:
        return Outcome.SERVER_ERROR
    return Outcome.CLIENT_ERROR if status is not None and status >= 400 else Outcome.OTHER
