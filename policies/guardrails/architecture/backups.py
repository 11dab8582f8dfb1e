"""What the backup plans of a stack select, and for how long they keep it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from guardrails import tokens
from guardrails.architecture.answers import Answer, no
from guardrails.architecture.policy_documents import matches, same_partition
from guardrails.architecture.tags import tags_of
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, number

_RESOURCE_TAG = "aws:ResourceTag/"
_FOR_EVER = 36_500.0
"""Days of a rule without `delete_after`."""
_YEAR, _MONTH, _WEEK = 365.0, 31.0, 7.0
_UNITS = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1.0}
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")


def interval(schedule: Any) -> float | None:
    """Return the days between two copies by a schedule of AWS Backup, `None` if that is not known.

    Without a schedule it copies daily. Of a list of days the longest gap is not looked for: a share of
    the week, month or year is near enough.
    """
    if is_absent(schedule):
        return 1.0
    rate, cron = _RATE.fullmatch(str(schedule)), _CRON.fullmatch(str(schedule))
    if rate is not None:
        return int(rate[1]) * _UNITS[rate[2]]
    return None if cron is None else _gap(*cron.groups()[2:])


def _gap(day: str, month: str, weekday: str, year: str) -> float | None:
    """Return the days between two copies by the fields of a cron expression."""
    fields = ((month, _YEAR), (day, _MONTH), (weekday, _WEEK))
    field, span = next((one for one in fields if one[0] not in ("*", "?")), ("*", 1.0))
    if year != "*" or "/" in field or "-" in field:
        return None
    return span / len(field.split(","))


class Backups:
    """The selections of backup plans of one stack."""

    def __init__(self, stack: Stack) -> None:
        """Remember the stack; each question looks at every selection."""
        self._stack = stack
        self.selections = stack.of(tokens.BACKUP_SELECTION)

    def days(self, resource: Resource, arn: str) -> float | None:
        """Return for how many days a resource is kept, 0 if nothing selects it, `None` if unknown.

        `arn` is an ARN of its kind, for patterns that mean every resource of a service.
        """
        answers = [(one, self._selects(one, resource, arn)) for one in self.selections]
        if any(answer is None for _, answer in answers):
            return None
        kept = [self._kept(one) for one, answer in answers if answer]
        return None if None in kept else max([0.0, *(one for one in kept if one is not None)])

    def seldom(self, resource: Resource, arn: str, label: str) -> Answer | None:
        """Return that a resource is copied less often than every week, `None` if it is not so.

        Or if the schedule of one of its plans is not known.
        """
        plans = [
            plan
            for one in self.selections
            if self._selects(one, resource, arn)
            for plan in self._plans(one)
        ]
        found = [
            (interval(dig(rule, "schedule")), plan)
            for plan in plans
            for rule in items(plan.get("rules"))
        ]
        known = [(days, plan) for days, plan in found if days is not None]
        if not known or len(known) < len(found):
            return None
        days, plan = min(known, key=lambda one: one[0])
        if days <= _WEEK:
            return None
        return no(
            f'{label} is copied every {days:.0f} days only (backup plan "{plan.name}"), which counts as '
            "no backup",
            f'backup plan "{plan.name}"',
            label,
            remedy=f'set schedule in rules of "{plan.name}" to "cron(0 3 * * ? *)", every day.',
        )

    # --- selections -------------------------------------------------------------------------------

    def _selects(self, selection: Resource, resource: Resource, arn: str) -> bool | None:
        tagged = [
            _tagged(resource, dig(one, "key"), dig(one, "value"))
            for one in items(selection.get("selectionTags"))
        ]
        named = self._names(selection, "resources", resource, arn)
        if named:
            conditions = list(_conditions(selection, resource))
            excluded = self._names(selection, "notResources", resource, arn)
            held = False if False in conditions else None if None in conditions else True
            named = False if excluded else None if excluded is None and held else held
        found = [*tagged, named]
        return True if True in found else None if None in found else False

    def _names(self, selection: Resource, prop: str, resource: Resource, arn: str) -> bool | None:
        given = selection.get(prop)
        if is_absent(given) or selection.left_out(prop):
            return False
        found = self._stack.references(selection, prop, (resource.type,), ("arn",))
        if resource in found.resources:
            return True
        patterns = [one for one in items(given) if isinstance(one, str)]
        if matches(map(same_partition, patterns), arn):
            return True
        # What is not known, and comes from no resource of this type, is another resource.
        return None if resource in found.possible or given is UNKNOWN else False

    def _plans(self, selection: Resource) -> tuple[Resource, ...]:
        return self._stack.references(selection, "planId", tokens.BACKUP_PLAN, ("id",)).resources

    def _kept(self, selection: Resource) -> float | None:
        plans = self._plans(selection)
        if not plans:
            return _FOR_EVER  # the plan of another stack
        rules = [rule for plan in plans for rule in items(plan.get("rules"))]
        if not rules:
            return None
        days = [dig(rule, "lifecycle", "deleteAfter") for rule in rules]
        kept = [_FOR_EVER if is_absent(one) else number(one) for one in days]
        return None if None in kept else max(one for one in kept if one is not None)


def _tagged(resource: Resource, key: Any, value: Any) -> bool | None:
    """Return whether a resource has a tag with this value, `None` if that is not known."""
    tags = tags_of(resource)
    if tags is UNKNOWN or key is UNKNOWN or value is UNKNOWN:
        return None
    given = dig(tags, str(key))
    return None if given is UNKNOWN else given == value


def _conditions(selection: Resource, resource: Resource) -> Iterator[bool | None]:
    """Yield for each condition whether it holds; every one has to."""
    for conditions in items(selection.get("conditions")):
        for kind, entries in conditions.items() if isinstance(conditions, Mapping) else ():
            for one in items(entries):
                key, value = dig(one, "key"), dig(one, "value")
                if not isinstance(key, str) or not isinstance(value, str):
                    yield None
                    continue
                yield _holds(kind, resource, key.removeprefix(_RESOURCE_TAG), value)


def _holds(kind: str, resource: Resource, key: str, value: str) -> bool | None:
    given = dig(tags_of(resource), key)
    if given is UNKNOWN:
        return None
    like = bool(isinstance(given, str) and matches([value], given))
    same = like if "like" in kind.lower() else given == value
    return not same if "not" in kind.lower() else same
