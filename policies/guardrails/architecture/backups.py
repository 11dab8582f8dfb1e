"""What the backup plans of a stack select, and for how long they keep it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from guardrails import tokens
from guardrails.architecture.policy_documents import matches, same_partition
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, number

_RESOURCE_TAG = "aws:ResourceTag/"
_FOR_EVER = 36_500.0
"""Days of a rule without `delete_after`."""


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

    def _kept(self, selection: Resource) -> float | None:
        plans = self._stack.references(selection, "planId", tokens.BACKUP_PLAN, ("id",)).resources
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
    tags = resource.get("tagsAll")
    if not isinstance(tags, Mapping):  # what the provider adds is not known in every preview
        tags = resource.setting("tags")
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
    tags = resource.get("tagsAll")
    tags = resource.setting("tags") if not isinstance(tags, Mapping) else tags
    given = dig(tags, key)
    if given is UNKNOWN:
        return None
    like = bool(isinstance(given, str) and matches([value], given))
    same = like if "like" in kind.lower() else given == value
    return not same if "not" in kind.lower() else same
