"""When an alarm mute rule is active: `cron(...)` or `at(...)`, and for how long. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Schedule.html

A schedule is of the calendar, so the region's speed changes neither it nor its duration.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from region import durations
from region.services.cloudwatch.windows import zone_of

_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?)\)")
_CRON = re.compile(r"cron\(([^()]+)\)")
_MONTHS: Final = (
    "JAN",
    "FEB",
    "MAR",
    "APR",
    "MAY",
    "JUN",
    "JUL",
    "AUG",
    "SEP",
    "OCT",
    "NOV",
    "DEC",
)
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
SHORTEST_S, LONGEST_S = 60, 15 * 86_400
_FIELDS: Final = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
)


class ScheduleError(ValueError):
    """A schedule that is none; the message says why."""


def duration_of(text: str) -> timedelta:
    """Return an ISO 8601 duration such as `PT4H`.

    Raises:
        ScheduleError: It is none, or out of range.
    """
    seconds = durations.seconds_of(text)
    if seconds is None or not SHORTEST_S <= seconds <= LONGEST_S:
        raise ScheduleError(f"Duration {text} must be from PT1M to P15D.")
    return timedelta(seconds=seconds)


def _field(text: str, name: str, low: int, high: int, words: tuple[str, ...]) -> frozenset[int]:
    found: set[int] = set()
    for part in text.upper().split(","):
        first, _, last = part.partition("-")
        if part == "*":
            found |= set(range(low, high + 1))
            continue
        numbers: list[int] = []
        for one in (first, last or first):
            if one in words:
                numbers.append(words.index(one) + (1 if words is _MONTHS else 0))
            elif one.isdecimal():
                numbers.append(int(one))
        if len(numbers) != 2 or not low <= numbers[0] <= numbers[1] <= high:
            raise ScheduleError(f"{part!r} is not a {name} of a cron expression.")
        found |= set(range(numbers[0], numbers[1] + 1))
    return frozenset(found)


@lru_cache(maxsize=256)
def starts(expression: str) -> Callable[[datetime], bool] | datetime:
    """Return the local time of an `at` expression, or whether a `cron` expression has a minute.

    Raises:
        ScheduleError: It is neither.
    """
    once = _AT.fullmatch(expression)
    if once:
        try:
            return datetime.fromisoformat(once[1])
        except ValueError as error:
            raise ScheduleError(f"{expression} is not a time.") from error
    often = _CRON.fullmatch(expression)
    parts = often[1].split() if often else []
    if len(parts) != len(_FIELDS):
        raise ScheduleError(
            f"{expression} is neither cron(Minutes Hours Day-of-month Month Day-of-week) nor "
            "at(yyyy-MM-ddThh:mm)."
        )
    minutes, hours, days, months, weekdays = (
        _field(part, *field) for part, field in zip(parts, _FIELDS, strict=True)
    )
    either = parts[2] != "*" and parts[4] != "*"

    def fits(at: datetime) -> bool:
        weekday = at.isoweekday() % 7
        by_week = weekday in weekdays or (weekday == 0 and 7 in weekdays)
        by_day = at.day in days
        on_day = (by_week or by_day) if either else (by_week and by_day)
        return at.minute in minutes and at.hour in hours and at.month in months and on_day

    return fits


def is_active(settings: Mapping[str, Any], now: datetime) -> bool:
    """Return whether a rule mutes at a time.

    Raises:
        ScheduleError: Its schedule is none.
    """
    if expired(settings, now) or now < _limit(settings, "StartDate", now):
        return False
    schedule = settings["Rule"]["Schedule"]
    local = now.astimezone(zone_of(str(schedule.get("Timezone") or "UTC"))).replace(tzinfo=None)
    duration = duration_of(str(schedule["Duration"]))
    begin = starts(str(schedule["Expression"]))
    if isinstance(begin, datetime):
        return begin <= local < begin + duration
    minute = local.replace(second=0, microsecond=0)
    return _began_within(str(schedule["Expression"]), duration, minute)


@lru_cache(maxsize=256)
def _began_within(expression: str, duration: timedelta, minute: datetime) -> bool:
    """Return whether a `cron` expression has one of the minutes up to this one; asked every second."""
    begin = starts(expression)
    if isinstance(begin, datetime):
        return False
    count = int(duration.total_seconds() // 60)
    return any(begin(minute - timedelta(minutes=ago)) for ago in range(count))


def expired(settings: Mapping[str, Any], now: datetime) -> bool:
    """Return whether a rule will never mute again."""
    if settings.get("ExpireDate") is not None and now >= _limit(settings, "ExpireDate", now):
        return True
    schedule = settings["Rule"]["Schedule"]
    begin = starts(str(schedule["Expression"]))
    if not isinstance(begin, datetime):
        return False
    zone = zone_of(str(schedule.get("Timezone") or "UTC"))
    return now >= begin.replace(tzinfo=zone) + duration_of(str(schedule["Duration"]))


def _limit(settings: Mapping[str, Any], name: str, default: datetime) -> datetime:
    found = settings.get(name)
    if found is None:
        return default
    return found if found.tzinfo else found.replace(tzinfo=UTC)
