"""When an alarm mute rule is active: `cron(...)` or `at(...)`, and for how long. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Schedule.html

A schedule is of the calendar, so the region's speed changes neither it nor its duration.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from region.services.cloudwatch.windows import zone_of
from region.time_formats import cron, durations
from region.time_formats.cron import Cron

_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?)\)")
_CRON = re.compile(r"cron\(([^()]+)\)")
SHORTEST_S, LONGEST_S = 60, 15 * 86_400


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


@lru_cache(maxsize=256)
def starts(expression: str) -> Cron | datetime:
    """Return the local time of an `at` expression, or the times of a `cron` expression, without steps.

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
    if often is None or "/" in expression:
        raise ScheduleError(
            f"{expression} is neither cron(Minutes Hours Day-of-month Month Day-of-week) nor "
            "at(yyyy-MM-ddThh:mm)."
        )
    try:
        return cron.parse(often[1])
    except cron.CronError as error:
        raise ScheduleError(f"{error}.") from error


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
    return any(begin.fits(minute - timedelta(minutes=ago)) for ago in range(count))


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
