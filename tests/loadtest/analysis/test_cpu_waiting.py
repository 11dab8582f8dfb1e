"""A promise is not broken by what requests waited for a CPU of this computer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from loadtest.analysis import cpu_waiting
from loadtest.analysis.host_windows import HostWindows, windows
from loadtest.analysis.missed import MissedPercentile
from loadtest.models import Check
from loadtest.profiles import PROFILES
from loadtest.runs import table
from loadtest.runs.host import TargetSample
from loadtest.runs.recording import Exchange
from loadtest.runs.table import RequestTable
from tests.loadtest.analysis.computers import computer

QUICK = PROFILES["quick"]
BEGAN = 1_790_000_000_000.0
P99 = MissedPercentile("p99", 25.8)


def seen(
    waiting: Callable[[float], float | None], throttled: Callable[[float], int] = lambda _: 0
) -> HostWindows:
    """A computer whose only instance has waited so many seconds at each second of the load."""
    target = [
        TargetSample(
            BEGAN + second * 1000,
            "instance",
            "i-0",
            0.1 * second,
            0.1 * second,
            0.1,
            waited_s=waiting(second),
            throttled=throttled(second),
        )
        for second in range(-3, 34)
    ]
    return windows(computer(BEGAN, 30), target, began_ms=BEGAN, duration_s=30, expects_target=True)


@pytest.fixture
def late(make_users: Callable[..., list[Exchange]]) -> Callable[..., RequestTable]:
    """Requests of the hold, of which some are late; all others take 5 ms."""

    def made(share: float, ttfb_ms: float) -> RequestTable:
        found = table.from_exchanges(make_users(QUICK, ttfb_ms=5.0))
        ttfb = found.ttfb_ms.copy()
        count = round(share * len(ttfb))
        ttfb[np.argsort(found.start_ms)[-count:]] = ttfb_ms
        return replace(found, ttfb_ms=ttfb)

    return made


def checked(found: HostWindows, requests: RequestTable, *missed: MissedPercentile) -> Check:
    check = cpu_waiting.check(found, requests, BEGAN, missed)
    assert check is not None
    return check


def test_what_was_waited_explains_as_much_lateness(late: Any):
    # 102 of 5,100 are late by 14.2 ms, 51 too many: 0.72 s. The load's last 2 s were waited for 1.0 s.
    check = checked(seen(lambda s: max(0.0, 0.5 * (s - 20))), late(0.02, 40.0), P99)
    assert not check.passed
    assert "without 0.72 s of it, p99 would be within 25.8 ms" in str(check.detail)


@pytest.mark.parametrize(
    ("share", "ttfb_ms"),
    [(0.02, 400.0), (0.5, 40.0), (0.02, np.nan)],
    ids=["too late", "too many", "never answered"],
)
def test_more_lateness_than_was_waited_is_the_stack_s(late: Any, share: float, ttfb_ms: float):
    assert checked(seen(lambda s: max(0.0, 0.5 * (s - 20))), late(share, ttfb_ms), P99).passed


def test_waiting_at_another_time_explains_nothing(late: Any):
    assert checked(seen(lambda s: min(max(0.0, s), 10.0)), late(0.02, 40.0), P99).passed


def test_what_the_quota_of_an_instance_lets_wait_is_its_own(late: Any):
    throttled = seen(lambda s: max(0.0, 0.5 * (s - 20)), throttled=lambda s: int(s) + 3)
    assert checked(throttled, late(0.02, 40.0), P99).passed


def test_a_promise_that_was_kept_is_kept_whatever_was_waited(late: Any):
    check = checked(seen(lambda s: 0.51 * (s + 3)), late(0.001, 40.0))
    assert check.passed
    assert "waited 3.0 ms per request" in str(check.detail)


def test_all_that_was_missed_has_to_be_explained(late: Any):
    p50 = MissedPercentile("p50", 1.0)
    assert checked(seen(lambda s: max(0.0, 0.5 * (s - 20))), late(0.02, 40.0), P99, p50).passed


def test_nothing_is_said_where_nobody_recorded_it(late: Any):
    assert cpu_waiting.check(seen(lambda _: None), late(0.02, 40.0), BEGAN, [P99]) is None
