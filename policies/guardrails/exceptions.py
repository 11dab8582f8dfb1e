"""Exceptions: a rule, the resources exempt from it, a reason and an expiry date."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

from guardrails.resources import Resource
from guardrails.values import show

_FIELDS = ("rule", "resource", "reason", "expires")

SCHEMA: Mapping[str, Any] = MappingProxyType(
    {
        "type": "array",
        # Fields are not required here: the engine would reject the file without naming a remedy.
        "items": {"type": "object"},
        "default": [],
        "description": (
            "Exceptions, each an object with `rule` (its id), `resource` (a glob over name or URN; "
            "`*` for what the stack as a whole lacks), `reason` (a sentence) and `expires` (the "
            "last day, YYYY-MM-DD, UTC)."
        ),
    }
)


@dataclass(frozen=True)
class PolicyException:
    """An exemption from `rule` for the resources that match `resource`.

    The violation is still reported but no longer blocks, through the day `expires` (UTC).
    """

    rule: str
    resource: str
    reason: str
    expires: date

    def covers(self, rule: str, resource: Resource | None) -> bool:
        """Return whether it covers a violation by this resource, or by the stack as a whole."""
        names = ("",) if resource is None else (resource.name, resource.urn)
        return rule == self.rule and any(fnmatchcase(name, self.resource) for name in names)

    def describe(self) -> str:
        """Describe what it covers, until when and why, for a message."""
        return (
            f'of rule {self.rule} for "{self.resource}" until {self.expires.isoformat()} '
            f"({self.reason})"
        )


def parse(
    given: Sequence[Any], rules: Collection[str], today: date
) -> tuple[tuple[PolicyException, ...], tuple[str, ...]]:
    """Return the exceptions in force, and what is wrong with the others, each with a remedy."""
    active: list[PolicyException] = []
    problems: list[str] = []
    for number, entry in enumerate(given, start=1):
        fields = entry if isinstance(entry, Mapping) else {}
        found = list(_problems(fields, rules, today))
        if found:
            where = f"Exception {number} (rule {show(fields.get('rule'))}, resource "
            where += f"{show(fields.get('resource'))}) is not in force: "
            problems += [where + problem for problem in found]
        else:
            active.append(
                PolicyException(
                    fields["rule"],
                    fields["resource"],
                    fields["reason"].strip(),
                    date.fromisoformat(fields["expires"]),
                )
            )
    return tuple(active), tuple(problems)


def _problems(fields: Mapping[str, Any], rules: Collection[str], today: date) -> Iterator[str]:
    for name in sorted(set(fields) - set(_FIELDS)):
        yield (f'it has an unknown field "{name}". Remedy: use only {", ".join(_FIELDS)}.')
    if fields.get("rule") not in rules:
        yield f"no rule has that id. Remedy: {_hint(fields.get('rule'), rules)}."
    if not _is_text(fields.get("resource")):
        yield "it names no resource. Remedy: set resource to a glob over names or URNs."
    if not _is_text(fields.get("reason")):
        yield "it gives no reason. Remedy: set reason to a sentence that says why."
    expires = fields.get("expires")
    last_day = _date(expires)
    if last_day is None:
        yield (
            f"its expires is {show(expires)}, which is not a date. Remedy: set expires to the last "
            "day, as YYYY-MM-DD."
        )
    elif last_day < today:
        yield (
            f"it expired on {last_day.isoformat()}. Remedy: fix what it covers and remove it, "
            "or agree on a new date."
        )


def _hint(rule: Any, rules: Collection[str]) -> str:
    if rule == "*":
        return "write one exception per rule: each has a reason of its own"
    near = difflib.get_close_matches(rule, rules, n=1) if isinstance(rule, str) else []
    if near:
        return f'write "{near[0]}"'
    return "take the id from the catalogue in docs/policies.md"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
