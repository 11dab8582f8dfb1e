"""Every request is in exactly one class, whatever Artillery calls its error."""

from __future__ import annotations

import pytest

from loadtest.outcomes import TIMEOUT_CODES, Outcome, classify


@pytest.mark.parametrize("code", sorted(TIMEOUT_CODES))
def test_every_name_of_a_timeout_is_a_timeout(code: str):
    assert classify(None, None, code) is Outcome.TIMEOUT


@pytest.mark.parametrize(
    ("status", "expected", "error", "outcome"),
    [
        (200, True, None, Outcome.GOOD),
        (404, True, None, Outcome.GOOD),
        (503, False, None, Outcome.SERVER_ERROR),
        (401, False, None, Outcome.CLIENT_ERROR),
        (302, False, None, Outcome.OTHER),
        (None, None, "ECONNREFUSED", Outcome.REFUSED),
        (None, None, "ECONNRESET", Outcome.RESET),
        (None, None, "EAI_AGAIN", Outcome.OTHER),
        # A 200 whose body never ended is not an answer.
        (200, True, "ERR_SOCKET_TIMEOUT", Outcome.TIMEOUT),
    ],
)
def test_classes(status: int | None, expected: bool | None, error: str | None, outcome: Outcome):
    assert classify(status, expected, error) is outcome
