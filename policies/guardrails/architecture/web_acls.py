"""Web ACLs: what their rules are, and which of them match every request of a visitor."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from typing import Any

from guardrails import tokens
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, number

_PATHS = ("/", "/zq7", "/A/b.c-d_e/9", "/login", "/static/app.css")
"""Paths that have nothing in common but the slash: what matches each of them matches any."""


def rules(acl: Resource) -> list[Any] | None:
    """Return the rules of a web ACL as they are tried, `None` where they are not known."""
    given = acl.get("rules")
    if acl.left_out("rules"):
        text = acl.setting("ruleJson")
        if is_absent(text):
            return []
        try:
            given = _as_written(json.loads(text)) if isinstance(text, str) else UNKNOWN
        except ValueError:
            given = UNKNOWN
    if given is UNKNOWN or UNKNOWN in items(given):
        return None
    return sorted(items(given), key=lambda one: number(dig(one, "priority")) or 0)


def _as_written(value: Any) -> Any:
    """Return rules of the API, which begins names with capital letters, as the program writes them."""
    if isinstance(value, Mapping):
        return {key[:1].lower() + key[1:]: _as_written(one) for key, one in value.items()}
    return [_as_written(one) for one in value] if isinstance(value, list) else value


def has(action: Any, kind: str) -> bool:
    """Return whether an action is, or may be, of a kind."""
    return action is UNKNOWN or (isinstance(action, Mapping) and action.get(kind) is not None)


def may_allow(rule: Any) -> bool:
    """Return whether a rule, or the rule group that it refers to, may let a request pass."""
    group = dig(rule, "statement", "ruleGroupReferenceStatement")
    return has(dig(rule, "action"), "allow") or not is_absent(group)


def closing(stack: Stack, acl: Resource) -> Any:
    """Return the rule that blocks every request before another one may let some pass, or `None`."""
    for rule in rules(acl) or ():
        if may_allow(rule):
            return None
        action = dig(rule, "action")
        blocks = action is not UNKNOWN and has(action, "block")
        if blocks and _is_everything(stack, acl, dig(rule, "statement")):
            return rule
    return None


def _is_everything(stack: Stack, acl: Resource, statement: Any) -> bool:
    """Return whether a statement certainly matches each request of a visitor."""
    together = items(dig(statement, "andStatement", "statements"))
    if together:
        return all(_is_everything(stack, acl, one) for one in together)
    either = items(dig(statement, "orStatement", "statements"))
    if either:
        return any(_is_everything(stack, acl, one) for one in either)
    return _any_path(statement) or _any_size(statement) or _any_address(stack, acl, statement)


def _of_path(match: Any) -> bool:
    return isinstance(dig(match, "fieldToMatch", "uriPath"), Mapping)


def _any_path(statement: Any) -> bool:
    match, regex = dig(statement, "byteMatchStatement"), dig(statement, "regexMatchStatement")
    text, where = dig(match, "searchString"), dig(match, "positionalConstraint")
    if isinstance(dig(match, "fieldToMatch", "method"), Mapping):
        return where == "EXACTLY" and str(text).upper() == "GET"
    if _of_path(match):
        return text == "/" and where in ("STARTS_WITH", "CONTAINS")
    pattern = dig(regex, "regexString")
    if not _of_path(regex) or not isinstance(pattern, str):
        return False
    try:
        return all(re.search(pattern, path) for path in _PATHS)
    except re.error:
        return False


def _any_size(statement: Any) -> bool:
    """Return whether a size is asked for that every path has: it is one character at least."""
    match = dig(statement, "sizeConstraintStatement")
    operator, size = dig(match, "comparisonOperator"), number(dig(match, "size"))
    least = {"GE": 1, "GT": 0}.get(str(operator))
    return _of_path(match) and least is not None and size is not None and size <= least


def _any_address(stack: Stack, acl: Resource, statement: Any) -> bool:
    arn = dig(statement, "ipSetReferenceStatement", "arn")
    if is_absent(arn):
        return False
    found = stack.references(acl, "rules", tokens.ADDRESS_SET, ("arn", "id"), value=[arn])
    if len(found.resources) != 1:
        return False
    try:
        networks = [
            ipaddress.IPv4Network(one) for one in items(found.resources[0].get("addresses"))
        ]
    except ValueError:
        return False
    return [one.prefixlen for one in ipaddress.collapse_addresses(networks)] == [0]
