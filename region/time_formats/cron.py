"""Cron expressions of five fields: minute, hour, day of month, month, day of week.

Lists, ranges, steps, and names of months and days. As in cron, a time fits one of both days if both are
restricted. See https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

LONGEST_GAP_DAYS = 366 * 8 + 1
"""From one 29 February to the next there may be eight years."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART = re.compile(r"(?P<start>\*|\w+)(?:-(?P<end>\w+))?(?:/(?P<step>\d+))?")


class CronError(ValueError):
    """An expression that is none; the message says which part is wrong."""


@dataclass(frozen=True, slots=True)
class Cron:
    """The times of an expression."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    def fits(self, moment: datetime) -> bool:
        """Return whether the minute of a moment is one of the times."""
        return moment.minute in self.minutes and moment.hour in self.hours and self.fits_day(moment)

    def fits_day(self, moment: datetime) -> bool:
        """Return whether one of the times is on that day."""
        if moment.month not in self.months:
            return False
        by_date = moment.day in self.days
        by_weekday = moment.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return by_date and by_weekday
        return by_date or by_weekday


def parse(expression: str) -> Cron:
    """Read an expression.

    Raises:
        CronError: It is none.
    """
    fields = expression.split()
    if len(fields) != 5:
        raise CronError(f"{expression!r} has {len(fields)} fields instead of 5")
    minute, hour, day, month, weekday = fields
    return Cron(
        values(minute, 0, 59),
        values(hour, 0, 23),
        values(day, 1, 31),
        values(month, 1, 12, MONTHS),
        frozenset(value % 7 for value in values(weekday, 0, 7, DAYS)),
        any_day=day.startswith("*"),
        any_weekday=weekday.startswith("*"),
    )


def following(cron: Cron, after: datetime, zone: str = "UTC") -> datetime | None:
    """Return the first time after a moment, in UTC; None if there is none, as on 31 February.

    A local time that the change to daylight saving time skips does not occur.
    """
    place = ZoneInfo(zone)
    day = after.astimezone(place).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    for _ in range(LONGEST_GAP_DAYS):
        if cron.fits_day(day):
            for hour in sorted(cron.hours):
                for minute in sorted(cron.minutes):
                    local = day.replace(hour=hour, minute=minute)
                    moment = local.replace(tzinfo=place).astimezone(UTC)
                    exists = moment.astimezone(place).replace(tzinfo=None) == local
                    if exists and moment > after:
                        return moment
        day += timedelta(days=1)
    return None


def values(field: str, low: int, high: int, names: tuple[str, ...] = ()) -> frozenset[int]:
    """Read one field: lists, ranges and steps of numbers from `low` to `high`, or of names from `low` on.

    Raises:
        CronError: It is none.
    """
    found: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise CronError(f"{part!r} is not a part of a cron expression")
        start, end, step = match["start"], match["end"], int(match["step"] or 1)
        if start == "*":
            first, last = low, high
        else:
            first = _number(start, low, names)
            last = _number(end, low, names) if end else (high if match["step"] else first)
        if step < 1 or not low <= first <= last <= high or (start == "*" and end):
            raise CronError(f"{part!r} is not within {low} to {high}")
        found.update(range(first, last + 1, step))
    return frozenset(found)


def _number(text: str, low: int, names: tuple[str, ...]) -> int:
    if text.lower() in names:
        return names.index(text.lower()) + low
    if not text.isdecimal():
        raise CronError(f"{text!r} is not a number of a cron expression")
    return int(text)
