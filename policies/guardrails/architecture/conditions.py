"""Conditions of listener rules: which requests a rule matches, compared with another rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from guardrails.architecture.permits import network, within
from guardrails.resources import Resource
from guardrails.values import UNKNOWN, dig, is_absent, items

_CASE_MATTERS = ("pathPattern",)
"""The only field whose patterns distinguish capital letters (ELB user guide, "Condition types")."""


@dataclass(frozen=True)
class Condition:
    """One condition of a rule: a request fulfils it if it matches one of the values.

    Attributes:
        field: The field of the request; that of a header has the header's name with it.
        values: Patterns, as (key, pattern); only a query string has a key.
        expressions: Regular expressions, which are only compared with themselves.
        known: Whether the preview knows all of it.
    """

    field: str
    values: tuple[tuple[str, str], ...]
    expressions: frozenset[str] = frozenset()
    known: bool = True

    def includes(self, other: Condition) -> bool:
        """Return whether whatever fulfils the other condition certainly fulfils this one."""
        if not self.known or not other.known or self.field != other.field:
            return False
        return other.expressions <= self.expressions and all(
            any(_includes(self.field, mine, value) for mine in self.values)
            for value in other.values
        )

    def holds_always(self) -> bool:
        """Return whether every request fulfils it."""
        return self.known and any(_is_everything(self.field, one) for _, one in self.values)

    def each(self) -> Iterator[Condition]:
        """Yield a condition per value: together they are this one."""
        for value in self.values:
            yield replace(self, values=(value,), expressions=frozenset())
        for one in self.expressions:
            yield replace(self, values=(), expressions=frozenset({one}))


def _is_everything(field: str, pattern: str) -> bool:
    if field == "sourceIp":
        return pattern == "0.0.0.0/0"
    if field == "pathPattern":
        return pattern in ("*", "/*")
    return field == "hostHeader" and pattern in ("*", "*.*")


def _includes(field: str, outer: tuple[str, str], inner: tuple[str, str]) -> bool:
    (outer_key, pattern), (inner_key, value) = outer, inner
    if field == "sourceIp":
        return within(network(value), network(pattern))
    if field == "httpRequestMethod":
        return pattern == value
    if outer_key and not _matches(outer_key, inner_key, cased=False):
        return False
    return _matches(pattern, value, cased=field in _CASE_MATTERS)


def _matches(pattern: str, value: str, *, cased: bool) -> bool:
    """Return whether a pattern matches whatever another pattern does."""
    return _expression(pattern, cased).fullmatch(value) is not None


@cache
def _expression(pattern: str, cased: bool) -> re.Pattern[str]:
    # "?" is one character, so it includes a "?" of the other pattern but no "*".
    parts = ({"*": ".*", "?": "[^*]"}.get(one, re.escape(one)) for one in pattern)
    return re.compile("".join(parts), re.DOTALL | (0 if cased else re.IGNORECASE))


def conditions(rule: Resource) -> tuple[Condition, ...]:
    """Return the conditions of a rule, of which a request has to fulfil every one."""
    given = rule.get("conditions")
    if given is UNKNOWN:
        return (Condition("", (), known=False),)
    return tuple(condition for one in items(given) for condition in _read(one))


def _read(given: Any) -> Iterator[Condition]:
    if not isinstance(given, Mapping):
        yield Condition("", (), known=False)
        return
    for name, value in given_fields(given).items():
        if name == "queryStrings":
            pairs = [(dig(one, "key"), dig(one, "value")) for one in items(value)]
            yield _condition(name, pairs, (), known=value is not UNKNOWN)
            continue
        header = dig(value, "httpHeaderName")
        field = f"{name} {str(header).lower()}" if name == "httpHeader" else name
        pairs = [(None, one) for one in items(dig(value, "values"))]
        known = UNKNOWN not in (value, header, dig(value, "values"), dig(value, "regexValues"))
        yield _condition(field, pairs, items(dig(value, "regexValues")), known=known)


def _condition(
    field: str, pairs: list[tuple[Any, Any]], expressions: Iterable[Any], *, known: bool
) -> Condition:
    known = known and not any(UNKNOWN in pair for pair in pairs) and UNKNOWN not in expressions
    values = tuple(("" if is_absent(key) else str(key), str(value)) for key, value in pairs)
    return Condition(field, values, frozenset(map(str, expressions)), known)


def given_fields(condition: Any) -> Mapping[str, Any]:
    """Return the fields that a condition of a rule sets."""
    if not isinstance(condition, Mapping):
        return {}
    return {name: value for name, value in condition.items() if not is_absent(value)}


def match_everything(given: Iterable[Condition], *, visits: bool) -> bool:
    """Return whether conditions hold for every request; with `visits`, for every GET of a visitor."""
    listed = list(given)
    return bool(listed) and all(
        one.holds_always()
        or (visits and one.field == "httpRequestMethod" and one.known and ("", "GET") in one.values)
        for one in listed
    )


def hides(earlier: Iterable[Resource], later: Resource) -> Resource | None:
    """Return the first of these rules if they leave no request for a later one, else `None`.

    One rule hides another alone, or several hide each one of its values.
    """
    rules = [(rule, conditions(rule)) for rule in earlier]
    wanted = conditions(later)
    for rule, given in rules:
        if _implied(given, wanted):
            return rule
    for index, one in enumerate(wanted):
        parts = list(one.each())
        if len(parts) < 2 or not one.known:
            continue
        by = [_hidden_by(rules, (*wanted[:index], part, *wanted[index + 1 :])) for part in parts]
        if None not in by:
            return by[0]
    return None


def _hidden_by(
    rules: list[tuple[Resource, tuple[Condition, ...]]], wanted: tuple[Condition, ...]
) -> Resource | None:
    return next((rule for rule, given in rules if _implied(given, wanted)), None)


def _implied(given: tuple[Condition, ...], wanted: tuple[Condition, ...]) -> bool:
    """Return whether what fulfils the wanted conditions certainly fulfils the given ones."""
    return bool(given) and all(
        one.holds_always() or any(one.includes(other) for other in wanted) for one in given
    )
