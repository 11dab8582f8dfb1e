"""When practice runs may begin, and how alarms end them.

https://docs.aws.amazon.com/r53recovery/latest/dg/arc-zonal-autoshift.considerations.html
Dates and times are in UTC. Callers hold the control plane's lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from region.api.own_services import ServiceError
from region.services.cloudwatch.rule_expressions import alarm_name

if TYPE_CHECKING:
    from region.api.server import ControlPlane

Configuration = Mapping[str, Any]
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY: Final = 24 * 60
_WEEK: Final = 7 * _DAY
"""In minutes."""


def invalid(message: str, reason: str) -> ServiceError:
    """Return the error for parameters that are not valid."""
    return ServiceError(400, "ValidationException", message, reason=reason)


def check(plane: ControlPlane, wanted: Configuration) -> None:
    """Refuse a configuration that AWS does not take.

    Raises:
        ServiceError: It has no outcome alarm, or an alarm, a date or a window that there is not.
    """
    if not wanted.get("outcomeAlarms"):
        message = "A practice run configuration needs an alarm in 'outcomeAlarms'."
        raise invalid(message, "InvalidPracticeBlocker")
    known = _alarms(plane)
    for item in (*wanted["outcomeAlarms"], *(wanted.get("blockingAlarms") or ())):
        if _name_of(item) not in known:
            message = f"The alarm {item.get('alarmIdentifier')} does not exist."
            raise invalid(message, "InvalidAlarmCondition")
    for text in wanted.get("blockedDates") or ():
        try:
            date.fromisoformat(text)
        except ValueError as error:
            message = f"blockedDates: '{text}' is not a date: {error}."
            raise invalid(message, "InvalidPracticeBlocker") from error
    for text in wanted.get("blockedWindows") or ():
        _window(text, "blockedWindows", "InvalidPracticeBlocker")
    for text in wanted.get("allowedWindows") or ():
        first, last = _window(text, "allowedWindows", "InvalidPracticeAllowedWindow")
        if first // _DAY != last // _DAY or first >= last:
            message = f"allowedWindows: '{text}' must begin and end on the same day."
            raise invalid(message, "InvalidPracticeAllowedWindow")


def why_not(plane: ControlPlane, configuration: Configuration, now: datetime) -> tuple[str, str]:
    """Return the reason, and a message, why no practice run may begin now; both empty if one may."""
    minute = now.weekday() * _DAY + now.hour * 60 + now.minute
    allowed = configuration.get("allowedWindows") or ()
    red = in_alarm(plane, configuration["outcomeAlarms"])
    blocking = in_alarm(plane, configuration.get("blockingAlarms") or ())
    if f"{now:%Y-%m-%d}" in (configuration.get("blockedDates") or ()):
        return "PracticeInBlockedDates", f"{now:%Y-%m-%d} is a blocked date."
    if any(_within(text, minute) for text in configuration.get("blockedWindows") or ()):
        return "PracticeInBlockedWindows", f"{now:%a %H:%M} is in a blocked window."
    if allowed and not any(_within(text, minute) for text in allowed):
        return "PracticeOutsideAllowedWindows", f"{now:%a %H:%M} is in no allowed window."
    if red:
        return "PracticeOutcomeAlarmsRed", f"Alarm {red[0]} is in alarm."
    if blocking:
        return "PracticeBlockingAlarmsRed", f"Alarm {blocking[0]} is in alarm."
    return "", ""


def has_failed(plane: ControlPlane, configuration: Configuration) -> bool:
    """Return whether an outcome alarm ends a practice run now."""
    return bool(in_alarm(plane, configuration.get("outcomeAlarms") or ()))


def in_alarm(plane: ControlPlane, items: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of those alarms of a configuration that are in ALARM."""
    alarms = _alarms(plane)
    names = [_name_of(item) for item in items]
    return [name for name in names if name in alarms and alarms[name].state_value == "ALARM"]


def _alarms(plane: ControlPlane) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", plane.backend("cloudwatch").alarms)


def _name_of(item: Mapping[str, Any]) -> str:
    return alarm_name(str(item.get("alarmIdentifier", "")))


def _window(text: str, what: str, reason: str) -> tuple[int, int]:
    """Return the minutes of the week at which a window such as `Mon:08:00-Tue:07:30` begins and ends."""
    first, _, last = text.partition("-")
    found: list[int] = []
    for end in (first, last):
        day, hour, minute = end.split(":")  # as the service's model has it
        if int(hour) >= 24 or int(minute) >= 60:
            raise invalid(f"{what}: '{text}' has a time that there is not.", reason)
        found.append(_DAYS.index(day) * _DAY + int(hour) * 60 + int(minute))
    return found[0], found[1]


def _within(text: str, minute: int) -> bool:
    first, last = _window(text, "", "")
    return (minute - first) % _WEEK < (last - first) % _WEEK
