"""The classes into which every request falls, and Artillery's error codes behind them."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What became of a request; exactly one per request."""

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
"""What the scenario asked for, in time or late: such an answer fails no user."""
FAILED = frozenset(Outcome) - AS_EXPECTED
"""Everything else: one such request fails its user."""

TIMEOUT_CODES = frozenset(
    {
        "ETIMEDOUT",  # http.timeout: no answer after the request was sent
        "ESOCKETTIMEDOUT",
        "ERR_SOCKET_TIMEOUT",  # the agent: connecting, or an answer that stopped in its middle
        "UND_ERR_CONNECT_TIMEOUT",
        "UND_ERR_HEADERS_TIMEOUT",
        "UND_ERR_BODY_TIMEOUT",
    }
)
"""All of Artillery's names for a timeout; which one appears depends on where the request stood."""

REFUSED_CODES = frozenset({"ECONNREFUSED"})
RESET_CODES = frozenset({"ECONNRESET", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE"})

UNEXPECTED_STATUS = "UNEXPECTED_STATUS_"
"""Prefix of the errors with which the recorder fails a user who got an unexpected status."""

MISMATCH = "Failed capture or match"
"""Artillery's error for an answer that lacks what the scenario captures from it or matches in it."""


def classify(
    status: int | None, expected: bool | None, error: str | None, *, late: bool = False
) -> Outcome:
    """The class of a request from its HTTP status, whether that was expected, and its error code.

    An error outweighs a status: an answer that broke off in its middle is no answer. `late` tells
    that the first byte took longer than the run's threshold; it makes a good answer a slow one.
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
