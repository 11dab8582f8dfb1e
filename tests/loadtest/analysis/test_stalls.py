"""A promise is not broken by moments in which the computer stood still."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from loadtest.analysis import stalls
from loadtest.analysis.missed import MissedPercentile
from loadtest.models import Check
from loadtest.profiles import PROFILES
from loadtest.runs import table
from loadtest.runs.recording import Exchange
from loadtest.runs.stalls import Stall
from loadtest.runs.table import RequestTable

QUICK = PROFILES["quick"]
P99 = MissedPercentile("p99", 25.8)


@pytest.fixture
def late(make_users: Callable[..., list[Exchange]]) -> Callable[..., RequestTable]:
    """Requests of which the last are late; all others take 5 ms."""

    def made(share: float, ttfb_ms: float) -> RequestTable:
        found = table.from_exchanges(make_users(QUICK, ttfb_ms=5.0))
        ttfb = found.ttfb_ms.copy()
        ttfb[np.argsort(found.start_ms)[-round(share * len(ttfb)) :]] = ttfb_ms
        return replace(found, ttfb_ms=ttfb)

    return made


def throughout(requests: RequestTable, every_ms: float, length_ms: float) -> list[Stall]:
    """The computer stands still for so long, again and again."""
    first, last = float(requests.start_ms.min()), float(requests.start_ms.max()) + 1000
    return [Stall(at, at + length_ms) for at in np.arange(first, last, every_ms).tolist()]


def checked(requests: RequestTable, found: list[Stall], *missed: MissedPercentile) -> Check:
    return stalls.check(requests, found, stalls.during(requests, found), missed)


def test_of_each_latency_the_moments_in_it_count(make_users: Any):
    requests = table.from_exchanges(make_users(QUICK, ttfb_ms=50.0))
    began = float(requests.start_ms[0])
    moments = [
        Stall(began - 20, began + 10),
        Stall(began + 20, began + 25),
        Stall(began + 45, began + 1000),
    ]
    in_the_last = float(requests.ttfb_ms[0]) - 45
    assert stalls.during(requests, moments)[0] == pytest.approx(10 + 5 + in_the_last, abs=0.01)
    assert not stalls.during(requests, []).any()


def test_what_was_never_answered_is_not_explained(make_users: Any):
    requests = table.from_exchanges(make_users(QUICK, ttfb_ms=50.0))
    requests = replace(requests, ttfb_ms=np.full(len(requests), np.nan))
    found = throughout(requests, 100.0, 90.0)
    assert not stalls.during(requests, found).any()
    assert checked(requests, found, P99).passed


def test_late_only_in_such_moments_is_not_the_stack(late: Any):
    requests = late(0.02, 60.0)
    check = checked(requests, throughout(requests, 60.0, 40.0), P99)
    assert not check.passed
    assert "without these moments p99 would be" in str(check.detail)


@pytest.mark.parametrize(
    ("share", "ttfb_ms", "length_ms"),
    [(0.02, 400.0, 2.0), (0.02, 60.0, 1.0)],
    ids=["too late", "too short"],
)
def test_later_than_that_is_the_stack_s(late: Any, share: float, ttfb_ms: float, length_ms: float):
    requests = late(share, ttfb_ms)
    check = checked(requests, throughout(requests, 60.0, length_ms), P99)
    assert check.passed
    assert "stalled, or nearly so" in str(check.detail)


def test_a_percentile_within_its_limit_needs_no_explanation(late: Any):
    requests = late(0.02, 20.0)
    uncertain = replace(P99, certain=False)
    assert checked(requests, throughout(requests, 60.0, 40.0), uncertain).passed


def test_what_cannot_be_explained_breaks_the_promise_all_the_same(late: Any):
    requests = late(0.02, 60.0)
    p50 = MissedPercentile("p50", 1.0)
    found = throughout(requests, 2000.0, 1900.0)
    assert not checked(requests, found, P99).passed
    assert checked(requests, throughout(requests, 60.0, 40.0)[-40:], P99, p50).passed


def test_a_computer_that_never_stood_still(late: Any):
    check = checked(late(0.02, 60.0), [], P99)
    assert check.passed
    assert str(check.detail) == "this computer never stalled"
