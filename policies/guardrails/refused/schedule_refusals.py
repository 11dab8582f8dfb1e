"""What AWS refuses about schedules and event rules."""

from __future__ import annotations

import json
import re

from guardrails import tokens
from guardrails.refusals import JointRefusal, alone
from guardrails.resources import Resource
from guardrails.values import is_absent, show

_EVENTS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html"
_PUT_RULE = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html"

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
_HIGHEST = ((59, 0), (23, 0), (31, 1))
_FIELDS = 6


def _schedule(one: Resource) -> str | None:
    given = one.get("scheduleExpression")
    if not isinstance(given, str) or not given:
        return None
    problem = _why_not(given, scheduler=one.type in tokens.SCHEDULED_CALL)
    return f"schedule_expression is {show(given)}: {problem}" if problem else None


def _why_not(given: str, *, scheduler: bool) -> str | None:
    """Return what is wrong; EventBridge Scheduler takes more than the rules of EventBridge do."""
    if scheduler and given.startswith("at("):
        return None
    if given.startswith("rate("):
        return _rate(given, either_unit=scheduler)
    if not given.startswith("cron(") or not given.endswith(")"):
        return "it begins with cron( or rate("
    return _cron(given.removeprefix("cron(").removesuffix(")").split())


def _rate(given: str, *, either_unit: bool) -> str | None:
    rate = _RATE.fullmatch(given)
    if rate is None or int(rate[1]) == 0:
        return "a rate is a positive number and minute(s), hour(s) or day(s)"
    if not either_unit and bool(rate[3]) != (int(rate[1]) != 1):
        return "a value of 1 has a singular unit, any other value a plural one"
    return None


def _cron(fields: list[str]) -> str | None:
    if len(fields) != _FIELDS:
        return f"cron has six fields, here are {len(fields)}"
    if (fields[2] == "?") == (fields[4] == "?"):
        return "one of day-of-month and day-of-week is ?, the other one not"
    for field, (highest, lowest) in zip(fields, _HIGHEST, strict=False):
        numbers = [int(one) for one in re.findall(r"(?<![/\d])\d+", field)]
        if any(not lowest <= one <= highest for one in numbers):
            return f"{field} is outside {lowest} to {highest}"
    return None


def _pattern(rule: Resource) -> str | None:
    given = rule.get("eventPattern")
    if not isinstance(given, str) or not given:
        return None
    try:
        value = json.loads(given)
    except ValueError:
        return f"event_pattern {show(given)} is not JSON"
    return None if isinstance(value, dict) else f"event_pattern {show(given)} is not an object"


def _idle_rule(rule: Resource) -> str | None:
    if is_absent(rule.get("eventPattern")) and is_absent(rule.get("scheduleExpression")):
        return "neither event_pattern nor schedule_expression is set"
    return None


TABLE = (
    JointRefusal(
        types=(*tokens.EVENT_RULE, *tokens.SCHEDULED_CALL),
        says="ValidationException: Parameter ScheduleExpression is not valid.",
        source=_EVENTS,
        remedy='write schedule_expression as "rate(5 minutes)" or "cron(0 10 * * ? *)".',
        find=alone(_schedule),
    ),
    JointRefusal(
        types=tokens.EVENT_RULE,
        says="InvalidEventPatternException: Event pattern is not valid.",
        source=_PUT_RULE,
        remedy="set event_pattern to a JSON object, for example by json.dumps.",
        find=alone(_pattern),
    ),
    JointRefusal(
        types=tokens.EVENT_RULE,
        says="ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified.",
        source=_PUT_RULE,
        remedy="set event_pattern or schedule_expression.",
        find=alone(_idle_rule),
    ),
)
