"""What Amazon EventBridge refuses about event buses and patterns: part of `messages-accepted`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from guardrails import tokens
from guardrails.architecture.policy_documents import parsed
from guardrails.refusals import JointRefusal, alone
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent, show

_GUIDE: Final = "https://docs.aws.amazon.com/eventbridge/latest/userguide/"
_API: Final = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/"
_DEFAULT: Final = "default"
_BUS: Final = ("aws:cloudwatch/eventBus:EventBus",)
_BUS_KEYS: Final = ("name", "arn", "id")
_RULE_KEYS: Final = ("name", "id", "arn")


def _bus(stack: Stack, resource: Resource) -> Any:
    """Return the event bus of a rule or target: its resource, its name, or `UNKNOWN`."""
    if resource.left_out("eventBusName"):
        return _DEFAULT
    found = stack.references(resource, "eventBusName", _BUS, _BUS_KEYS)
    if len(found.resources) == 1 and found.complete:
        return found.resources[0]
    given = resource.get("eventBusName")
    if not isinstance(given, str):
        return UNKNOWN
    return given.rpartition("/")[2] if given.startswith("arn:") else given


def _shown(bus: Any) -> str:
    return f'"{bus.name}"' if isinstance(bus, Resource) else show(bus)


def _elsewhere(stack: Stack, target: Resource) -> Iterator[str]:
    """Find a target whose rule is on another event bus."""
    own = _bus(stack, target)
    rules = stack.references(target, "rule", tokens.EVENT_RULE, _RULE_KEYS)
    for rule in rules.resources:
        theirs = _bus(stack, rule)
        if UNKNOWN not in (own, theirs) and own != theirs:
            yield (
                f'its event bus is {_shown(own)}, and its rule "{rule.name}" is on event bus '
                f"{_shown(theirs)}"
            )


def _scheduled(stack: Stack, rule: Resource) -> str | None:
    bus = _bus(stack, rule)
    if is_absent(rule.get("scheduleExpression")) or bus in (_DEFAULT, UNKNOWN):
        return None
    return f"schedule_expression is set, and it is on event bus {_shown(bus)}"


def _pattern(rule: Resource) -> str | None:
    pattern = parsed(rule.get("eventPattern"))  # of what is not JSON another row says so
    found = _no_list(pattern) if isinstance(pattern, dict) else None
    return f"event_pattern says {found}, where a list belongs" if found else None


def _no_list(pattern: Mapping[str, Any]) -> str | None:
    """Return the first field of an event pattern that is neither a list nor has fields of its own."""
    for name, value in pattern.items():
        if isinstance(value, Mapping):
            found = _no_list(value)
            if found is not None:
                return found
        elif not isinstance(value, list):
            return f"{json.dumps(name)}: {json.dumps(value)}"
    return None


TABLE = (
    JointRefusal(
        types=tokens.EVENT_TARGET,
        says="ResourceNotFoundException: Rule does not exist on EventBus.",
        source=f"{_API}API_PutTargets.html",
        remedy="set event_bus_name of the target and of its rule to the same event bus.",
        find=_elsewhere,
    ),
    JointRefusal(
        types=tokens.EVENT_RULE,
        says="ValidationException: ScheduleExpression is supported only on the default event bus.",
        source=f"{_GUIDE}eb-create-rule-schedule.html",
        remedy=(
            "remove event_bus_name of the rule and of its targets, or make it an aws.scheduler.Schedule."
        ),
        find=_scheduled,
    ),
    JointRefusal(
        types=tokens.EVENT_RULE,
        says="InvalidEventPatternException: Event pattern is not valid: a field must be an array.",
        source=f"{_GUIDE}eb-event-patterns.html",
        remedy='write each value in event_pattern as a list, for example {"source": ["shop"]}.',
        find=alone(_pattern),
    ),
)
"""Appended to the table of `messages-accepted`."""
