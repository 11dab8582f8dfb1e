"""Cron expressions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.time_formats.cron import CronError, following, parse

NOW = datetime(2026, 11, 26, 10, 7, 30, tzinfo=UTC)  # A Thursday.


@pytest.mark.parametrize(
    ("expression", "zone", "expected"),
    [
        ("*/5 * * * *", "UTC", "2026-11-26T10:10"),
        ("0 9 * * *", "UTC", "2026-11-27T09:00"),
        ("30 0 1 1,6,12 *", "UTC", "2026-12-01T00:30"),
        ("0 8 * * MON-FRI", "UTC", "2026-11-27T08:00"),
        ("0 8 * * 7", "UTC", "2026-11-29T08:00"),
        ("0 8 13 * 5", "UTC", "2026-11-27T08:00"),  # the 13th, or a Friday
        ("0 9 * * *", "Asia/Seoul", "2026-11-27T00:00"),
        ("0 12 29 2 *", "UTC", "2028-02-29T12:00"),
        ("10-20/5 10 * * *", "UTC", "2026-11-26T10:10"),
        ("8 10 * nov thu", "UTC", "2026-11-26T10:08"),
    ],
)
def test_the_next_time(expression, zone, expected):
    found = following(parse(expression), NOW, zone)
    assert found is not None
    assert found.strftime("%Y-%m-%dT%H:%M") == expected


def test_a_time_that_daylight_saving_skips_does_not_occur():
    before = datetime(2026, 3, 7, 12, tzinfo=UTC)
    found = following(parse("30 2 * * *"), before, "America/New_York")
    assert found == datetime(2026, 3, 9, 6, 30, tzinfo=UTC)


def test_a_day_that_no_year_has():
    assert following(parse("0 0 31 2 *"), NOW) is None


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "* * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "a * * * *",
        "*/0 * * * *",
        "5-1 * * * *",
        "*-5 * * * *",
        "1,,2 * * * *",
        "* * * * * *",
    ],
)
def test_what_is_none_is_refused(expression):
    with pytest.raises(CronError):
        parse(expression)


@given(
    st.integers(0, 59),
    st.integers(0, 23),
    st.integers(1_700_000_000, 1_900_000_000),
)
def test_a_daily_time_is_within_a_day(minute, hour, moment):
    after = datetime.fromtimestamp(moment, UTC)
    found = following(parse(f"{minute} {hour} * * *"), after)
    assert found is not None
    assert timedelta(0) < found - after <= timedelta(days=1)
    assert (found.hour, found.minute) == (hour, minute)
