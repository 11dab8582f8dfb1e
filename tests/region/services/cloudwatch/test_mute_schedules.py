"""When mute rules mute."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from region.services.cloudwatch.mute_schedules import (
    ScheduleError,
    duration_of,
    expired,
    is_active,
    starts,
)

FRIDAY = datetime(2026, 11, 27, 18, 30, tzinfo=UTC)


def rule(expression, duration="PT1H", timezone=None, **dates):
    schedule = {"Expression": expression, "Duration": duration}
    if timezone:
        schedule["Timezone"] = timezone
    return {"Rule": {"Schedule": schedule}} | dates


@pytest.mark.parametrize(
    ("settings", "active"),
    [
        (rule("at(2026-11-27T18:00)"), True),
        (rule("at(2026-11-27T18:00)", "PT30M"), False),
        (rule("at(2026-11-28T03:30)", timezone="Asia/Seoul"), True),
        (rule("cron(0 18 * * FRI)"), True),
        (rule("cron(0 18 * * 5)"), True),
        (rule("cron(0 18 * * SAT,SUN)"), False),
        (rule("cron(0 18 27 NOV *)"), True),
        (rule("cron(0 2 * * *)", "P2DT12H"), True),
        (rule("cron(0 18 1 * FRI)"), True),
        (rule("cron(0 18 1 * MON)"), False),
        (rule("cron(0 18 * * *)", StartDate=datetime(2026, 12, 1, tzinfo=UTC)), False),
        (rule("cron(0 18 * * *)", ExpireDate=datetime(2026, 11, 1, tzinfo=UTC)), False),
    ],
)
def test_is_active(settings, active):
    assert is_active(settings, FRIDAY) is active


def test_expired():
    assert expired(rule("at(2026-11-27T17:00)"), FRIDAY)
    assert not expired(rule("cron(0 2 * * *)"), FRIDAY)


@pytest.mark.parametrize(
    "text", ["", "rate(5 minutes)", "cron(0 18 * *)", "cron(60 * * * *)", "at(2026-13-01T00:00)"]
)
def test_no_schedule(text):
    with pytest.raises(ScheduleError):
        starts(text)


@pytest.mark.parametrize("text", ["PT30S", "P16D", "4 hours", ""])
def test_no_duration(text):
    with pytest.raises(ScheduleError):
        duration_of(text)
