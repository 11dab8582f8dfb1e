"""The inputs of a target group that are attributes of ELB and lie inside others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.values import Properties

_WEEK: Final = 604_800
_HEALTH: Final = {
    "dnsFailover": "target_group_health.dns_failover",
    "unhealthyStateRouting": "target_group_health.unhealthy_state_routing",
}
_MINIMUM: Final = {
    "minimumHealthyTargetsCount": "minimum_healthy_targets.count",
    "minimumHealthyTargetsPercentage": "minimum_healthy_targets.percentage",
}


def check(inputs: Properties) -> Iterable[CheckFailure]:
    """Check for what ELB would accept."""
    sticky: Any = inputs.get("stickiness")
    if isinstance(sticky, dict):
        given = cast("Properties", sticky)
        kinds = ["lb_cookie", "app_cookie"]
        yield from checks.one_of("stickiness.type", given.get("type"), kinds)
        duration = given.get("cookieDuration")
        yield from checks.within("stickiness.cookieDuration", duration, 1, _WEEK, " seconds")
        if given.get("type") == "app_cookie" and not given.get("cookieName"):
            reason = "stickiness of type app_cookie needs 'cookieName'; set it"
            yield CheckFailure("stickiness.cookieName", reason)
    zones = inputs.get("loadBalancingCrossZoneEnabled")
    options = ["true", "false", "use_load_balancer_configuration"]
    yield from checks.one_of("loadBalancingCrossZoneEnabled", zones, options)


def parameters(differing: Properties) -> list[dict[str, str]]:
    """Return the attributes of the inputs that differ."""
    found: list[dict[str, str]] = []
    if sticky := differing.get("stickiness"):
        kind = str(sticky["type"])
        enabled = sticky.get("enabled", True)
        values = {
            "stickiness.enabled": str(enabled).lower(),
            "stickiness.type": kind,
            f"stickiness.{kind}.duration_seconds": str(sticky.get("cookieDuration", 86_400)),
        }
        if kind == "app_cookie":
            values["stickiness.app_cookie.cookie_name"] = str(sticky["cookieName"])
        found += [{"Key": key, "Value": value} for key, value in values.items()]
    health = cast("Properties", differing.get("targetGroupHealth") or {})
    for name, prefix in _HEALTH.items():
        limits = cast("Properties", health.get(name) or {})
        found += [
            {"Key": f"{prefix}.{key}", "Value": str(limits[limit])}
            for limit, key in _MINIMUM.items()
            if limits.get(limit) is not None
        ]
    return found


def described(attributes: Iterable[Mapping[str, str]]) -> Properties:
    """Return the inputs of attributes."""
    values = {item["Key"]: item.get("Value", "") for item in attributes}
    kind = values.get("stickiness.type", "lb_cookie")
    sticky: Properties = {
        "enabled": values.get("stickiness.enabled") == "true",
        "type": kind,
        "cookieDuration": int(values.get(f"stickiness.{kind}.duration_seconds") or 86_400),
    }
    if name := values.get("stickiness.app_cookie.cookie_name"):
        sticky["cookieName"] = name
    health: Properties = {
        name: {limit: values.get(f"{prefix}.{key}", "") for limit, key in _MINIMUM.items()}
        for name, prefix in _HEALTH.items()
    }
    routing = health["unhealthyStateRouting"]
    routing["minimumHealthyTargetsCount"] = int(routing["minimumHealthyTargetsCount"] or 1)
    return {"stickiness": sticky, "targetGroupHealth": health}
