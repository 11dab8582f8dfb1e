"""Schedule expressions of rules: `rate(5 minutes)` and `cron(0 9 ? * MON-FRI *)`.

A rate's minutes are AWS's, so they pass faster with the region's speed; the times of a cron expression
are those of the computer's clock, in UTC.
See https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from region.time_formats import cron
from region.time_formats.cron import CronError

_RATE: Final = re.compile(r"rate\((?P<value>[1-9]\d*) (?P<unit>minute|hour|day)(?P<plural>s?)\)")
_CRON: Final = re.compile(r"cron\((?P<fields>[^()]+)\)")
_MINUTES: Final = {"minute": 1, "hour": 60, "day": 24 * 60}
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_FRIDAY, _SATURDAY = 4, 5

OnDay = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so many minutes of AWS's clock."""

    minutes: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """The times of a cron expression of six fields, in UTC."""

    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    years: frozenset[int]
    on_day: OnDay

    def following(self, after: datetime) -> datetime | None:
        """Return the first time after a moment; None if there is none."""
        day = after.astimezone(UTC).date()
        for _ in range(cron.LONGEST_GAP_DAYS):
            if day.year in self.years and day.month in self.months and self.on_day(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                        if moment > after:
                            return moment
            day += timedelta(days=1)
        return None


def parse(expression: str) -> Rate | Calendar:
    """Read a schedule expression.

    Raises:
        CronError: It is none.
    """
    if (rate := _RATE.fullmatch(expression)) is not None:
        value = int(rate["value"])
        if (value == 1) == bool(rate["plural"]):
            raise CronError(f"{expression!r}: the unit of 1 is singular, of any other value plural")
        return Rate(value * _MINUTES[rate["unit"]])
    if (found := _CRON.fullmatch(expression)) is not None:
        return _calendar(found["fields"].split())
    raise CronError(f"{expression!r} is neither rate(value unit) nor cron(fields)")


def _calendar(fields: list[str]) -> Calendar:
    if len(fields) != 6:
        raise CronError(f"a cron expression has 6 fields, not {len(fields)}")
    minute, hour, day, month, weekday, year = fields
    if (day == "?") == (weekday == "?"):
        raise CronError("one of day-of-month and day-of-week must be ?, and only one")
    return Calendar(
        cron.values(minute, 0, 59),
        cron.values(hour, 0, 23),
        cron.values(month, 1, 12, cron.MONTHS),
        cron.values(year, _FIRST_YEAR, _LAST_YEAR),
        _by_weekday(weekday) if day == "?" else _by_date(day),
    )


def _by_date(field: str) -> OnDay:
    """Read day-of-month: `L` is the last day, `15W` the weekday that is nearest to the 15th."""
    if field == "L":
        return lambda day: day.day == _last_of(day)
    if field == "LW":
        return lambda day: day == _nearest_weekday(day, _last_of(day))
    if (near := re.fullmatch(r"(\d{1,2})W", field)) is not None:
        wanted = min(cron.values(near[1], 1, 31))
        return lambda day: wanted <= _last_of(day) and day == _nearest_weekday(day, wanted)
    days = cron.values(field, 1, 31)
    return lambda day: day.day in days


def _by_weekday(field: str) -> OnDay:
    """Read day-of-week, 1 for Sunday: `5L` is the month's last Thursday, `3#2` its second Tuesday."""
    if field == "L":
        return lambda day: _weekday(day) == 7
    if (last := re.fullmatch(r"(\w+)L", field)) is not None:
        of_last = cron.values(last[1], 1, 7, cron.DAYS)
        return lambda day: _weekday(day) in of_last and day.day > _last_of(day) - 7
    if (numbered := re.fullmatch(r"(\w+)#([1-5])", field)) is not None:
        of_number, number = cron.values(numbered[1], 1, 7, cron.DAYS), int(numbered[2])
        return lambda day: _weekday(day) in of_number and (day.day - 1) // 7 + 1 == number
    days = cron.values(field, 1, 7, cron.DAYS)
    return lambda day: _weekday(day) in days


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def _last_of(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_weekday(day: date, wanted: int) -> date:
    """Return the weekday nearest to a day of the same month, without leaving the month."""
    found = day.replace(day=wanted)
    if found.weekday() <= _FRIDAY:
        return found
    step = -1 if found.weekday() == _SATURDAY else 1
    if not 1 <= wanted + step <= _last_of(day):
        step *= -2
    return found + timedelta(days=step)
