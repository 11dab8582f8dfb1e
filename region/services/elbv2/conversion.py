"""Rules of listeners as the API gives them, turned into values of the data plane.

What cannot be served is an error here, and so in the call: no load balancer fails because of it later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from region.api.parameters import is_true
from region.services.elbv2.haproxy.errors import LoadBalancerError
from region.services.elbv2.haproxy.rules import (
    Action,
    Condition,
    FixedResponse,
    Forward,
    HeaderCondition,
    HostCondition,
    MethodCondition,
    PathCondition,
    Pattern,
    QueryCondition,
    Redirect,
    SourceCondition,
    patterns,
)

Structure = Mapping[str, Any]
GroupName = Callable[[str], str]
"""Returns the name of the target group with an ARN."""

MOST_VALUES = 5
MOST_WILDCARDS = 6
"""Values of all conditions of one rule, and `*` and `?` in them (ALB guide, Quotas)."""
MOST_GROUPS = 5
"""Target groups of one action (ALB guide, Quotas)."""
MOST_WEIGHT = 999
MOST_GROUP_STICKINESS = 604_800
_CONFIGS = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "query-string": "QueryStringConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "source-ip": "SourceIpConfig",
}
_CHARACTERS = {
    "host-header": re.compile(r"[-A-Za-z0-9.*?]{1,128}"),
    "path-pattern": re.compile(r"""[-A-Za-z0-9_.$/~"'@:+&*?]{1,128}"""),
    "http-request-method": re.compile(r"[-A-Z_]{1,40}"),
}
"""What values consist of (ALB guide, "Condition types for listener rules")."""
_REPEATABLE = {"http-header", "query-string"}
_QUERY = Redirect().query


class UnsupportedError(LoadBalancerError):
    """AWS has it, the local region does not; the message says what to use instead."""


def conditions(given: Sequence[Structure]) -> tuple[Condition, ...]:
    """Return the conditions of a rule.

    Raises:
        LoadBalancerError: AWS would refuse them.
        UnsupportedError: The local region does not have them.
    """
    fields = [str(item.get("Field", "")) for item in given]
    for field in fields:
        if field not in _REPEATABLE and fields.count(field) > 1:
            raise LoadBalancerError(f"A rule can have only one '{field}' condition.")
    found = tuple(_condition(item) for item in given)
    if not found:
        raise LoadBalancerError("A rule must have at least one condition.")
    if sum(_size(item) for item in found) > MOST_VALUES:
        raise LoadBalancerError(
            f"A rule can have only {MOST_VALUES} condition values: make a second rule."
        )
    if sum(map(_wildcards, given)) > MOST_WILDCARDS:
        raise LoadBalancerError(
            f"A rule can have only {MOST_WILDCARDS} wildcards: make a second rule."
        )
    return found


def _wildcards(item: Structure) -> int:
    """Count the wildcards in the values of a condition, which a described one has twice."""
    field = str(item.get("Field", ""))
    if field in {"http-request-method", "source-ip"}:
        return 0
    values = (item.get(_CONFIGS.get(field, "")) or {}).get("Values") or item.get("Values") or []
    texts = [text for one in values for text in (one.values() if isinstance(one, dict) else [one])]
    return sum(str(text).count("*") + str(text).count("?") for text in texts)


def _condition(item: Structure) -> Condition:
    field = str(item.get("Field", ""))
    if field not in _CONFIGS:
        raise LoadBalancerError(
            f"Condition field '{field}' must be one of {', '.join(sorted(_CONFIGS))}."
        )
    own = cast("Structure", item.get(_CONFIGS[field]) or {})
    if item.get("RegexValues") or own.get("RegexValues"):
        raise UnsupportedError(
            f"'RegexValues' of a {field} condition: the local region has wildcards only, use 'Values'."
        )
    values = cast("list[Any]", own.get("Values") or item.get("Values") or [])
    if not values:
        raise LoadBalancerError(f"A '{field}' condition must have at least one value.")
    _check_characters(field, values)
    match field:
        case "host-header":
            return HostCondition(patterns(values))
        case "path-pattern":
            return PathCondition(patterns(values))
        case "http-header":
            return _header(str(own.get("HttpHeaderName", "")), values)
        case "http-request-method":
            return MethodCondition(tuple(str(value) for value in values))
        case "source-ip":
            return SourceCondition(tuple(str(value) for value in values))
        case _:
            return QueryCondition(tuple(_pair(value) for value in values))


def _check_characters(field: str, values: Iterable[object]) -> None:
    allowed = _CHARACTERS.get(field)
    for value in values if allowed is not None else ():
        if allowed is not None and not allowed.fullmatch(str(value)):
            raise LoadBalancerError(f"The value '{value}' of a '{field}' condition is not valid.")


def _header(name: str, values: list[Any]) -> HeaderCondition:
    if name.lower() == "host" or not name:
        raise LoadBalancerError(
            f"A condition cannot be on the HTTP header '{name}': use 'host-header' for the host."
        )
    return HeaderCondition(name, patterns(values))


def _pair(value: Structure) -> tuple[Pattern | None, Pattern]:
    key = value.get("Key")
    return (Pattern(str(key)) if key else None), Pattern(str(value.get("Value") or ""))


def _size(condition: Condition) -> int:
    match condition:
        case QueryCondition(pairs):
            return len(pairs)
        case MethodCondition(methods):
            return len(methods)
        case SourceCondition(blocks):
            return len(blocks)
        case _:
            return len(condition.patterns)


def action(
    given: Iterable[Structure], group_name: GroupName, seconds: Callable[[float], float]
) -> Action:
    """Return what a rule does; periods run on the region's clock.

    Raises:
        LoadBalancerError: AWS would refuse it.
        UnsupportedError: The local region does not have it.
    """
    items = list(given)
    for item in items:
        kind = str(item.get("Type", ""))
        if kind not in {"forward", "fixed-response", "redirect"}:
            raise UnsupportedError(
                f"Action type '{kind}': the local region has no identity provider, use 'forward', "
                "'redirect' or 'fixed-response'."
            )
    if len(items) != 1:
        raise LoadBalancerError(
            "A rule must have exactly one action of type forward, redirect or fixed-response."
        )
    (item,) = items
    match item["Type"]:
        case "forward":
            return _forward(item, group_name, seconds)
        case "redirect":
            return _redirect(cast("Structure", item.get("RedirectConfig") or {}))
        case _:
            return _fixed(cast("Structure", item.get("FixedResponseConfig") or {}))


def _forward(item: Structure, group_name: GroupName, seconds: Callable[[float], float]) -> Forward:
    config = cast("Structure", item.get("ForwardConfig") or {})
    groups = cast("list[Structure]", config.get("TargetGroups") or [])
    arn = item.get("TargetGroupArn")
    if not groups:
        if not arn:
            raise LoadBalancerError(
                "A forward action must have a target group: set 'TargetGroupArn'."
            )
        return Forward(group_name(str(arn)))
    if len(groups) > MOST_GROUPS:
        raise LoadBalancerError(f"A forward action can have at most {MOST_GROUPS} target groups.")
    weights: list[tuple[str, int]] = []
    for group in groups:
        weight = int(group.get("Weight", 1))
        if not 0 <= weight <= MOST_WEIGHT:
            raise LoadBalancerError(
                f"Weight {weight} of a target group must be 0 to {MOST_WEIGHT}."
            )
        weights.append((group_name(str(group["TargetGroupArn"])), weight))
    sticky = cast("Structure", config.get("TargetGroupStickinessConfig") or {})
    duration = None
    if is_true(sticky.get("Enabled")):
        duration = float(sticky.get("DurationSeconds") or 0)
        if not 1 <= duration <= MOST_GROUP_STICKINESS:
            raise LoadBalancerError(
                f"DurationSeconds of the target group stickiness must be 1 to {MOST_GROUP_STICKINESS}."
            )
    return Forward(weights[0][0], tuple(weights), None if duration is None else seconds(duration))


def _redirect(config: Structure) -> Redirect:
    parts = {
        name: str(config[key])
        for name, key in (
            ("protocol", "Protocol"),
            ("host", "Host"),
            ("port", "Port"),
            ("path", "Path"),
            ("query", "Query"),
        )
        if config.get(key) is not None
    }
    found = Redirect(int(str(config.get("StatusCode", "")).removeprefix("HTTP_") or 0), **parts)
    if found.protocol not in {"HTTP", "HTTPS", "#{protocol}"}:
        raise LoadBalancerError(
            f"Protocol '{found.protocol}' of a redirect must be HTTP, HTTPS or #{{protocol}}."
        )
    if found.port != "#{port}" and not (found.port.isdigit() and 1 <= int(found.port) <= 65535):
        raise LoadBalancerError(
            f"Port '{found.port}' of a redirect must be 1 to 65535 or #{{port}}."
        )
    if not found.path.startswith("/"):
        raise LoadBalancerError(f"Path '{found.path}' of a redirect must start with /.")
    if replace(found, query=_QUERY) == Redirect(found.status):
        raise LoadBalancerError(
            "The redirect configuration is not valid because it creates a loop: change protocol, host, "
            "port or path.",
            "InvalidLoadBalancerAction",
        )
    return found


def _fixed(config: Structure) -> FixedResponse:
    status = str(config.get("StatusCode", ""))
    if len(status) != 3 or not status.isdigit() or status[0] not in "245":
        raise LoadBalancerError(
            f"StatusCode '{status}' of a fixed response must be 2XX, 4XX or 5XX."
        )
    body = str(config.get("MessageBody") or "")
    if len(body) > 1024:
        raise LoadBalancerError("MessageBody of a fixed response can have at most 1024 characters.")
    return FixedResponse(int(status), str(config.get("ContentType") or "text/plain"), body)


def described_conditions(given: Iterable[Structure]) -> list[dict[str, Any]]:
    """Return conditions as `DescribeRules` shows them: values in both of their places."""
    found: list[dict[str, Any]] = []
    for item in given:
        shown = dict(item)
        field = str(item.get("Field", ""))
        if field in {"host-header", "path-pattern"}:
            config = cast("Structure", item.get(_CONFIGS[field]) or {})
            values = config.get("Values") or item.get("Values")
            shown |= {"Values": values, _CONFIGS[field]: {"Values": values}}
        found.append(shown)
    return found


def described_actions(given: Iterable[Structure]) -> list[dict[str, Any]]:
    """Return actions as `DescribeRules` shows them: with what AWS fills in."""
    return [_described(item) for item in given]


def _described(item: Structure) -> dict[str, Any]:
    shown = dict(item)
    match item.get("Type"):
        case "redirect":
            whole = {
                "Protocol": "#{protocol}",
                "Host": "#{host}",
                "Port": "#{port}",
                "Path": "/#{path}",
                "Query": "#{query}",
            }
            shown["RedirectConfig"] = whole | dict(item.get("RedirectConfig") or {})
        case "forward":
            config = cast("dict[str, Any]", dict(item.get("ForwardConfig") or {}))
            alone: list[Structure] = [{"TargetGroupArn": item.get("TargetGroupArn")}]
            given = cast("list[Structure]", config.get("TargetGroups") or alone)
            groups = [
                {"TargetGroupArn": group["TargetGroupArn"], "Weight": int(group.get("Weight", 1))}
                for group in given
            ]
            sticky = config.get("TargetGroupStickinessConfig") or {"Enabled": False}
            shown["ForwardConfig"] = {
                "TargetGroups": groups,
                "TargetGroupStickinessConfig": sticky,
            }
            if len(groups) == 1:
                shown["TargetGroupArn"] = groups[0]["TargetGroupArn"]
        case _:
            pass
    return shown
